import type { Curves, Span } from '../protocol-analysis';
import { groupBy } from './group-by';
import type { LaneView } from './lane-view';
import { eachSegment, type Sliced } from './stretches';

export const CURVE_BINS_MAX = 4096;
/** Bins in which idle time is looked for; a span of it is as exact as they are wide, and never too long. */
const IDLE_BINS = 65536;
/** Digits enough for a curve of some hundred pixels. */
const PRECISION = 1e4;

/** What the GILs and the threads did over time, see {@link Curves}. */
export function* curvesOf(
  views: readonly LaneView[],
  threadOfRow: readonly number[],
  fromNs: number,
  toNs: number,
  bins: number,
): Sliced<Curves> {
  const byGil = new Map<number, Float64Array>();
  const queue = new Float64Array(bins);
  const parallel = new Float64Array(bins);
  for (const rows of groupBy(views.keys(), (row) => threadOfRow[row] ?? -1).values()) {
    const thread = sharesOfThread(bins, queue);
    for (const row of rows) {
      const view = views[row] as LaneView;
      const held = byGil.get(view.track.gil) ?? new Float64Array(bins);
      byGil.set(view.track.gil, held);
      // A thread of two interpreters has two lanes, with the same waits for locks.
      sumShares(view, fromNs, toNs, { ...thread, held, isFirst: row === rows[0] });
      yield;
    }
    // When, in a time off, a thread was on a CPU is not known: not while it held another GIL.
    for (const [bin, share] of thread.native.entries())
      addTo(parallel, bin, Math.max(0, Math.min(share, 1 - (thread.busy[bin] as number))));
  }
  const gilLoad = new Float64Array(bins);
  for (const held of byGil.values()) {
    for (const [bin, share] of held.entries()) {
      gilLoad[bin] = Math.max(gilLoad[bin] as number, share);
      parallel[bin] = (parallel[bin] as number) + share;
    }
  }
  const rounded = (values: Float64Array): number[] =>
    Array.from(values, (value) => Math.round(value * PRECISION) / PRECISION);
  return {
    fromNs,
    toNs,
    gilLoad: rounded(gilLoad),
    parallel: rounded(parallel),
    queue: rounded(queue),
  };
}

interface SharesOfThread {
  /** It held a GIL, by all of its lanes. */
  readonly busy: Float64Array;
  /**
   * By the lane that let its GIL go last: the times off of an interpreter contain those of the ones that the thread
   * works in meanwhile.
   */
  readonly native: Float64Array;
  /** When that was. */
  readonly releasedNs: Float64Array;
  readonly waited: Float64Array;
}

function sharesOfThread(bins: number, waited: Float64Array): SharesOfThread {
  const [busy, native, releasedNs] = [0, 0, 0].map(() => new Float64Array(bins));
  return { busy, native, releasedNs, waited } as SharesOfThread;
}

interface Shares extends SharesOfThread {
  /** Of the lane's GIL. */
  readonly held: Float64Array;
  /** Of the thread's lanes. */
  readonly isFirst: boolean;
}

/** Adds the part of each bin that the lane held, was in native code, and waited for the GIL or a lock. */
function sumShares(
  view: LaneView,
  fromNs: number,
  toNs: number,
  { held, busy, native, releasedNs, waited, isFirst }: Shares,
): void {
  const bins = waited.length;
  const binNs = (toNs - fromNs) / bins;
  view.rewind();
  let before = { holdNs: 0, waitNs: 0, nativeNs: 0, lockNs: 0 };
  for (let bin = 0; bin <= bins; bin++) {
    const edgeNs = Math.min(Math.max(fromNs + bin * binNs, view.startNs), view.endNs);
    const sums = {
      ...view.sumsUntil(edgeNs),
      nativeNs: view.nativeUntil(edgeNs),
      lockNs: isFirst ? view.lockWaitedUntil(edgeNs) : 0,
    };
    if (bin > 0) {
      const heldShare = (sums.holdNs - before.holdNs) / binNs;
      addTo(held, bin - 1, heldShare);
      addTo(busy, bin - 1, heldShare);
      const lastNs = view.lastReleaseNs(edgeNs);
      if (lastNs >= (releasedNs[bin - 1] as number)) {
        releasedNs[bin - 1] = lastNs;
        native[bin - 1] = (sums.nativeNs - before.nativeNs) / binNs;
      }
      const waitNs = sums.waitNs - before.waitNs + sums.lockNs - before.lockNs;
      addTo(waited, bin - 1, waitNs / binNs);
    }
    before = sums;
  }
}

function addTo(shares: Float64Array, bin: number, share: number): void {
  shares[bin] = (shares[bin] as number) + share;
}

/** The spans of at least `leastNs` in which no lane held or waited. */
export function* idleSpans(
  views: readonly LaneView[],
  wallNs: number,
  leastNs: number,
): Sliced<Span[]> {
  if (wallNs <= 0) return [];
  const binNs = wallNs / IDLE_BINS;
  /** +1 in the first bin of something busy, −1 after its last. */
  const change = new Int32Array(IDLE_BINS + 1);
  for (const view of views) {
    yield* eachSegment(view, 0, wallNs, ({ state, startNs, endNs }) => {
      if (state === 'off') return;
      const first = Math.min(IDLE_BINS - 1, Math.floor(startNs / binNs));
      const end = Math.max(first + 1, Math.min(IDLE_BINS, Math.ceil(endNs / binNs)));
      change[first] = (change[first] as number) + 1;
      change[end] = (change[end] as number) - 1;
    });
  }
  const spans: Span[] = [];
  let busy = 0;
  let from = -1;
  for (let bin = 0; bin <= IDLE_BINS; bin++) {
    busy += change[bin] as number;
    const isIdle = busy === 0 && bin < IDLE_BINS;
    if (isIdle && from < 0) from = bin;
    if (isIdle || from < 0) continue;
    const span = { startNs: Math.ceil(from * binNs), endNs: Math.floor(bin * binNs) };
    if (span.endNs - span.startNs >= leastNs) spans.push(span);
    from = -1;
  }
  return spans;
}
