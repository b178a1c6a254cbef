import { HoldShares } from './hold-shares';
import type { Stretch } from './lane-history';
import type { LaneView } from './lane-view';
import type { LockSnapshot } from './lock-analysis';
import type { LockSources } from './lock-charge';
import { LockWindow, type LockPiece } from './lock-window';
import type { SpanHolds } from './span-holds';
import { UnitSums } from './unit-sums';

/** The part of a run that is looked at. */
export interface LockSpan {
  readonly views: readonly LaneView[];
  /** By lane: its thread in the trace. */
  readonly threadOfRow: readonly number[];
  readonly locks: LockSnapshot;
  readonly fromNs: number;
  readonly toNs: number;
  /** Of the GILs, in the span. */
  readonly byGil: ReadonlyMap<number, SpanHolds>;
}

/** What the chart knows of a span: any one of the run, with what went on at its end. Units are stacks. */
export class SpanSources implements LockSources {
  readonly isComplete = true;
  readonly scratch = new UnitSums();
  readonly locks = { window: (lock: number): LockWindow => this.#window(lock) };
  readonly sharesOf = (lock: number, gil: number): HoldShares => this.#sharesOf(lock, gil);
  readonly #span: LockSpan;
  /** By thread. */
  readonly #rows = new Map<number, LaneView[]>();
  readonly #windows = new Map<number, LockWindow>();
  readonly #shares = new Map<number, HoldShares>();

  constructor(span: LockSpan) {
    this.#span = span;
    for (const [row, view] of span.views.entries()) {
      const thread = span.threadOfRow[row] ?? -1;
      this.#rows.set(thread, [...(this.#rows.get(thread) ?? []), view]);
    }
  }

  waitsOf(thread: number, fromNs: number, toNs: number): Omit<LockPiece, 'thread'>[] {
    const waits = this.#rows.get(thread)?.[0]?.lockWaits(fromNs, toNs) ?? [];
    return waits.map(({ startNs, endNs, lock }) => ({
      startNs: Math.max(startNs, fromNs),
      endNs: Math.min(endNs, toNs),
      unit: lock,
    }));
  }

  gilWaitsOf(gil: number, thread: number, fromNs: number, toNs: number): Stretch[] {
    const view = this.#rows.get(thread)?.find(({ track }) => track.gil === gil);
    return gil < 0 || view === undefined ? [] : gilWaits(view, fromNs, toNs);
  }

  sumGilHolds(gil: number, fromNs: number, toNs: number, sums: UnitSums): void {
    const holds = this.#span.byGil.get(gil);
    if (holds === undefined) return;
    for (let at = holds.firstEndingAfter(fromNs); at < holds.count; at++) {
      const startNs = holds.startNs[at] as number;
      if (startNs >= toNs) return;
      const ns = Math.min(holds.endNs[at] as number, toNs) - Math.max(startNs, fromNs);
      if (ns > 0) sums.add(holds.stack[at] as number, ns);
    }
  }

  isOver(): boolean {
    return true;
  }

  #window(lock: number): LockWindow {
    const known = this.#windows.get(lock);
    if (known !== undefined) return known;
    const window = new LockWindow(Infinity);
    const { locks, fromNs, toNs } = this.#span;
    for (const { startNs, endNs, thread, stack } of locks.holdsBetween(lock, fromNs, toNs)) {
      const from = Math.max(startNs, window.endNs);
      if (from < endNs) window.push(from, endNs, thread, stack);
    }
    this.#windows.set(lock, window);
    return window;
  }

  #sharesOf(lock: number, gil: number): HoldShares {
    const shares = this.#shares.get(lock) ?? new HoldShares(this, lock, gil);
    this.#shares.set(lock, shares);
    return shares;
  }
}

/** When a lane waited for its GIL between two moments, cut to them. */
function gilWaits(view: LaneView, fromNs: number, toNs: number): Stretch[] {
  const found: Stretch[] = [];
  view.rewind();
  let { entry, startNs } = view.seek(Math.max(fromNs, view.firstNs));
  for (; entry <= view.count && startNs < toNs; entry++) {
    const askedNs = startNs + view.lengthOf(entry, 0);
    const acquiredNs = askedNs + view.lengthOf(entry, 1);
    const wait = { startNs: Math.max(askedNs, fromNs), endNs: Math.min(acquiredNs, toNs), tag: 0 };
    if (wait.startNs < wait.endNs) found.push(wait);
    startNs = acquiredNs + view.lengthOf(entry, 2);
  }
  return found;
}
