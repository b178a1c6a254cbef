import type { ChartMeta, Lane, Marks, Segment } from '../../server/protocol-chart';
import type { Curves, Span } from '../../server/protocol-analysis';
import type { Host, SavedState } from './host';
import {
  buildRows,
  distinctions,
  rowPitch,
  type Distinction,
  type LaneOrder,
  type Row,
} from './rows';
import { TimeScale } from './time-scale';
import { clampView, isWhole, runLength, shortestSpan, timeAt, xAt, type View } from './view';

export interface Cursor {
  readonly lane: number;
  readonly atNs: number;
  /** Null until the host has answered. */
  readonly segment: Segment | null;
}

export interface Hover {
  readonly lane: number;
  readonly atNs: number;
  /** CSS pixels in the timeline's box. */
  readonly x: number;
  readonly y: number;
  readonly segment: Segment | null;
}

/** A collapsed idle span is drawn as long as this part of the run. */
const GAP_SHARE = 1 / 500;

/** What the timeline shows: the run, the part in view, the cursor. Drawing and input read and change it. */
export class TimelineModel {
  meta: ChartMeta | null = null;
  rows: readonly Row[] = [];
  distinctions: readonly Distinction[] = [];
  /** In shown time, see {@link TimeScale}. */
  view: View = { t0: 0, t1: 1 };
  scale = TimeScale.real(1);
  /** What tables are about, and what is measured; null: the whole run. */
  span: Span | null = null;
  curves: Curves | null = null;
  /** Scroll position in CSS pixels. */
  top = 0;
  cursor: Cursor | null = null;
  hover: Hover | null = null;
  marks: Marks | null = null;
  /** Rank of the longest wait shown last; -1: none. */
  rank = -1;
  readonly levelMax: number;
  #order: LaneOrder = 'start';
  #wanted: readonly number[] | null = null;
  #idle: readonly Span[] = [];
  #saved: Partial<SavedState> | null;

  constructor(host: Host) {
    this.levelMax = host.levelMax;
    this.#saved = host.load();
  }

  get wallNs(): number {
    return runLength(this.meta?.wallNs ?? 1);
  }

  /** Length of the axis: shorter than the run where idle time is collapsed. */
  get lengthNs(): number {
    return this.scale.isReal ? this.wallNs : this.scale.lengthNs;
  }

  /** The view in real time. */
  get realView(): View {
    return { t0: this.scale.toReal(this.view.t0), t1: this.scale.toReal(this.view.t1) };
  }

  get isWhole(): boolean {
    return isWhole(this.view, this.lengthNs);
  }

  get shortestNs(): number {
    return shortestSpan(this.wallNs, this.levelMax);
  }

  get pitch(): number {
    return rowPitch(this.rows.length);
  }

  lane(index: number): Lane | null {
    return this.meta?.lanes[index] ?? null;
  }

  /** Takes a new profile, or the growth of a live one; true if the pages of lanes mean the same lanes as before. */
  setMeta(meta: ChartMeta | null): boolean {
    const before = this.meta;
    const followed = before === null || this.isWhole;
    this.meta = meta;
    this.distinctions = distinctions(meta?.lanes ?? []);
    const same =
      before !== null &&
      meta !== null &&
      before.lanes.every((lane, index) => isSameLane(lane, meta.lanes[index]));
    if (!same) {
      this.hover = null;
      this.cursor = null;
      this.marks = null;
      this.span = null;
      this.curves = null;
      this.rank = -1;
      this.#wanted = null;
      this.#idle = [];
    }
    this.#build();
    this.#rescale();
    if (meta !== null && this.#saved !== null) this.#restore(this.#saved);
    else if (followed || !same) this.view = { t0: 0, t1: this.lengthNs };
    this.setView(this.view);
    return same;
  }

  setView(view: View): void {
    this.view = clampView(view, this.lengthNs, this.shortestNs);
  }

  setRealView({ t0, t1 }: View): void {
    this.setView({ t0: this.scale.toShown(t0), t1: this.scale.toShown(t1) });
  }

  /** Which lanes are shown, in which order. */
  arrange(order: LaneOrder, wanted: readonly number[] | null): void {
    this.#order = order;
    this.#wanted = wanted;
    this.#build();
  }

  /** Draws these spans short; none: all time is drawn as it was. Keeps what is in view. */
  collapse(idle: readonly Span[]): void {
    const [real, whole] = [this.realView, this.isWhole];
    this.#idle = idle;
    this.#rescale();
    if (whole) this.setView({ t0: 0, t1: this.lengthNs });
    else this.setRealView(real);
  }

  /** Where a moment is drawn, of `width` pixels; outside of them where it is out of view. */
  xOf(timeNs: number, width: number): number {
    return xAt(this.view, this.scale.toShown(timeNs), width);
  }

  timeOf(x: number, width: number): number {
    return this.scale.toReal(timeAt(this.view, x, width));
  }

  #build(): void {
    this.rows = buildRows(this.meta?.lanes ?? [], this.#order, this.#wanted);
  }

  #rescale(): void {
    const gapNs = this.wallNs * GAP_SHARE;
    this.scale = TimeScale.collapsed(this.wallNs, this.#idle, gapNs);
  }

  #restore(saved: Partial<SavedState>): void {
    this.#saved = null;
    const { t0, t1, wallNs, top, cursor } = saved;
    const known = t0 !== undefined && t1 !== undefined && wallNs !== undefined;
    const part = known && t1 > t0 && t0 < this.wallNs && !isWhole({ t0, t1 }, wallNs);
    this.view = part ? { t0, t1 } : { t0: 0, t1: this.lengthNs };
    this.top = (top ?? 0) * this.pitch;
    if (cursor && this.lane(cursor.lane) !== null) this.cursor = { ...cursor, segment: null };
  }
}

function isSameLane(a: Lane, b: Lane | undefined): boolean {
  return b !== undefined && a.pid === b.pid && a.tid === b.tid && a.gil === b.gil;
}
