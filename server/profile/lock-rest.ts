import type { LockState, TraceState } from '../trace/events';
import { groupBy } from './group-by';
import { LOCK_CELL, type LockSums } from './lock-books';
import { holdNsOf } from './lock-ledger';
import type { OpenLockState, OpenLockWaitOf } from './lock-open';
import { isCounting } from './lock-shared';
import { WorkSense } from './lock-work';

/** What only the totals of locks have: waits and holds that were not recorded singly. */
export interface LockRest {
  waitNs: number;
  waits: number;
  workNs: number;
  works: number;
  holdNs: number;
}

/** Tells of locks of which rows were lost how much the totals have beyond the rows. */
export class LockRests {
  readonly #state: TraceState;
  readonly #sums: LockSums;
  readonly #open: OpenLockState;
  readonly #openWaits: ReadonlyMap<number, readonly OpenLockWaitOf[]>;
  /** By lock of which rows were lost. */
  readonly #cells = new Map<number, number[]>();
  readonly #sense = new WorkSense();

  constructor(state: TraceState, sums: LockSums, open: OpenLockState) {
    this.#state = state;
    this.#sums = sums;
    this.#open = open;
    this.#openWaits = groupBy(open.waits, (wait) => wait.lock);
    for (const [lock, { lostRows }] of state.locks.entries())
      if (lostRows > 0) this.#cells.set(lock, []);
    if (this.#cells.size === 0) return;
    for (let cell = 0; cell < sums.cells.count; cell++)
      this.#cells.get(sums.cells.firstOf(cell))?.push(cell);
  }

  of(locks: readonly number[]): LockRest {
    const rest: LockRest = { waitNs: 0, waits: 0, workNs: 0, works: 0, holdNs: 0 };
    for (const lock of locks) {
      const [known, cells] = [this.#state.locks[lock], this.#cells.get(lock)];
      if (known !== undefined && cells !== undefined) this.#add(rest, lock, known, cells);
    }
    return rest;
  }

  #add(rest: LockRest, lock: number, known: LockState, cells: readonly number[]): void {
    const { cellSums } = this.#sums;
    const recorded = (...fields: readonly number[]) =>
      fields.reduce(
        (sum, field) => cells.reduce((total, cell) => total + cellSums.get(cell, field), sum),
        0,
      );
    // What goes on is in the sums, and not yet in the totals.
    const open = this.#openWaits.get(lock) ?? [];
    const openNs = open.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
    const ns = beyond(known.waitNs, recorded(LOCK_CELL.waitNs, LOCK_CELL.workNs) - openNs);
    const count = beyond(known.contended, recorded(LOCK_CELL.waits, LOCK_CELL.works) - open.length);
    // The stacks are lost: only the lock itself can tell.
    const role = this.#sense.roleOf(this.#state.stacks, known);
    const isHeld = role === 'lock' || role === 'import';
    const isWork = !isHeld || isCounting(known);
    rest[isWork ? 'workNs' : 'waitNs'] += ns;
    rest[isWork ? 'works' : 'waits'] += count;
    if (isHeld) rest.holdNs += this.#holdNsOf(lock, known, cells);
  }

  #holdNsOf(lock: number, known: LockState, cells: readonly number[]): number {
    const hold = this.#open.holds.get(lock);
    const openNs = hold === undefined ? 0 : hold.endNs - hold.startNs;
    const recordedNs = cells.reduce((sum, cell) => sum + holdNsOf(this.#sums, cell), 0);
    return beyond(known.holdNs, recordedNs - openNs);
  }
}

/** A trace that is read while it grows may show a part before the total that contains it. */
function beyond(total: number, recorded: number): number {
  return Math.max(total - recorded, 0);
}
