import { LANE_STATES, TILE_BINS, TILE_LANES, TILE_STATE_BYTES } from '../protocol-chart';
import type { LaneView } from './lane-view';

const STATES = LANE_STATES.length;
export const TILE_BYTES = TILE_STATE_BYTES + TILE_LANES * TILE_BINS;

/**
 * The bytes of a tile (see TileRequest): shares of each bin by state, exact before they are rounded to 1/255, at
 * least 1 where a state occurs at all. Lanes beyond the last stay 0.
 *
 * @param lanes the lanes of the page
 * @param binNs width of a bin; bin 0 of the run begins at 0
 */
export function tileBytes(
  lanes: readonly LaneView[],
  firstBin: number,
  binNs: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TILE_BYTES);
  if (!(binNs > 0)) return bytes;
  for (const [index, lane] of lanes.entries()) {
    fillLane(bytes, index * TILE_BINS * STATES, lane, firstBin, binNs);
    fillNative(bytes, TILE_STATE_BYTES + index * TILE_BINS, lane, firstBin, binNs);
  }
  return bytes;
}

function fillLane(
  bytes: Uint8Array,
  offset: number,
  lane: LaneView,
  firstBin: number,
  binNs: number,
): void {
  const { startNs, endNs, firstNs } = lane;
  const scale = 255 / binNs;
  lane.rewind();
  let hold = 0;
  let wait = 0;
  let off = 0;
  let lock = 0;
  for (let bin = 0; bin <= TILE_BINS; bin++) {
    const edge = Math.min(Math.max((firstBin + bin) * binNs, startNs), endNs);
    const cursor = lane.seek(edge);
    const { entry } = cursor;
    const gap = lane.lengthOf(entry, 0);
    const waitLength = lane.lengthOf(entry, 1);
    const inside = edge - cursor.startNs;
    // Sums are whole numbers at every change of state, so that a state that does not occur adds exactly 0.
    const offBefore = cursor.startNs - startNs - cursor.holdNs - cursor.waitNs;
    const nextOff = edge < firstNs ? edge - startNs : offBefore + Math.min(inside, gap);
    const nextWait = cursor.waitNs + Math.min(Math.max(inside - gap, 0), waitLength);
    const inHold = Math.max(inside - gap - waitLength, 0);
    const nextHold = cursor.holdNs + Math.min(inHold, lane.lengthOf(entry, 2));
    const nextLock = lane.lockWaitedUntil(edge);
    if (bin > 0) {
      const at = offset + (bin - 1) * STATES;
      if (nextHold > hold) bytes[at] = shareOf(nextHold - hold, scale);
      if (nextWait > wait) bytes[at + 1] = shareOf(nextWait - wait, scale);
      // A wait for a lock begins a moment before the GIL is let go: only what is off counts.
      const waited = Math.min(nextLock - lock, nextOff - off);
      if (nextOff - off > waited) bytes[at + 2] = shareOf(nextOff - off - waited, scale);
      if (waited > 0) bytes[at + 3] = shareOf(waited, scale);
    }
    lock = nextLock;
    hold = nextHold;
    wait = nextWait;
    off = nextOff;
  }
}

function fillNative(
  bytes: Uint8Array,
  offset: number,
  lane: LaneView,
  firstBin: number,
  binNs: number,
): void {
  let before = lane.nativeUntil(firstBin * binNs);
  for (let bin = 0; bin < TILE_BINS; bin++) {
    const until = lane.nativeUntil((firstBin + bin + 1) * binNs);
    if (until > before) bytes[offset + bin] = shareOf(until - before, 255 / binNs);
    before = until;
  }
}

function shareOf(ns: number, scale: number): number {
  return Math.min(Math.max(Math.round(ns * scale), 1), 255);
}
