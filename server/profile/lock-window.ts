import { foldRun, FoldSize } from './fold-run';
import { firstAbove } from './search';
import { grown, grownInts } from './table';

/** Holds kept singly of a lock; beyond it the older half is folded. */
const WINDOW_HOLDS = 1 << 15;
/** Neighbouring holds that are folded together. */
const FOLD_HOLDS = 512;

/** A hold of a lock, or a part of one. */
export interface LockPiece {
  readonly startNs: number;
  readonly endNs: number;
  readonly thread: number;
  readonly unit: number;
}

/**
 * The holds of one lock that a wait may still reach back to, in their order. Memory is bounded as in HoldWindow: old
 * neighbours of one thread and unit become one hold of their total length.
 */
export class LockWindow {
  /** How many times old holds were folded, and the indices of all changed. */
  folds = 0;
  /** Since then holds are kept singly. */
  singleFromNs = 0;
  readonly #size: FoldSize;
  #count = 0;
  #start = new Float64Array(4);
  #end = new Float64Array(4);
  #thread = new Int32Array(4);
  #unit = new Int32Array(4);

  constructor(limit = WINDOW_HOLDS, foldHolds = FOLD_HOLDS) {
    this.#size = new FoldSize(limit, foldHolds);
  }

  get count(): number {
    return this.#count;
  }

  /** End of the last hold, 0 before the first. */
  get endNs(): number {
    return this.#count === 0 ? 0 : (this.#end[this.#count - 1] as number);
  }

  /** Who held it last, -1 before the first. */
  get lastThread(): number {
    return this.#count === 0 ? -1 : (this.#thread[this.#count - 1] as number);
  }

  /** Appends a hold. It must not begin before the last one's end. */
  push(startNs: number, endNs: number, thread: number, unit: number): void {
    if (this.#count >= this.#size.limit) this.#fold();
    const at = this.#count;
    if (at === this.#start.length) this.#grow();
    this.#start[at] = startNs;
    this.#end[at] = endNs;
    this.#thread[at] = thread;
    this.#unit[at] = unit;
    this.#count = at + 1;
  }

  at(index: number): LockPiece {
    return {
      startNs: this.#start[index] as number,
      endNs: this.#end[index] as number,
      thread: this.#thread[index] as number,
      unit: this.#unit[index] as number,
    };
  }

  /** Index of the first hold that ended after a moment. */
  firstEndingAfter(timeNs: number): number {
    return firstAbove(this.#end, this.#count, timeNs);
  }

  /** The parts of holds between two moments, in order. */
  between(fromNs: number, toNs: number): LockPiece[] {
    const pieces: LockPiece[] = [];
    for (let i = this.firstEndingAfter(fromNs); i < this.#count; i++) {
      const startNs = Math.max(this.#start[i] as number, fromNs);
      const endNs = Math.min(this.#end[i] as number, toNs);
      if (startNs >= toNs) break;
      if (startNs < endNs) {
        pieces.push({
          startNs,
          endNs,
          thread: this.#thread[i] as number,
          unit: this.#unit[i] as number,
        });
      }
    }
    return pieces;
  }

  #fold(): void {
    const oldHalf = this.#count >> 1;
    let to = 0;
    const columns = { start: this.#start, end: this.#end, owner: this.#thread, unit: this.#unit };
    for (let from = 0; from < oldHalf; from += this.#size.run) {
      to = foldRun(columns, from, Math.min(from + this.#size.run, oldHalf), to);
    }
    for (const column of [this.#start, this.#end, this.#thread, this.#unit]) {
      column.copyWithin(to, oldHalf, this.#count);
    }
    this.#count = to + this.#count - oldHalf;
    this.singleFromNs = this.#start[to] ?? 0;
    this.#size.adapt(this.#count);
    this.folds++;
  }

  #grow(): void {
    const needed = this.#count * 2;
    this.#start = grown(this.#start, needed);
    this.#end = grown(this.#end, needed);
    this.#thread = grownInts(this.#thread, needed);
    this.#unit = grownInts(this.#unit, needed);
  }
}
