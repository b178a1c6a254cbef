import { LEVEL_MIN, TILE_BINS } from '../../server/protocol-chart';
import { NativeLanes } from './native-lanes';
import { runLength } from './view';

export interface TileAddress {
  readonly level: number;
  readonly index: number;
  readonly page: number;
}

export interface TileAnswer extends TileAddress {
  readonly revision: number;
  readonly data: Uint8Array;
}

/** A tile, and where its bins lie in time. */
export interface LocatedTile {
  readonly data: Uint8Array;
  readonly startNs: number;
  readonly binNs: number;
  /** Of the level asked for and the newest revision. */
  readonly exact: boolean;
  /** Of the newest revision. */
  readonly newest: boolean;
}

interface Generation {
  readonly revision: number;
  readonly wallNs: number;
}

/** Several views of a large screen: 8 MB. */
const CAPACITY = 64;
/** What a screen at rest needs, with some coarser ones. */
const RESTING = 28;
const IN_FLIGHT = 4;
/** An answer that takes longer is taken for lost. */
const LOST_AFTER_MS = 5000;
const GENERATIONS = 3;
/** A tile that came in another revision is asked for again after this long, not at once. */
const OTHER_REVISION_MS = 1000;

const addressKey = (tile: TileAddress): string => `${tile.level}/${tile.index}/${tile.page}`;
const tileKey = (revision: number, tile: TileAddress): string => `${revision}/${addressKey(tile)}`;

/**
 * Tiles that have arrived (least recently used go first) and those that are asked for. What is asked for is what the
 * last picture wanted: older wishes are dropped. Tiles of an older revision stay in use, at their own times, until
 * those of the new one arrive, so a live picture does not flicker.
 */
export class TileStore {
  /** Of these tiles. */
  readonly native = new NativeLanes();
  #tiles = new Map<string, Uint8Array>();
  #generations: readonly Generation[] = [];
  #inFlight = new Map<string, number>();
  /** Tiles that came in another revision than asked for, and when they may be asked for again. */
  #deferred = new Map<string, number>();
  #wanted: readonly TileAddress[] = [];
  readonly #ask: (tile: TileAddress) => void;
  readonly #nowMs: () => number;

  constructor(ask: (tile: TileAddress) => void, nowMs: () => number) {
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#tiles.size;
  }

  /** Whether answers are outstanding, or questions. */
  get waiting(): boolean {
    return this.#inFlight.size > 0 || this.#deferred.size > 0;
  }

  get revision(): number | null {
    return this.#generations[0]?.revision ?? null;
  }

  /** A new revision of the profile; `sameLanes`: pages mean the same lanes as before. */
  advance(revision: number, wallNs: number, sameLanes: boolean): void {
    if (!sameLanes) {
      this.#tiles.clear();
      this.#inFlight.clear();
      this.#generations = [];
    }
    const older = this.#generations.filter((generation) => generation.revision !== revision);
    this.#generations = [{ revision, wallNs: runLength(wallNs) }, ...older].slice(0, GENERATIONS);
    const known = new Set(this.#generations.map((generation) => String(generation.revision)));
    for (const key of this.#tiles.keys()) {
      if (!known.has(key.slice(0, key.indexOf('/'))) && Number.parseInt(key) < revision) {
        this.#tiles.delete(key);
      }
    }
    this.#wanted = [];
    this.#deferred.clear();
  }

  /** Replaces the wishes; the first are asked for first. */
  want(tiles: readonly TileAddress[]): void {
    this.#wanted = tiles;
    this.#pump();
  }

  receive(answer: TileAnswer): void {
    this.#inFlight.delete(addressKey(answer));
    if (answer.revision === this.revision) this.#deferred.delete(addressKey(answer));
    else this.#deferred.set(addressKey(answer), this.#nowMs() + OTHER_REVISION_MS);
    const key = tileKey(answer.revision, answer);
    this.#tiles.delete(key);
    this.#tiles.set(key, answer.data);
    this.#keep(CAPACITY);
    this.#pump();
  }

  /** Nothing moves: forgets what was not used of late. */
  rest(): void {
    this.#keep(RESTING);
  }

  has(tile: TileAddress): boolean {
    const newest = this.#generations[0];
    return newest !== undefined && this.#tiles.has(tileKey(newest.revision, tile));
  }

  /** The best tile there is for a time: the level itself, the next finer, then coarser ones; newest revision first. */
  find(page: number, timeNs: number, level: number): LocatedTile | null {
    for (const candidate of [level, level + 1]) {
      const found = this.#findAt(page, timeNs, candidate, candidate === level);
      if (found !== null) return found;
    }
    for (let coarser = level - 1; coarser >= LEVEL_MIN; coarser--) {
      const found = this.#findAt(page, timeNs, coarser, false);
      if (found !== null) return found;
    }
    return null;
  }

  #findAt(page: number, timeNs: number, level: number, wanted: boolean): LocatedTile | null {
    for (const [age, generation] of this.#generations.entries()) {
      if (timeNs >= generation.wallNs) continue;
      const binNs = generation.wallNs / 2 ** level;
      const index = Math.floor(timeNs / (binNs * TILE_BINS));
      const key = tileKey(generation.revision, { level, index, page });
      const data = this.#tiles.get(key);
      if (data === undefined) continue;
      this.#tiles.delete(key);
      this.#tiles.set(key, data);
      return {
        data,
        startNs: index * TILE_BINS * binNs,
        binNs,
        exact: wanted && age === 0,
        newest: age === 0,
      };
    }
    return null;
  }

  #keep(count: number): void {
    while (this.#tiles.size > count) {
      const oldest = this.#tiles.keys().next();
      if (oldest.done === true) break;
      this.#tiles.delete(oldest.value);
    }
  }

  #pump(): void {
    const now = this.#nowMs();
    for (const [key, since] of this.#inFlight) {
      if (now - since > LOST_AFTER_MS) this.#inFlight.delete(key);
    }
    for (const [key, until] of this.#deferred) if (until <= now) this.#deferred.delete(key);
    const waiting = [...this.#wanted];
    while (this.#inFlight.size < IN_FLIGHT) {
      const next = waiting.shift();
      if (next === undefined) break;
      const key = addressKey(next);
      if (this.#inFlight.has(key) || this.has(next) || (this.#deferred.get(key) ?? 0) > now)
        continue;
      this.#inFlight.set(key, now);
      this.#ask(next);
    }
    this.#wanted = waiting;
  }
}
