import { paintCurves } from './curves-view';
import { LaneLabels } from './lane-labels';
import { paintLanes } from './lanes-view';
import { labelWidth, paintOverlay } from './overlay-view';
import type { Overview } from './overview';
import { readPalette, type Palette } from './palette';
import type { Translate } from './strings';
import { paintAxis, paintStrip, paintWindow } from './strip-view';
import { Surface } from './surface';
import type { TileAddress, TileStore } from './tile-store';
import type { TimelineModel } from './timeline-model';

/** Elements of the timeline, as the page lays them out. */
export interface TimelineElements {
  readonly root: HTMLElement;
  readonly strip: HTMLCanvasElement;
  readonly stripWindow: HTMLCanvasElement;
  readonly curves: HTMLCanvasElement;
  readonly axis: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  readonly content: HTMLElement;
  readonly stage: HTMLElement;
  readonly lanes: HTMLCanvasElement;
  readonly labels: HTMLElement;
}

export const STRIP_HEIGHT = 44;
export const CURVES_HEIGHT = 54;
export const AXIS_HEIGHT = 22;

type Part = 'strip' | 'stripWindow' | 'curves' | 'axis' | 'lanes';

/** Paints the model onto the canvases. */
export class TimelineDrawing {
  readonly #elements: TimelineElements;
  readonly #model: TimelineModel;
  readonly #store: TileStore;
  readonly #overview: Overview;
  readonly #surfaces: Readonly<Record<Part, Surface>>;
  readonly #labels: LaneLabels;
  #palette: Palette;
  /** The overview changes seldom. */
  #stripDirty = true;

  constructor(
    elements: TimelineElements,
    model: TimelineModel,
    store: TileStore,
    overview: Overview,
  ) {
    this.#elements = elements;
    this.#model = model;
    this.#store = store;
    this.#overview = overview;
    this.#surfaces = {
      strip: new Surface(elements.strip),
      stripWindow: new Surface(elements.stripWindow),
      curves: new Surface(elements.curves),
      axis: new Surface(elements.axis),
      lanes: new Surface(elements.lanes),
    };
    this.#labels = new LaneLabels(elements.labels);
    this.#palette = readPalette(elements.root);
  }

  /** CSS pixels of the column of names. */
  get left(): number {
    return labelWidth(this.#elements.scroller.clientWidth);
  }

  /** CSS pixels of the time axis. */
  get width(): number {
    return Math.max(1, this.#elements.scroller.clientWidth - this.left);
  }

  /** The overview must be painted anew. */
  touchStrip(): void {
    this.#stripDirty = true;
  }

  /** Once nothing moves: the browser keeps three pictures of each canvas that moved. To be painted again at once. */
  shed(): void {
    for (const surface of Object.values(this.#surfaces)) surface.shed();
    this.#stripDirty = true;
  }

  readTheme(): void {
    this.#palette = readPalette(this.#elements.root);
    this.#stripDirty = true;
  }

  /**
   * Paints everything; answers with the tiles that are missing, null where there is no room to paint.
   * @param moving paints the lanes coarser on dense screens
   */
  paint(t: Translate, moving: boolean): readonly TileAddress[] | null {
    const { clientWidth, clientHeight } = this.#elements.scroller;
    if (clientWidth === 0 || clientHeight === 0) return null;
    const { lanes, axis, curves } = this.#surfaces;
    const sharp = devicePixelRatio;
    const { left } = this;
    lanes.resize(clientWidth, clientHeight, moving ? Math.min(1, sharp) : sharp);
    const missing = paintLanes(lanes, this.#model, this.#store, this.#palette, left, moving);
    const focused = document.activeElement === this.#elements.stage;
    paintOverlay(lanes, this.#model, this.#palette, focused);
    this.#labels.update(this.#model, t, left, clientHeight);
    axis.resize(clientWidth, AXIS_HEIGHT, sharp);
    paintAxis(axis, this.#model, this.#palette, left);
    if (this.#elements.curves.offsetParent !== null) {
      curves.resize(clientWidth, CURVES_HEIGHT, sharp);
      paintCurves(curves, this.#model, this.#palette, left, t);
    }
    this.#paintStrip(clientWidth, sharp);
    return missing;
  }

  #paintStrip(width: number, sharp: number): void {
    const { strip, stripWindow } = this.#surfaces;
    if (this.#stripDirty) {
      strip.resize(width, STRIP_HEIGHT, sharp);
      paintStrip(strip, this.#model, this.#overview, this.#palette, this.left);
      this.#stripDirty = false;
    }
    stripWindow.resize(width, STRIP_HEIGHT, sharp);
    paintWindow(stripWindow, this.#model, this.#palette, this.left);
  }
}
