import { foldRun, FoldSize } from './fold-run';
import { grown, grownInts } from './table';
import { UnitHistory } from './unit-history';
import { UnitSums } from './unit-sums';

/** Holds kept singly for waits that are still going on; beyond it the older ones are folded. */
const WINDOW_HOLDS = 1 << 18;
/** So large a part of them: what stays is taken up anew each time. */
const FOLDED_SHARE = 0.75;
/** Neighbouring holds that are folded together. */
const FOLD_HOLDS = 1024;
/** A wait over fewer holds than this is summed hold by hold. */
const WALK_HOLDS = 4;

/**
 * The holds of one GIL that a wait may still reach back to, in their order, and what waits charge to them.
 *
 * A stream does not say which waits are going on, so nothing can be forgotten; memory is bounded by folding: of 1024
 * old neighbours (of more, where they are of many lanes and units), those of one lane and unit become one hold of their
 * total length, in the order in which they first came. A wait over all of them is charged exactly as before; a wait that
 * began among them (over 65,536 holds ago) keeps its total, and the first of its holders are the folded ones.
 */
export class HoldWindow {
  /** Filled by {@link charge}: held time by unit. */
  readonly sums = new UnitSums();
  readonly #history = new UnitHistory();
  readonly #size: FoldSize;
  #count = 0;
  #start = new Float64Array(64);
  #end = new Float64Array(64);
  #lane = new Int32Array(64);
  #unit = new Int32Array(64);
  /** Waits that cover a hold wholly: the change from the hold before. One more than the holds. */
  #coverChange = new Int32Array(65);
  /** No cover changes before this hold. */
  #coveredFrom = 0;

  constructor(limit = WINDOW_HOLDS, foldHolds = FOLD_HOLDS) {
    this.#size = new FoldSize(limit, foldHolds);
  }

  get count(): number {
    return this.#count;
  }

  /** Appends a hold, or a segment of one. It must not begin before the last one's end. */
  push(start: number, end: number, lane: number, unit: number, blocks: Float64Array): void {
    if (end <= start) return;
    if (this.#count >= this.#size.limit) this.#fold(blocks);
    const at = this.#count;
    if (at === this.#start.length) this.#grow();
    this.#start[at] = start;
    this.#end[at] = end;
    this.#lane[at] = lane;
    this.#unit[at] = unit;
    this.#count = at + 1;
    this.#history.push(at, unit, end - start);
  }

  /**
   * Sums up what was held from `from` to `to` by unit, in {@link sums} (empty before). What lanes thereby block is in
   * `blocks` now or after {@link settle}.
   */
  charge(from: number, to: number, blocks: Float64Array): void {
    const count = this.#count;
    if (count === 0 || (this.#end[count - 1] as number) <= from) return;
    if (to < (this.#end[count - 1] as number)) {
      this.#chargeInside(from, to, blocks);
      return;
    }
    const first = this.#firstEndingAfter(from);
    this.#chargeOne(first, from, to, blocks);
    if (first + 1 === count) return;
    this.#coverChange[first + 1] = (this.#coverChange[first + 1] as number) + 1;
    this.#coverChange[count] = (this.#coverChange[count] as number) - 1;
    if (first + 1 < this.#coveredFrom) this.#coveredFrom = first + 1;
    this.#sumFrom(first + 1);
  }

  /** Adds what was held from `from` to `to` by unit, and charges nobody. */
  sumBetween(from: number, to: number, sums: UnitSums): void {
    if (this.#count === 0) return;
    for (let i = this.#firstEndingAfter(from); i < this.#count; i++) {
      const start = this.#start[i] as number;
      if (start >= to) return;
      const ns = Math.min(this.#end[i] as number, to) - Math.max(start, from);
      if (ns > 0) sums.add(this.#unit[i] as number, ns);
    }
  }

  /** Adds what whole holds blocked since the last call to the lanes' `blocks`. */
  settle(blocks: Float64Array): void {
    let cover = 0;
    for (let i = this.#coveredFrom; i < this.#count; i++) {
      cover += this.#coverChange[i] as number;
      this.#coverChange[i] = 0;
      if (cover === 0) continue;
      const lane = this.#lane[i] as number;
      const ns = (this.#end[i] as number) - (this.#start[i] as number);
      blocks[lane] = (blocks[lane] as number) + cover * ns;
    }
    this.#coverChange[this.#count] = 0;
    this.#coveredFrom = this.#count;
  }

  #sumFrom(from: number): void {
    if (this.#count - from > WALK_HOLDS) {
      this.#history.sumFrom(from, this.sums);
      return;
    }
    for (let i = from; i < this.#count; i++) {
      this.sums.add(this.#unit[i] as number, (this.#end[i] as number) - (this.#start[i] as number));
    }
  }

  #chargeOne(index: number, from: number, to: number, blocks: Float64Array): void {
    const ns =
      Math.min(this.#end[index] as number, to) - Math.max(this.#start[index] as number, from);
    if (ns <= 0) return;
    const lane = this.#lane[index] as number;
    blocks[lane] = (blocks[lane] as number) + ns;
    this.sums.add(this.#unit[index] as number, ns);
  }

  /** A wait that ended before the last hold did. */
  #chargeInside(from: number, to: number, blocks: Float64Array): void {
    for (let i = this.#firstEndingAfter(from); i < this.#count; i++) {
      if ((this.#start[i] as number) >= to) break;
      this.#chargeOne(i, from, to, blocks);
    }
  }

  /** Searched from the end, where almost all waits begin. */
  #firstEndingAfter(time: number): number {
    const end = this.#end;
    let high = this.#count - 1;
    let step = 1;
    while (high - step >= 0 && (end[high - step] as number) > time) {
      high -= step;
      step *= 2;
    }
    let low = Math.max(high - step, -1);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((end[middle] as number) > time) high = middle;
      else low = middle;
    }
    return high;
  }

  #fold(blocks: Float64Array): void {
    this.settle(blocks);
    const old = Math.floor(this.#count * FOLDED_SHARE);
    let to = 0;
    const columns = { start: this.#start, end: this.#end, owner: this.#lane, unit: this.#unit };
    for (let from = 0; from < old; from += this.#size.run) {
      to = foldRun(columns, from, Math.min(from + this.#size.run, old), to);
    }
    for (const column of [this.#start, this.#end, this.#lane, this.#unit]) {
      column.copyWithin(to, old, this.#count);
    }
    this.#count = to + this.#count - old;
    this.#coveredFrom = this.#count;
    this.#history.clear();
    for (let i = 0; i < this.#count; i++) {
      const ns = (this.#end[i] as number) - (this.#start[i] as number);
      this.#history.push(i, this.#unit[i] as number, ns);
    }
    this.#size.adapt(this.#count);
  }

  #grow(): void {
    const needed = this.#count * 2;
    this.#start = grown(this.#start, needed);
    this.#end = grown(this.#end, needed);
    this.#lane = grownInts(this.#lane, needed);
    this.#unit = grownInts(this.#unit, needed);
    this.#coverChange = grownInts(this.#coverChange, needed + 1);
  }
}
