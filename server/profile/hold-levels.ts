import { grown, grownInts } from './table';

const RADIX_BITS = 4;
export const RADIX = 1 << RADIX_BITS;
const LEVELS = 4;

/** Amounts by unit, each unit once: what a wait takes together before it is charged. */
export class UnitSums {
  ns = new Float64Array(256);
  touched = new Int32Array(256);
  count = 0;

  add(unit: number, ns: number): void {
    if (unit >= this.ns.length) {
      this.ns = grown(this.ns, unit + 1);
      this.touched = grownInts(this.touched, unit + 1);
    }
    const before = this.ns[unit] as number;
    if (before === 0) this.touched[this.count++] = unit;
    this.ns[unit] = before + ns;
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.ns[this.touched[i] as number] = 0;
    this.count = 0;
  }
}

/** Per block of RADIX^n holds the time by unit, so that a wait over many holds costs the units, not the holds. */
interface Level {
  blocks: number;
  /** Where block b begins in the columns; one more than blocks. */
  offsets: Int32Array;
  units: Int32Array;
  ns: Float64Array;
}

export class HoldLevels {
  readonly #scratch = new UnitSums();
  #levels: Level[] = [];

  constructor() {
    this.clear();
  }

  clear(): void {
    this.#levels = Array.from({ length: LEVELS }, emptyLevel);
  }

  /** Completes the blocks of the first `count` holds. */
  build(count: number, start: Float64Array, end: Float64Array, unit: Int32Array): void {
    let size = RADIX;
    for (const [index, level] of this.#levels.entries()) {
      const below = this.#levels[index - 1];
      for (; (level.blocks + 1) * size <= count;) {
        if (below === undefined) this.#sumHolds(level.blocks * RADIX, start, end, unit);
        else this.#sumBlocks(below, level.blocks * RADIX);
        this.#append(level);
      }
      size *= RADIX;
    }
  }

  /** Adds the largest block that begins at hold `at` and ends by `count`; answers the hold after it, `at` if none. */
  addBlock(at: number, count: number, sums: UnitSums): number {
    let size = RADIX;
    let found = -1;
    while (found + 1 < LEVELS && at % size === 0 && at + size <= count) {
      found++;
      size *= RADIX;
    }
    const level = this.#levels[found];
    if (level === undefined) return at;
    size /= RADIX;
    const block = at / size;
    const to = level.offsets[block + 1] as number;
    for (let i = level.offsets[block] as number; i < to; i++) {
      sums.add(level.units[i] as number, level.ns[i] as number);
    }
    return at + size;
  }

  #sumHolds(from: number, start: Float64Array, end: Float64Array, unit: Int32Array): void {
    for (let i = from; i < from + RADIX; i++) {
      this.#scratch.add(unit[i] as number, (end[i] as number) - (start[i] as number));
    }
  }

  #sumBlocks(below: Level, from: number): void {
    const to = below.offsets[from + RADIX] as number;
    for (let i = below.offsets[from] as number; i < to; i++) {
      this.#scratch.add(below.units[i] as number, below.ns[i] as number);
    }
  }

  #append(level: Level): void {
    const sums = this.#scratch;
    const from = level.offsets[level.blocks] as number;
    const to = from + sums.count;
    if (to > level.units.length) {
      level.units = grownInts(level.units, to);
      level.ns = grown(level.ns, to);
    }
    for (let i = 0; i < sums.count; i++) {
      const unit = sums.touched[i] as number;
      level.units[from + i] = unit;
      level.ns[from + i] = sums.ns[unit] as number;
    }
    sums.clear();
    level.blocks++;
    if (level.blocks >= level.offsets.length) {
      level.offsets = grownInts(level.offsets, level.blocks + 1);
    }
    level.offsets[level.blocks] = to;
  }
}

function emptyLevel(): Level {
  return {
    blocks: 0,
    offsets: new Int32Array(64),
    units: new Int32Array(64),
    ns: new Float64Array(64),
  };
}
