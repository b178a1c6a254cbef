import type { ChartMeta, Lane, Marks, Segment } from '../../server/protocol';
import type { Host, SavedState } from './host';
import { buildRows, distinctions, rowPitch, type Distinction, type Row } from './rows';
import { clampView, isWhole, runLength, shortestSpan, type View } from './view';

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

/** What the timeline shows: the run, the part in view, the cursor. Drawing and input read and change it. */
export class TimelineModel {
  meta: ChartMeta | null = null;
  rows: readonly Row[] = [];
  distinctions: readonly Distinction[] = [];
  view: View = { t0: 0, t1: 1 };
  /** Scroll position in CSS pixels. */
  top = 0;
  cursor: Cursor | null = null;
  hover: Hover | null = null;
  marks: Marks | null = null;
  /** Rank of the longest wait shown last; -1: none. */
  rank = -1;
  readonly levelMax: number;
  #saved: Partial<SavedState> | null;

  constructor(host: Host) {
    this.levelMax = host.levelMax;
    this.#saved = host.load();
  }

  get wallNs(): number {
    return runLength(this.meta?.wallNs ?? 1);
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
    const followed = before === null || isWhole(this.view, before.wallNs);
    this.meta = meta;
    this.rows = buildRows(meta?.lanes ?? []);
    this.distinctions = distinctions(meta?.lanes ?? []);
    const same =
      before !== null &&
      meta !== null &&
      before.lanes.every((lane, index) => isSameLane(lane, meta.lanes[index]));
    if (!same) {
      this.hover = null;
      this.cursor = null;
      this.marks = null;
      this.rank = -1;
    }
    if (meta !== null && this.#saved !== null) this.#restore(this.#saved);
    else if (followed || !same) this.view = { t0: 0, t1: this.wallNs };
    this.setView(this.view);
    return same;
  }

  setView(view: View): void {
    this.view = clampView(view, this.wallNs, this.shortestNs);
  }

  #restore(saved: Partial<SavedState>): void {
    this.#saved = null;
    const { t0, t1, wallNs, top, cursor } = saved;
    const known = t0 !== undefined && t1 !== undefined && wallNs !== undefined;
    const part = known && t1 > t0 && t0 < this.wallNs && !isWhole({ t0, t1 }, wallNs);
    this.view = part ? { t0, t1 } : { t0: 0, t1: this.wallNs };
    this.top = (top ?? 0) * this.pitch;
    if (cursor && this.lane(cursor.lane) !== null) this.cursor = { ...cursor, segment: null };
  }
}

function isSameLane(a: Lane, b: Lane | undefined): boolean {
  return b !== undefined && a.pid === b.pid && a.tid === b.tid && a.gil === b.gil;
}
