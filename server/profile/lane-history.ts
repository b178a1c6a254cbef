import { grown, grownInts } from './table';

/** Cycles remembered of a lane; a power of two. What is older is forgotten. */
const MAX_CYCLES = 1 << 16;

/** A stretch of time and what it belongs to. */
export interface Stretch {
  readonly startNs: number;
  readonly endNs: number;
  readonly tag: number;
}

/**
 * What a lane did of late between its holds of the GIL: off, then waiting. Asked about moments that have just passed,
 * to see through a thread that holds a lock but waits for the GIL.
 */
export class LaneHistory {
  #offStart = new Float64Array(8);
  #waitStart = new Float64Array(8);
  #acquired = new Float64Array(8);
  #stack = new Int32Array(8);
  /** Ever pushed. */
  #count = 0;

  /** Times must not decrease. `stack`: of the release at which the off time began. */
  push(offStartNs: number, waitStartNs: number, acquiredNs: number, stack: number): void {
    if (this.#count === this.#offStart.length && this.#count < MAX_CYCLES) this.#grow();
    const at = this.#count++ & (this.#offStart.length - 1);
    this.#offStart[at] = offStartNs;
    this.#waitStart[at] = waitStartNs;
    this.#acquired[at] = acquiredNs;
    this.#stack[at] = stack;
  }

  /** The waits for the GIL between two moments, cut to them, in order; their tags are 0. */
  waitsBetween(fromNs: number, toNs: number): Stretch[] {
    return this.#between(fromNs, toNs, this.#waitStart, this.#acquired, false);
  }

  /** The time without the GIL, likewise; the tag is the stack of the release. */
  offsBetween(fromNs: number, toNs: number): Stretch[] {
    return this.#between(fromNs, toNs, this.#offStart, this.#waitStart, true);
  }

  #between(
    fromNs: number,
    toNs: number,
    starts: Float64Array,
    ends: Float64Array,
    withStack: boolean,
  ): Stretch[] {
    const found: Stretch[] = [];
    const mask = this.#offStart.length - 1;
    for (let i = this.#firstAfter(fromNs); i < this.#count; i++) {
      const at = i & mask;
      if ((this.#offStart[at] as number) >= toNs) break;
      const startNs = Math.max(starts[at] as number, fromNs);
      const endNs = Math.min(ends[at] as number, toNs);
      if (startNs < endNs) {
        found.push({ startNs, endNs, tag: withStack ? (this.#stack[at] as number) : 0 });
      }
    }
    return found;
  }

  /** The first cycle that was acquired after a moment. */
  #firstAfter(timeNs: number): number {
    const mask = this.#offStart.length - 1;
    let low = Math.max(0, this.#count - this.#offStart.length) - 1;
    let high = this.#count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#acquired[middle & mask] as number) > timeNs) high = middle;
      else low = middle;
    }
    return high;
  }

  #grow(): void {
    const needed = this.#count * 2;
    this.#offStart = grown(this.#offStart, needed);
    this.#waitStart = grown(this.#waitStart, needed);
    this.#acquired = grown(this.#acquired, needed);
    this.#stack = grownInts(this.#stack, needed);
  }
}
