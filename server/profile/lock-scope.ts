import type { LockScopeSums } from '../protocol-analysis';
import type { LockSnapshot } from './lock-analysis';

interface Sums {
  waitNs: number;
  contended: number;
  maxWaitNs: number;
  holdNs: number;
}

/** What some threads had to do with locks in a part of the run. */
export class LockScope {
  readonly snapshot: LockSnapshot;
  readonly #sums = new Map<number, Sums>();

  constructor(locks: LockSnapshot) {
    this.snapshot = locks;
  }

  /** A wait, of which `ns` lie in the scope. */
  addWait(lock: number, ns: number, wholeNs: number): void {
    const sums = this.#of(this.snapshot.groups.ofLock[lock] ?? -1);
    if (sums === null) return;
    sums.waitNs += ns;
    sums.contended++;
    sums.maxWaitNs = Math.max(sums.maxWaitNs, wholeNs);
  }

  /** The holds of these threads that were recorded each. */
  addHolds(threads: ReadonlyMap<number, unknown>, fromNs: number, toNs: number): void {
    for (const [group, { locks }] of this.snapshot.groups.groups.entries()) {
      for (const lock of locks) {
        for (const { thread, startNs, endNs } of this.snapshot.holdsBetween(lock, fromNs, toNs)) {
          const sums = threads.has(thread) ? this.#of(group) : null;
          if (sums !== null) sums.holdNs += endNs - startNs;
        }
      }
    }
  }

  /** By the id of the lock's row. */
  rows(): LockScopeSums[] {
    return [...this.#sums].map(([group, sums]) => ({
      lock: this.snapshot.groups.groups[group]?.id ?? '',
      ...sums,
    }));
  }

  #of(group: number): Sums | null {
    if (group < 0) return null;
    const known = this.#sums.get(group) ?? { waitNs: 0, contended: 0, maxWaitNs: 0, holdNs: 0 };
    this.#sums.set(group, known);
    return known;
  }
}
