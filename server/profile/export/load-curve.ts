import { segmentsOfLane } from '../lane-segments';
import type { LaneView } from '../lane-view';

const MAX_BINS = 2048;
/** Finer than this nobody looks. */
const LEAST_BIN_NS = 100;

/** How much some lanes held and waited in each of equally long stretches of the run. */
export interface LoadCurve {
  /** Length of a stretch. */
  readonly binNs: number;
  readonly heldNs: Float64Array;
  readonly waitedNs: Float64Array;
}

/** Exact: the sums over all stretches are those of the lanes. */
export function loadCurve(lanes: readonly LaneView[], wallNs: number): LoadCurve {
  const bins = Math.max(1, Math.min(MAX_BINS, Math.floor(wallNs / LEAST_BIN_NS)));
  const heldNs = new Float64Array(bins);
  const waitedNs = new Float64Array(bins);
  const binNs = Math.max(wallNs / bins, 1);
  for (const lane of lanes) {
    for (const { state, startNs, endNs } of segmentsOfLane(lane)) {
      if (state === 'holding') spread(heldNs, startNs, endNs, binNs);
      else if (state === 'waiting') spread(waitedNs, startNs, endNs, binNs);
    }
  }
  return { binNs, heldNs, waitedNs };
}

/** Adds a stretch of time to the bins that it falls into; what lies outside of them all, to the nearest. */
export function spread(bins: Float64Array, startNs: number, endNs: number, binNs: number): void {
  const last = bins.length - 1;
  let from = startNs;
  // A trace that contradicts itself may have times before its beginning.
  const first = Math.max(0, Math.min(Math.floor(startNs / binNs), last));
  for (let bin = first; bin <= last; bin++) {
    const to = bin === last ? endNs : Math.min(endNs, (bin + 1) * binNs);
    bins[bin] = (bins[bin] as number) + Math.max(to - from, 0);
    if (to >= endNs) return;
    from = to;
  }
}
