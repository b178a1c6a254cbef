import { LockCharge, type LockSources } from './lock-charge';
import { lastUpTo } from './search';
import { grown } from './table';
import { UnitHistory } from './unit-history';

/** Running sums over the holds of a lock, up to and including each. */
const RUNNING = { handOffNs: 0, throughGilNs: 1, throughLockNs: 2 } as const;
const WIDTH = 3;

/**
 * To whom the holds of one lock are charged, as running sums: what a wait over many of them is charged to costs the
 * units, not the holds. Taken up in their order, as far as nothing that is still to come can change it.
 */
export class HoldShares {
  /** Holds taken up: the first so many of the lock's window. */
  count = 0;
  readonly gil: number;
  /** The holds of which the holder waited for another lock, in order. */
  readonly #throughLock: number[] = [];
  readonly #locks: LockSources['locks'];
  readonly #lock: number;
  readonly #charge: LockCharge;
  readonly #units = new UnitHistory();
  /** By thread: the holds for which it was looked at, in order. */
  readonly #ofThread = new Map<number, number[]>();
  #running = new Float64Array(8 * WIDTH);
  #folds = 0;

  constructor(sources: LockSources, lock: number, gil: number) {
    this.#locks = sources.locks;
    this.#lock = lock;
    this.gil = gil;
    this.#charge = new LockCharge(sources, gil, null);
  }

  /** Takes up the holds that have come, and are final, since the last call. */
  update(): void {
    const window = this.#locks.window(this.#lock);
    if (window.folds !== this.#folds) this.#clear(window.folds);
    while (this.count < window.count) {
      const hold = window.at(this.count);
      const threads = this.#charge.chargeHold(this.#lock, hold);
      if (threads === null) return;
      for (const thread of threads) {
        const known = this.#ofThread.get(thread);
        if (known === undefined) this.#ofThread.set(thread, [this.count]);
        else known.push(this.count);
      }
      const beforeNs = this.count === 0 ? hold.startNs : window.at(this.count - 1).endNs;
      this.#enter(this.#charge, hold.startNs - beforeNs);
    }
  }

  /** The last hold before one for which this thread was looked at, -1: none. A wait of its own sees those in another way. */
  lastOf(thread: number, before: number): number {
    return lastBefore(this.#ofThread.get(thread) ?? [], before);
  }

  /** The last hold before one of which the holder waited for another lock, -1: none. */
  lastThroughLock(before: number): number {
    return lastBefore(this.#throughLock, before);
  }

  /** Adds what the holds [from, to) and the gaps before each come to; `from` is above 0. */
  addTo(charge: LockCharge, from: number, to: number): void {
    this.#units.sumBetween(from, to, charge.sums);
    charge.handOffNs += this.#between(RUNNING.handOffNs, from, to);
    charge.throughGilNs += this.#between(RUNNING.throughGilNs, from, to);
    charge.throughLockNs += this.#between(RUNNING.throughLockNs, from, to);
  }

  #between(field: number, from: number, to: number): number {
    const running = this.#running;
    return (
      (running[(to - 1) * WIDTH + field] as number) -
      (running[(from - 1) * WIDTH + field] as number)
    );
  }

  #enter({ sums, handOffNs, throughGilNs, throughLockNs }: LockCharge, gapNs: number): void {
    const index = this.count++;
    for (let i = 0; i < sums.count; i++) {
      const unit = sums.touched[i] as number;
      this.#units.push(index, unit, sums.ns[unit] as number);
    }
    const at = index * WIDTH;
    if (at === this.#running.length) this.#running = grown(this.#running, at + WIDTH);
    for (const [field, ns] of [handOffNs + gapNs, throughGilNs, throughLockNs].entries()) {
      this.#running[at + field] = ns + (index === 0 ? 0 : (this.#running[at - WIDTH + field] ?? 0));
    }
    if (throughLockNs > 0) this.#throughLock.push(index);
  }

  #clear(folds: number): void {
    this.#folds = folds;
    this.count = 0;
    this.#throughLock.length = 0;
    this.#units.clear();
    this.#ofThread.clear();
  }
}

/** The last of some holds in order that is before one, -1: none. Indices are whole: before one is up to that below it. */
function lastBefore(holds: readonly number[], before: number): number {
  return holds[lastUpTo(holds, before - 1, (hold) => hold)] ?? -1;
}
