import {
  LANE_STATES,
  LEVEL_MIN,
  LEVEL_OVERVIEW,
  TILE_BINS,
  TILE_LANES,
  TILE_STATE_BYTES,
} from '../../server/protocol-chart';
import type { TileAddress, TileAnswer } from './tile-store';

const STATES = LANE_STATES.length;
/** Beyond this many pages of lanes the overview is made of the coarsest tiles. */
const FINE_PAGES = 8;

/** Lanes summed up, for one bin of the overview. */
export interface OverviewBin {
  /** Average number of threads that held a GIL, waited for one, waited for a lock. */
  readonly hold: number;
  readonly wait: number;
  readonly lock: number;
}

interface Slot {
  readonly revision: number;
  /** Sums of the shares of the tile's lanes, per bin and state. */
  readonly sums: Uint16Array;
}

/** The whole run, all lanes summed: kept as one small sum for each tile, so that a live run replaces them one by one. */
export class Overview {
  #slots = new Map<string, Slot>();
  #level = LEVEL_OVERVIEW;
  #pages = 0;
  #total: Float32Array | null = null;

  /** Sets the number of lanes; forgets what it knows if pages mean other lanes now. */
  resize(laneCount: number, sameLanes: boolean): void {
    const pages = Math.ceil(laneCount / TILE_LANES);
    const level = pages <= FINE_PAGES ? LEVEL_OVERVIEW : LEVEL_MIN;
    if (!sameLanes || level !== this.#level) this.#slots.clear();
    this.#pages = pages;
    this.#level = level;
    this.#total = null;
  }

  /** The tiles that are not there in this revision. */
  missing(revision: number): readonly TileAddress[] {
    const tiles: TileAddress[] = [];
    for (let page = 0; page < this.#pages; page++) {
      for (let index = 0; index < 2 ** (this.#level - LEVEL_MIN); index++) {
        const slot = this.#slots.get(`${page}/${index}`);
        if (slot?.revision !== revision) tiles.push({ level: this.#level, index, page });
      }
    }
    return tiles;
  }

  /** Takes a tile in if it is one of the overview's; true if it was. */
  receive(tile: TileAnswer): boolean {
    if (tile.level !== this.#level || tile.page >= this.#pages) return false;
    const sums = new Uint16Array(TILE_BINS * STATES);
    const { data } = tile;
    for (let base = 0; base < TILE_STATE_BYTES; base += sums.length) {
      for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + (data[base + at] ?? 0);
    }
    this.#slots.set(`${tile.page}/${tile.index}`, { revision: tile.revision, sums });
    this.#total = null;
    return true;
  }

  /** Whether nothing of it has come yet. */
  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  get binCount(): number {
    return 2 ** this.#level;
  }

  /** The highest values over the bins from `from` up to, not including, `to`: peaks stay visible. */
  peak(from: number, to: number): OverviewBin {
    const total = this.#sum();
    let [hold, wait, lock] = [0, 0, 0];
    for (let bin = from; bin < to; bin++) {
      hold = Math.max(hold, total[bin * STATES] ?? 0);
      wait = Math.max(wait, total[bin * STATES + 1] ?? 0);
      lock = Math.max(lock, total[bin * STATES + 3] ?? 0);
    }
    return { hold: hold / 255, wait: wait / 255, lock: lock / 255 };
  }

  #sum(): Float32Array {
    if (this.#total !== null) return this.#total;
    const total = new Float32Array(this.binCount * STATES);
    for (const [key, { sums }] of this.#slots) {
      const offset = Number(key.slice(key.indexOf('/') + 1)) * sums.length;
      for (let at = 0; at < sums.length; at++) {
        total[offset + at] = (total[offset + at] ?? 0) + (sums[at] ?? 0);
      }
    }
    this.#total = total;
    return total;
  }
}
