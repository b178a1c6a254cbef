import type { Awaited } from './activities';
import { listOf } from './group-by';
import { firstAbove } from './search';
import { grown, grownInts } from './table';

/** A time off the GIL that may have been a wait for another process or thread. */
export interface AwaitStretch {
  /** Index in the trace's state. */
  readonly thread: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly stack: number;
  /** What its stack says; null: nothing. */
  readonly on: Awaited | null;
}

/** Data went to another process: the release of the GIL before the system call. */
export interface Send {
  readonly thread: number;
  readonly atNs: number;
}

/** 28 bytes each. */
export class AwaitStretches {
  #count = 0;
  #from = new Float64Array(64);
  #to = new Float64Array(64);
  #thread = new Int32Array(64);
  #stack = new Int32Array(64);
  readonly #on: (Awaited | null)[] = [];
  /** Those of a thread, in the order in which they came. */
  readonly #ofThread = new Map<number, number[]>();

  get count(): number {
    return this.#count;
  }

  push({ thread, fromNs, toNs, stack, on }: AwaitStretch): void {
    const at = this.#count++;
    if (at === this.#from.length) {
      this.#from = grown(this.#from, at + 1);
      this.#to = grown(this.#to, at + 1);
      this.#thread = grownInts(this.#thread, at + 1);
      this.#stack = grownInts(this.#stack, at + 1);
    }
    this.#from[at] = fromNs;
    this.#to[at] = toNs;
    this.#thread[at] = thread;
    this.#stack[at] = stack;
    this.#on.push(on);
    listOf(this.#ofThread, thread).push(at);
  }

  at(index: number): AwaitStretch {
    return {
      thread: this.#thread[index] as number,
      fromNs: this.#from[index] as number,
      toNs: this.#to[index] as number,
      stack: this.#stack[index] as number,
      on: this.#on[index] ?? null,
    };
  }

  startOf(index: number): number {
    return this.#from[index] as number;
  }

  ofThread(thread: number): readonly number[] {
    return this.#ofThread.get(thread) ?? [];
  }
}

/** In the order of time once they are sorted, though they come thread by thread. */
export class Sends {
  #count = 0;
  #sorted = 0;
  #at = new Float64Array(64);
  #thread = new Int32Array(64);

  get count(): number {
    return this.#count;
  }

  push({ thread, atNs }: Send): void {
    const at = this.#count++;
    if (at === this.#at.length) {
      this.#at = grown(this.#at, at + 1);
      this.#thread = grownInts(this.#thread, at + 1);
    }
    this.#at[at] = atNs;
    this.#thread[at] = thread;
  }

  /** Costs what came since the last time, and those before that are later than the first of these. */
  sort(): void {
    if (this.#sorted === this.#count) return;
    let first = Infinity;
    for (let i = this.#sorted; i < this.#count; i++) first = Math.min(first, this.#at[i] as number);
    const from = firstAbove(this.#at, this.#sorted, first);
    const moved = Array.from({ length: this.#count - from }, (_, i) => this.at(from + i));
    moved.sort((a, b) => a.atNs - b.atNs);
    for (const [i, { atNs, thread }] of moved.entries()) {
      this.#at[from + i] = atNs;
      this.#thread[from + i] = thread;
    }
    this.#sorted = this.#count;
  }

  at(index: number): Send {
    return { thread: this.#thread[index] as number, atNs: this.#at[index] as number };
  }

  /** Index of the last that is not after a moment, -1: none. Only of those that were sorted. */
  lastUpTo(timeNs: number): number {
    return firstAbove(this.#at, this.#sorted, timeNs) - 1;
  }
}
