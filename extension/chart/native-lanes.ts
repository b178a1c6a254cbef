import { TILE_BINS, TILE_LANES, TILE_STATE_BYTES } from '../../server/protocol-chart';

/** Not looked at is 0. */
const KNOWN = { none: 1, some: 2 } as const;

/** Which lanes of which tiles were on a CPU without the GIL at all: most never were. */
export class NativeLanes {
  /** By tile, then lane. */
  readonly #known = new WeakMap<Uint8Array, Uint8Array>();

  has(data: Uint8Array, laneInPage: number): boolean {
    const known = this.#known.get(data) ?? new Uint8Array(TILE_LANES);
    this.#known.set(data, known);
    if (known[laneInPage] === 0) {
      const base = TILE_STATE_BYTES + laneInPage * TILE_BINS;
      const isThere = data.subarray(base, base + TILE_BINS).some((share) => share > 0);
      known[laneInPage] = isThere ? KNOWN.some : KNOWN.none;
    }
    return known[laneInPage] === KNOWN.some;
  }
}
