import type { ChartMeta, Lane, Marks, Segment, SegmentRequest } from '../../server/protocol-chart';
import type { Curves, Span } from '../../server/protocol-analysis';
import { laneName } from './format';
import type { Host } from './host';
import { sharesAt } from './lanes-view';
import { Later } from './later';
import { Overview } from './overview';
import { neighbourLane, rowOfLane, type LaneOrder } from './rows';
import type { SegmentClient } from './segments';
import type { Translate } from './strings';
import { TileStore, type TileAddress, type TileAnswer } from './tile-store';
import { TimelineDrawing, type TimelineElements } from './timeline-drawing';
import { TimelineModel, type Cursor, type Hover } from './timeline-model';
import { panBy, reveal, zoomAt } from './view';

export interface TimelineEvents {
  /** The tooltip's content; null: none. */
  hovered(hover: Hover | null, shares: number): void;
  /** The cursor moved by keyboard or click; the text is for a live region. */
  selected(cursor: Cursor | null, rank: number | null): void;
  /** A span was selected, or no longer is. */
  spanned(span: Span | null): void;
  /** Something to keep changed. */
  moved(): void;
  /** All that is in sight is drawn. */
  pictured(): void;
}

const HOVER_DELAY_MS = 30;
/** CSS pixels. */
const HOVER_SLOP = 2;
/** A sharp picture of a dense screen takes longer than a frame: not between two notches of a wheel. */
const SETTLE_MS = 240;
const RETRY_MS = 1100;
/** After the last picture; the pointer that moves makes pictures. */
const REST_MS = 1500;

/** Draws the timeline when something changed, at most once a frame, and carries out what input asks for. */
export class TimelineController {
  readonly model: TimelineModel;
  readonly elements: TimelineElements;
  readonly #host: Host;
  readonly #segments: SegmentClient;
  readonly #events: TimelineEvents;
  readonly #store: TileStore;
  readonly #overview = new Overview();
  readonly #drawing: TimelineDrawing;
  #t: Translate;
  #frame = 0;
  #moving = false;
  #hoverTimer = 0;
  #askTimer = 0;
  #missing: readonly TileAddress[] = [];
  /** Nothing moves any more. */
  readonly #settle = new Later(SETTLE_MS, () => {
    this.#moving = false;
    this.schedule();
  });
  readonly #retry = new Later(RETRY_MS, () => {
    if (this.#store.waiting) this.schedule();
  });
  readonly #rest = new Later(REST_MS, () => this.#shed());

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
    this.#drawing = new TimelineDrawing(elements, this.model, this.#store, this.#overview);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    for (const timer of [this.#hoverTimer, this.#askTimer]) clearTimeout(timer);
    for (const later of [this.#settle, this.#retry, this.#rest]) later.stop();
  }

  /** CSS pixels of the column of names. */
  get left(): number {
    return this.#drawing.left;
  }

  /** CSS pixels of the time axis. */
  get width(): number {
    return this.#drawing.width;
  }

  /** @param tiles that have come before it */
  setMeta(meta: ChartMeta | null, tiles: readonly TileAnswer[] = []): void {
    const same = this.model.setMeta(meta);
    this.#overview.resize(meta?.lanes.length ?? 0, same);
    this.#drawing.touchStrip();
    if (meta !== null) this.#store.advance(meta.revision, meta.wallNs, same);
    this.#layOut();
    if (!same) {
      // The first picture need not be sharp at once.
      this.#moving = true;
      this.#settle.touch();
      this.#events.spanned(null);
      this.elements.scroller.scrollTop = this.model.top;
    }
    if (this.model.hover === null) this.#events.hovered(null, 0);
    this.#events.moved();
    const { cursor } = this.model;
    if (cursor !== null) void this.#find(cursor.lane, cursor.atNs, 'at', false);
    for (const tile of tiles) this.receiveTile(tile);
    // Of other lanes there is no picture to look at meanwhile.
    if (same) this.schedule();
    else this.draw();
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
    if (this.#overview.receive(tile)) this.#drawing.touchStrip();
    this.#store.receive(tile);
    // A sharp picture of a dense screen is dear: one of all tiles that a movement asked for, not one of each.
    if (this.#moving) this.#settle.touch();
    this.schedule();
  }

  themeChanged(): void {
    this.#drawing.readTheme();
    this.schedule();
  }

  resized(): void {
    this.#drawing.touchStrip();
    this.schedule();
  }

  schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      // Asking is not part of the picture: it would make the frame longer.
      if (this.#paint() && this.#askTimer === 0)
        this.#askTimer = window.setTimeout(() => this.#ask());
    });
  }

  /** Draws at once: before printing there is no next frame. */
  draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#paint()) this.#ask();
  }

  /** False where there is no room. */
  #paint(): boolean {
    const missing = this.#drawing.paint(this.#t, this.#moving);
    if (missing === null) return false;
    this.#rest.touch();
    this.#missing = missing;
    if (missing.length === 0) this.#events.pictured();
    return true;
  }

  #ask(): void {
    clearTimeout(this.#askTimer);
    this.#askTimer = 0;
    const revision = this.#store.revision;
    const [missing, beside] = [this.#missing, this.#overview];
    this.#store.want(revision === null ? [] : [...missing, ...beside.missing(revision)]);
    if (this.#store.waiting) this.#retry.touch();
  }

  #shed(): void {
    this.#drawing.shed();
    this.#drawing.paint(this.#t, false);
    this.#store.rest();
  }

  /** The lane and time at a point of the timeline, CSS pixels from the stage's corner; null beside the lanes. */
  hit(
    x: number,
    y: number,
  ): { readonly lane: number; readonly atNs: number; readonly label: boolean } | null {
    const row = this.model.rows[Math.floor((y + this.model.top) / this.model.pitch)];
    if (row?.kind !== 'lane') return null;
    const atNs = this.model.timeOf(x - this.left, this.width);
    return { lane: row.lane, atNs: Math.max(0, Math.floor(atNs)), label: x < this.left };
  }

  zoom(factor: number, x?: number): void {
    const { model } = this;
    const { view, lengthNs, shortestNs } = model;
    const cursor = model.scale.toShown(model.cursor?.atNs ?? -1);
    const inView = cursor >= view.t0 && cursor <= view.t1;
    const middle = inView ? cursor : (view.t0 + view.t1) / 2;
    const at =
      x === undefined ? middle : view.t0 + ((x - this.left) / this.width) * (view.t1 - view.t0);
    this.show(zoomAt(view, factor, at, lengthNs, shortestNs));
  }

  pan(pixels: number): void {
    const { view, lengthNs } = this.model;
    this.show(panBy(view, (pixels / this.width) * (view.t1 - view.t0), lengthNs));
  }

  fit(): void {
    this.show({ t0: 0, t1: this.model.lengthNs });
  }

  /** Shows the selected span, else the selected segment, with a little around it. */
  zoomToSelection(): void {
    const { span, cursor } = this.model;
    const target = span ?? cursor?.segment ?? null;
    if (target === null) return;
    const margin = (target.endNs - target.startNs) * 0.05;
    this.showReal({ t0: target.startNs - margin, t1: target.endNs + margin });
  }

  showReal(view: TimelineModel['view']): void {
    this.model.setRealView(view);
    this.#move();
  }

  /** Selects a part of the run; null: all of it. */
  select(span: Span | null): void {
    const { wallNs } = this.model;
    const clamp = (ns: number): number => Math.round(Math.min(wallNs, Math.max(0, ns)));
    const cut = span && { startNs: clamp(span.startNs), endNs: clamp(span.endNs) };
    this.model.span = cut !== null && cut.endNs > cut.startNs ? cut : null;
    this.#events.spanned(this.model.span);
    this.schedule();
  }

  /** Moves one end of the span to the selected segment: its start, or its end. */
  setSpanEdge(edge: 'startNs' | 'endNs'): void {
    const segment = this.model.cursor?.segment;
    if (!segment) return;
    const span = this.model.span ?? { startNs: segment.startNs, endNs: segment.endNs };
    const moved = { ...span, [edge]: segment[edge] };
    // An edge beyond the other one begins a new span.
    const fits = moved.endNs > moved.startNs;
    this.select(fits ? moved : { startNs: segment.startNs, endNs: segment.endNs });
  }

  /** Which lanes are shown, in which order. */
  arrange(order: LaneOrder, wanted: readonly number[] | null): void {
    this.model.arrange(order, wanted);
    this.unhover();
    this.#layOut();
    this.schedule();
  }

  /** Draws idle spans short; none: time as it was. */
  collapse(idle: readonly Span[]): void {
    this.model.collapse(idle);
    this.#move();
  }

  setCurves(curves: Curves | null): void {
    this.model.curves = curves;
    this.schedule();
  }

  /** Shows a segment with its surroundings, and selects it. */
  showSegment(segment: Segment): void {
    this.#showAround(segment);
    this.#accept(segment, null);
    this.elements.stage.focus();
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
    this.#nameWhole(at);
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

  /** The whole of a name, where the pointer is on it: beside the lanes there may be no room for it. */
  #nameWhole(at: { readonly lane: number; readonly label: boolean } | null): void {
    const lane = at?.label === true ? this.model.lane(at.lane) : null;
    const title = lane === null ? '' : laneName(lane, this.#t);
    if (this.elements.stage.title !== title) this.elements.stage.title = title;
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
    const { t0, t1 } = this.model.realView;
    const atNs = this.model.cursor?.atNs ?? (t0 + t1) / 2;
    void this.#find(lane, Math.floor(atNs), 'at', false);
    this.#revealLane(lane);
  }

  step(direction: 'previous' | 'next'): void {
    const { cursor, realView } = this.model;
    if (cursor === null) {
      const first = this.model.rows.find((row) => row.kind === 'lane');
      const middle = Math.floor((realView.t0 + realView.t1) / 2);
      if (first) void this.#find(first.lane, middle, 'at', true);
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
    this.#showAround(segment);
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
    if (follow) this.#follow(segment);
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

  #follow({ startNs, endNs }: Segment): void {
    const { view, scale, lengthNs } = this.model;
    this.model.setView(reveal(view, scale.toShown(startNs), scale.toShown(endNs), lengthNs));
  }

  #showAround({ startNs, endNs }: Segment): void {
    const length = endNs - startNs;
    this.model.setRealView({ t0: startNs - length, t1: endNs + length });
  }

  #layOut(): void {
    const { rows, pitch } = this.model;
    this.elements.content.style.height = `${rows.length * pitch}px`;
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
    const { hover } = this.model;
    // What was under the pointer has moved away; a zoom to the pointer keeps it there.
    const isAway =
      hover !== null &&
      Math.abs(this.left + this.model.xOf(hover.atNs, this.width) - hover.x) > HOVER_SLOP;
    if (isAway) this.unhover();
    this.#moving = true;
    this.#settle.touch();
    this.#events.moved();
    this.schedule();
  }
}
