import { KeyIndex } from './key-index';

/** Holds as columns; `owner` is whose they are. */
export interface HoldColumns {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly owner: Int32Array;
  readonly unit: Int32Array;
}

/** How many holds are kept singly, and how many old neighbours are folded. Grows while folding finds little to fold. */
export class FoldSize {
  limit: number;
  run: number;

  constructor(limit: number, run: number) {
    this.limit = limit;
    this.run = run;
  }

  /** After a fold that left `count` holds. */
  adapt(count: number): void {
    if (count <= 0.75 * this.limit) return;
    // Longer runs first: memory follows owners and units rather than the holds.
    if (this.run < this.limit / 2) this.run *= 4;
    else this.limit *= 2;
  }
}

/**
 * Folds the holds [from, end) to one for each owner and unit, end to end from the first one's start, and stores them at
 * `to`, which is not above `from`; answers the index after them.
 */
export function foldRun(columns: HoldColumns, from: number, end: number, to: number): number {
  const keys = new KeyIndex();
  const lengths: number[] = [];
  let at = columns.start[from] as number;
  for (let i = from; i < end; i++) {
    const key = keys.of(columns.owner[i] as number, columns.unit[i] as number);
    const ns = (columns.end[i] as number) - (columns.start[i] as number);
    lengths[key] = (lengths[key] ?? 0) + ns;
  }
  for (const [key, ns] of lengths.entries()) {
    columns.start[to] = at;
    at += ns;
    columns.end[to] = at;
    columns.owner[to] = keys.firstOf(key);
    columns.unit[to] = keys.secondOf(key);
    to++;
  }
  return to;
}
