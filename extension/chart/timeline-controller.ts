import type { ChartMeta, Lane, Marks, Segment, SegmentRequest } from '../../server/protocol';
import type { Host } from './host';
import { LaneLabels } from './lane-labels';
import { paintLanes, sharesAt } from './lanes-view';
import { labelWidth, paintOverlay } from './overlay-view';
import { Overview } from './overview';
import { readPalette, type Palette } from './palette';
import { neighbourLane, rowOfLane } from './rows';
import type { SegmentClient } from './segments';
import type { Translate } from './strings';
import { paintAxis, paintStrip, paintWindow } from './strip-view';
import { Surface } from './surface';
import { TileStore, type TileAnswer } from './tile-store';
import { TimelineModel, type Cursor, type Hover } from './timeline-model';
import { isWhole, panBy, reveal, timeAt, zoomAt } from './view';

/** Elements of the timeline, as the page lays them out. */
export interface TimelineElements {
  readonly root: HTMLElement;
  readonly strip: HTMLCanvasElement;
  readonly stripWindow: HTMLCanvasElement;
  readonly axis: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  readonly content: HTMLElement;
  readonly stage: HTMLElement;
  readonly lanes: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
  readonly labels: HTMLElement;
}

export interface TimelineEvents {
  /** The tooltip's content; null: none. */
  hovered(hover: Hover | null, shares: number): void;
  /** The cursor moved by keyboard or click; the text is for a live region. */
  selected(cursor: Cursor | null, rank: number | null): void;
  /** Something to keep changed. */
  moved(): void;
}

export const STRIP_HEIGHT = 44;
export const AXIS_HEIGHT = 22;
const HOVER_DELAY_MS = 30;
const SETTLE_MS = 120;
const RETRY_MS = 1100;

/** Draws the timeline when something changed, at most once a frame, and carries out what input asks for. */
export class TimelineController {
  readonly model: TimelineModel;
  readonly elements: TimelineElements;
  readonly #host: Host;
  readonly #segments: SegmentClient;
  readonly #events: TimelineEvents;
  readonly #store: TileStore;
  readonly #overview = new Overview();
  readonly #surfaces: Readonly<
    Record<'strip' | 'stripWindow' | 'axis' | 'lanes' | 'overlay', Surface>
  >;
  readonly #labels: LaneLabels;
  #palette: Palette;
  #t: Translate;
  #frame = 0;
  #moving = false;
  #stripDirty = true;
  #settleTimer = 0;
  #hoverTimer = 0;
  #retryTimer = 0;

  constructor(
    elements: TimelineElements,
    host: Host,
    segments: SegmentClient,
    t: Translate,
    events: TimelineEvents,
  ) {
    this.elements = elements;
    this.model = new TimelineModel(host);
    this.#host = host;
    this.#segments = segments;
    this.#events = events;
    this.#t = t;
    this.#store = new TileStore(
      (tile) => host.post({ type: 'tile', ...tile }),
      () => performance.now(),
    );
    this.#surfaces = {
      strip: new Surface(elements.strip),
      stripWindow: new Surface(elements.stripWindow),
      axis: new Surface(elements.axis),
      lanes: new Surface(elements.lanes),
      overlay: new Surface(elements.overlay),
    };
    this.#labels = new LaneLabels(elements.labels);
    this.#palette = readPalette(elements.root);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    for (const timer of [this.#settleTimer, this.#hoverTimer, this.#retryTimer])
      clearTimeout(timer);
  }

  /** CSS pixels of the column of names. */
  get left(): number {
    return labelWidth(this.elements.scroller.clientWidth);
  }

  /** CSS pixels of the time axis. */
  get width(): number {
    return Math.max(1, this.elements.scroller.clientWidth - this.left);
  }

  setMeta(meta: ChartMeta | null): void {
    const same = this.model.setMeta(meta);
    this.#overview.resize(meta?.lanes.length ?? 0, same);
    this.#stripDirty = true;
    if (meta !== null) this.#store.advance(meta.revision, meta.wallNs, same);
    this.elements.content.style.height = `${this.model.rows.length * this.model.pitch}px`;
    if (!same) this.elements.scroller.scrollTop = this.model.top;
    if (this.model.hover === null) this.#events.hovered(null, 0);
    this.#events.moved();
    const { cursor } = this.model;
    if (cursor !== null) void this.#find(cursor.lane, cursor.atNs, 'at', false);
    this.schedule();
  }

  setTranslate(t: Translate): void {
    this.#t = t;
    this.schedule();
  }

  setMarks(marks: Marks): void {
    this.model.marks = marks;
    this.schedule();
  }

  receiveTile(answer: TileAnswer): void {
    const data =
      answer.data.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0
        ? answer.data
        : answer.data.slice();
    const tile = { ...answer, data };
    if (this.#overview.receive(tile)) this.#stripDirty = true;
    this.#store.receive(tile);
    this.schedule();
  }

  themeChanged(): void {
    this.#palette = readPalette(this.elements.root);
    this.#stripDirty = true;
    this.schedule();
  }

  resized(): void {
    this.#stripDirty = true;
    this.schedule();
  }

  schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  /** Draws at once: before printing there is no next frame. */
  draw(): void {
    const { clientWidth, clientHeight } = this.elements.scroller;
    if (clientWidth === 0 || clientHeight === 0) return;
    const { strip, stripWindow, axis, lanes, overlay } = this.#surfaces;
    const { left, model } = this;
    const sharp = devicePixelRatio;
    lanes.resize(this.width, clientHeight, this.#moving ? Math.min(1, sharp) : sharp);
    const leftStyle = `${left}px`;
    if (this.elements.lanes.style.left !== leftStyle) this.elements.lanes.style.left = leftStyle;
    const missing = paintLanes(lanes, model, this.#store, this.#palette);
    overlay.resize(clientWidth, clientHeight, sharp);
    paintOverlay(overlay, model, this.#palette, document.activeElement === this.elements.stage);
    this.#labels.update(model, this.#t, left, clientHeight);
    axis.resize(clientWidth, AXIS_HEIGHT, sharp);
    paintAxis(axis, model, this.#palette, left);
    if (this.#stripDirty) {
      strip.resize(clientWidth, STRIP_HEIGHT, sharp);
      paintStrip(strip, model, this.#overview, this.#palette, left);
      this.#stripDirty = false;
    }
    stripWindow.resize(clientWidth, STRIP_HEIGHT, sharp);
    paintWindow(stripWindow, model, this.#palette, left);
    const revision = this.#store.revision;
    this.#store.want(revision === null ? [] : [...missing, ...this.#overview.missing(revision)]);
    clearTimeout(this.#retryTimer);
    if (this.#store.waiting) this.#retryTimer = window.setTimeout(() => this.schedule(), RETRY_MS);
  }

  /** The lane and time at a point of the timeline, CSS pixels from the stage's corner; null beside the lanes. */
  hit(
    x: number,
    y: number,
  ): { readonly lane: number; readonly atNs: number; readonly label: boolean } | null {
    const row = this.model.rows[Math.floor((y + this.model.top) / this.model.pitch)];
    if (row?.kind !== 'lane') return null;
    const atNs = timeAt(this.model.view, x - this.left, this.width);
    return { lane: row.lane, atNs: Math.max(0, Math.floor(atNs)), label: x < this.left };
  }

  zoom(factor: number, x?: number): void {
    const { model } = this;
    const cursorNs = model.cursor?.atNs ?? -1;
    const inView = cursorNs >= model.view.t0 && cursorNs <= model.view.t1;
    const middle = inView ? cursorNs : (model.view.t0 + model.view.t1) / 2;
    const atNs = x === undefined ? middle : timeAt(model.view, x - this.left, this.width);
    this.show(zoomAt(model.view, factor, atNs, model.wallNs, model.shortestNs));
  }

  pan(pixels: number): void {
    const { view, wallNs } = this.model;
    this.show(panBy(view, (pixels / this.width) * (view.t1 - view.t0), wallNs));
  }

  fit(): void {
    this.show({ t0: 0, t1: this.model.wallNs });
  }

  show(view: TimelineModel['view']): void {
    this.model.setView(view);
    this.#move();
  }

  scrolled(): void {
    if (this.model.top === this.elements.scroller.scrollTop) return;
    this.model.top = this.elements.scroller.scrollTop;
    this.unhover();
    this.#move();
  }

  hover(x: number, y: number): void {
    const at = this.hit(x, y);
    if (at === null || at.label) {
      this.unhover();
      return;
    }
    const before = this.model.hover;
    const inside =
      before?.segment?.lane === at.lane &&
      at.atNs >= before.segment.startNs &&
      at.atNs < before.segment.endNs;
    const hover: Hover = {
      lane: at.lane,
      atNs: at.atNs,
      x,
      y,
      segment: inside ? before.segment : null,
    };
    this.model.hover = hover;
    this.#tell(hover);
    clearTimeout(this.#hoverTimer);
    if (!inside) {
      this.#hoverTimer = window.setTimeout(() => void this.#findHovered(hover), HOVER_DELAY_MS);
    }
    this.schedule();
  }

  unhover(): void {
    clearTimeout(this.#hoverTimer);
    if (this.model.hover === null) return;
    this.model.hover = null;
    this.#events.hovered(null, 0);
    this.schedule();
  }

  /** Selects what is at a point and, on a bar, opens its line. */
  async click(x: number, y: number): Promise<void> {
    const at = this.hit(x, y);
    if (at === null) return;
    if (at.label) {
      this.selectLane(at.lane);
      return;
    }
    await this.#find(at.lane, at.atNs, 'at', false);
    this.openCursor();
  }

  /** Asks the host to open the line of the selected segment. */
  openCursor(): void {
    const place = this.model.cursor?.segment?.place;
    if (place && place.line > 0)
      this.#host.post({ type: 'goto', file: place.file, line: place.line });
  }

  clearCursor(): void {
    this.model.rank = -1;
    this.unhover();
    this.#setCursor(null, null);
  }

  selectLane(lane: number): void {
    const { view } = this.model;
    const atNs = this.model.cursor?.atNs ?? (view.t0 + view.t1) / 2;
    void this.#find(lane, Math.floor(atNs), 'at', false);
    this.#revealLane(lane);
  }

  step(direction: 'previous' | 'next'): void {
    const { cursor, view } = this.model;
    if (cursor === null) {
      const first = this.model.rows.find((row) => row.kind === 'lane');
      if (first) void this.#find(first.lane, Math.floor((view.t0 + view.t1) / 2), 'at', true);
      return;
    }
    void this.#find(cursor.lane, cursor.atNs, direction, true);
  }

  stepLane(direction: 1 | -1): void {
    const { cursor } = this.model;
    if (cursor === null) this.step('next');
    else this.selectLane(neighbourLane(this.model.rows, cursor.lane, direction));
  }

  /** Shows the next or previous of the longest waits; true if there is one. */
  async stepWait(direction: 1 | -1): Promise<boolean> {
    const rank = Math.max(0, this.model.rank + direction);
    const segment = await this.#segments.ask({ kind: 'longWait', rank });
    if (segment === null) return false;
    this.model.rank = rank;
    const length = segment.endNs - segment.startNs;
    this.model.setView({ t0: segment.startNs - length, t1: segment.endNs + length });
    this.#accept(segment, rank);
    return true;
  }

  lane(index: number): Lane | null {
    return this.model.lane(index);
  }

  async #find(
    lane: number,
    atNs: number,
    step: SegmentRequest['step'],
    follow: boolean,
  ): Promise<void> {
    const before = this.model.cursor;
    const kept = before?.lane === lane && before.atNs === atNs;
    if (step === 'at' && !kept) this.#setCursor({ lane, atNs, segment: null }, null);
    const segment = await this.#segments.ask({ kind: 'segment', lane, atNs, step });
    if (segment === null) return;
    if (step === 'at') {
      const { cursor } = this.model;
      if (cursor?.lane === lane && cursor.atNs === atNs)
        this.#setCursor({ lane, atNs, segment }, null);
      return;
    }
    if (follow)
      this.model.setView(
        reveal(this.model.view, segment.startNs, segment.endNs, this.model.wallNs),
      );
    this.#accept(segment, null);
  }

  async #findHovered(hover: Hover): Promise<void> {
    const { lane, atNs } = hover;
    const segment = await this.#segments.ask({ kind: 'segment', lane, atNs, step: 'at' });
    if (this.model.hover !== hover || segment === null) return;
    this.model.hover = { ...hover, segment };
    this.#tell(this.model.hover);
    this.schedule();
  }

  #tell(hover: Hover): void {
    const shares = sharesAt(this.model, this.#store, hover.lane, hover.x - this.left, this.width);
    this.#events.hovered(hover, shares);
  }

  #accept(segment: Segment, rank: number | null): void {
    const atNs = Math.floor((segment.startNs + segment.endNs) / 2);
    this.unhover();
    this.#setCursor({ lane: segment.lane, atNs, segment }, rank);
    this.#revealLane(segment.lane);
    this.#move();
  }

  #setCursor(cursor: Cursor | null, rank: number | null): void {
    this.model.cursor = cursor;
    this.#events.selected(cursor, rank);
    this.#events.moved();
    this.schedule();
  }

  #revealLane(lane: number): void {
    const row = rowOfLane(this.model.rows, lane);
    if (row === null) return;
    const { scroller } = this.elements;
    const { pitch } = this.model;
    const top = row * pitch;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + pitch > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = top + pitch - scroller.clientHeight;
    }
  }

  #move(): void {
    this.#moving = true;
    clearTimeout(this.#settleTimer);
    this.#settleTimer = window.setTimeout(() => {
      this.#moving = false;
      this.schedule();
    }, SETTLE_MS);
    this.#events.moved();
    this.schedule();
  }

  /** Whether the whole run is in view. */
  get whole(): boolean {
    return isWhole(this.model.view, this.model.wallNs);
  }
}
