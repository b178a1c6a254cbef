import { LANE_STATES, TILE_BINS, TILE_LANES, type LaneState } from '../../server/protocol-chart';

/** A stretch of a state of a lane, in whole nanoseconds. */
export interface Stretch {
  readonly lane: number;
  readonly state: LaneState;
  readonly from: number;
  readonly to: number;
}

/**
 * The shares of a tile by intersecting every stretch with every bin, in exact fractions: bin b of the run is
 * [b × wall / 2^level, (b + 1) × wall / 2^level). By lane, bin and state.
 */
export function naiveShares(
  stretches: readonly Stretch[],
  wallNs: number,
  level: number,
  index: number,
): number[] {
  const scale = 2n ** BigInt(level);
  const shares = new Array<number>(TILE_LANES * TILE_BINS * LANE_STATES.length).fill(0);
  for (const { lane, state, from, to } of stretches) {
    for (let bin = 0; bin < TILE_BINS; bin++) {
      const number = BigInt(index) * BigInt(TILE_BINS) + BigInt(bin);
      // All times scaled by 2^level, so that the edges of bins are whole.
      const start = number * BigInt(wallNs);
      const end = start + BigInt(wallNs);
      const low = max(start, BigInt(from) * scale);
      const high = min(end, BigInt(to) * scale);
      if (high <= low) continue;
      const at = (lane * TILE_BINS + bin) * LANE_STATES.length + LANE_STATES.indexOf(state);
      shares[at] = (shares[at] ?? 0) + Number(high - low) / wallNs;
    }
  }
  return shares;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
