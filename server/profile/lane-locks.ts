import { firstAbove } from './search';
import { grown, grownInts } from './table';

/** A wait for a lock, as the chart shows it. */
export interface LockWait {
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
  readonly lock: number;
  /** Thread that let it go, -1 unknown. */
  readonly releaser: number;
  /** Of a lock whose holds are not recorded: the stack of the owner that the waiter saw, 0 unknown; else -1. */
  readonly owner: number;
}

/** The waits of one thread for locks, in their order: parts of its time without the GIL. */
export interface LockWaits {
  readonly count: number;
  /** Time waited up to a moment, of the first `count` waits. */
  waitedUntil(timeNs: number, count: number): number;
  /** Of the first `count` waits those that meet [fromNs, toNs), uncut, in order. */
  between(fromNs: number, toNs: number, count: number): LockWait[];
}

/** The waits that ended. */
export class LaneLocks implements LockWaits {
  #count = 0;
  #start = new Float64Array(4);
  #end = new Float64Array(4);
  /** Waited before the wait. */
  #before = new Float64Array(4);
  #stack = new Int32Array(4);
  #lock = new Int32Array(4);
  #releaser = new Int32Array(4);
  #owner = new Int32Array(4);

  get count(): number {
    return this.#count;
  }

  /** 0 without any. */
  get endNs(): number {
    return this.#count === 0 ? 0 : (this.#end[this.#count - 1] as number);
  }

  /** A wait that begins before the last one ended is left out. */
  push({ startNs, endNs, stack, lock, releaser, owner }: LockWait): void {
    const at = this.#count;
    const last = at === 0 ? 0 : (this.#end[at - 1] as number);
    if (startNs < last || endNs <= startNs) return;
    if (at === this.#start.length) this.#grow();
    this.#start[at] = startNs;
    this.#end[at] = endNs;
    this.#before[at] = this.waitedUntil(startNs, at);
    this.#stack[at] = stack;
    this.#lock[at] = lock;
    this.#releaser[at] = releaser;
    this.#owner[at] = owner;
    this.#count = at + 1;
  }

  waitedUntil(timeNs: number, count: number): number {
    const last = firstAbove(this.#end, count, timeNs);
    if (last < count) {
      const inside = timeNs - (this.#start[last] as number);
      return (this.#before[last] as number) + Math.max(inside, 0);
    }
    if (count === 0) return 0;
    const length = (this.#end[count - 1] as number) - (this.#start[count - 1] as number);
    return (this.#before[count - 1] as number) + length;
  }

  between(fromNs: number, toNs: number, count: number): LockWait[] {
    const found: LockWait[] = [];
    for (let i = firstAbove(this.#end, count, fromNs); i < count; i++) {
      if ((this.#start[i] as number) >= toNs) break;
      found.push({
        startNs: this.#start[i] as number,
        endNs: this.#end[i] as number,
        stack: this.#stack[i] as number,
        lock: this.#lock[i] as number,
        releaser: this.#releaser[i] as number,
        owner: this.#owner[i] as number,
      });
    }
    return found;
  }

  #grow(): void {
    const needed = this.#count * 2;
    this.#start = grown(this.#start, needed);
    this.#end = grown(this.#end, needed);
    this.#before = grown(this.#before, needed);
    this.#stack = grownInts(this.#stack, needed);
    this.#lock = grownInts(this.#lock, needed);
    this.#releaser = grownInts(this.#releaser, needed);
    this.#owner = grownInts(this.#owner, needed);
  }
}

/** Those of a moment, with the wait that goes on: no copy, however many there are. */
export class OpenLaneLocks implements LockWaits {
  readonly count: number;
  readonly #ended: LaneLocks;
  readonly #endedCount: number;
  readonly #open: LockWait;

  constructor(ended: LaneLocks | null, open: LockWait) {
    this.#ended = ended ?? new LaneLocks();
    this.#endedCount = this.#ended.count;
    this.#open = open;
    const fits = open.startNs >= this.#ended.endNs && open.endNs > open.startNs;
    this.count = this.#endedCount + (fits ? 1 : 0);
  }

  waitedUntil(timeNs: number, count: number): number {
    const { startNs, endNs } = this.#open;
    const waited = this.#ended.waitedUntil(timeNs, Math.min(count, this.#endedCount));
    if (count <= this.#endedCount) return waited;
    return waited + Math.max(Math.min(timeNs, endNs) - startNs, 0);
  }

  between(fromNs: number, toNs: number, count: number): LockWait[] {
    const found = this.#ended.between(fromNs, toNs, Math.min(count, this.#endedCount));
    const { startNs, endNs } = this.#open;
    if (count > this.#endedCount && endNs > fromNs && startNs < toNs) found.push(this.#open);
    return found;
  }
}
