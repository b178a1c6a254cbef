import type { BlameRow, LockRow } from '../protocol';
import type { LockBatch, TraceState } from '../trace/events';
import type { Books } from './books';
import type { LineIndex } from './line-index';
import type { Lives } from './lives';
import { LockBooks, LOCK_THREAD, type LockOrder, type LockSums } from './lock-books';
import { type LockGroups, lockGroupsOf } from './lock-groups';
import { LockIdentities, type ReadSource } from './lock-identity';
import { LockKeeper, type LockListener } from './lock-keeper';
import { type LockLedger, lockLedgerOf } from './lock-ledger';
import { type OpenLockState, withOpenLocks } from './lock-open';
import { lockBlameRowsOf, lockRowsOf } from './lock-rows';
import { SharedLocks } from './lock-shared';
import type { LockPiece } from './lock-window';
import { UserLines } from './user-lines';

export interface LockHold {
  readonly thread: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
}

/** Locks at one moment. */
export interface LockSnapshot {
  readonly rows: readonly LockRow[];
  readonly blame: readonly BlameRow[];
  readonly ledger: LockLedger;
  readonly sums: LockSums;
  readonly groups: LockGroups;
  readonly open: OpenLockState;
  readonly orders: readonly LockOrder[];
  /** Locks that serve as signals: released by another thread than that which had acquired them. */
  readonly handedOn: ReadonlySet<number>;
  readonly shared: SharedLocks;
  readonly userLines: UserLines;
  /** Who held a lock between two moments, cut to them, in order; with the stack of the acquisition. */
  readonly holdsBetween: (lock: number, fromNs: number, toNs: number) => readonly LockHold[];
  /** Since then a lock's holds are known each; of older ones only what they sum up to. */
  readonly singleFromNs: (lock: number) => number;
  /** The line of the program itself at a stack. */
  readonly userLineOf: (stack: number) => number;
  /** By thread of the trace. */
  readonly threadWaitNs: (thread: number) => number;
}

/** Events of locks in, what they come to out; beside the GIL's books, which it reads. */
export class LockAnalysis {
  readonly #books: Books;
  readonly #lines: LineIndex;
  readonly #locks: LockBooks;
  readonly #keeper: LockKeeper;
  readonly #identities: LockIdentities;
  readonly #userLines: UserLines;

  constructor(
    books: Books,
    lines: LineIndex,
    options: { readonly onLockWait?: LockListener | null; readonly readSource?: ReadSource },
  ) {
    this.#books = books;
    this.#lines = lines;
    this.#locks = new LockBooks((options.onLockWait ?? null) !== null);
    this.#keeper = new LockKeeper(books, this.#locks, options.onLockWait ?? null);
    this.#identities = new LockIdentities(options.readSource ?? (() => null));
    this.#userLines = new UserLines(lines);
  }

  get faults(): LockBooks['faults'] {
    return this.#locks.faults;
  }

  add(batch: LockBatch): void {
    this.#keeper.add(batch);
  }

  /** Cycles of the GIL have come. */
  advance(gil: number): void {
    this.#keeper.advance(gil);
  }

  /** @param final Nothing more will come. */
  settle(final: boolean): void {
    this.#keeper.settle(final);
  }

  snapshot(state: TraceState, lives: Lives): LockSnapshot {
    const [books, lines, userLines] = [this.#books, this.#lines, this.#userLines];
    const shared = new SharedLocks(state);
    const { sums, open } = withOpenLocks(books, this.#locks, this.#keeper, state, lives, shared);
    const groups = lockGroupsOf(state, sums, this.#identities, shared);
    const ledger = lockLedgerOf({ books, sums, groups, lines, userLines, state });
    return {
      rows: lockRowsOf({ state, sums, groups, ledger, lines, open }),
      blame: lockBlameRowsOf(groups, ledger, lines),
      ledger,
      sums,
      groups,
      open,
      orders: [...this.#locks.orders.values()],
      handedOn: this.#locks.handedOn,
      shared,
      userLines,
      holdsBetween: (lock, fromNs, toNs) =>
        [
          ...this.#locks.holdsBetween(lock, fromNs, toNs),
          ...cutTo(open.holds.get(lock), fromNs, toNs),
        ].map(({ unit, ...hold }) => ({ ...hold, stack: books.units.firstOf(unit) })),
      singleFromNs: (lock) => this.#locks.singleFromNs(lock),
      userLineOf: (stack) => userLines.lineOf(state.stacks, stack),
      threadWaitNs: (thread) => sums.threads.get(thread, LOCK_THREAD.lockWaitNs),
    };
  }
}

/** A hold that goes on, cut to two moments. */
function cutTo(hold: LockPiece | undefined, fromNs: number, toNs: number): readonly LockPiece[] {
  if (hold === undefined || hold.endNs <= fromNs || hold.startNs >= toNs) return [];
  const [startNs, endNs] = [Math.max(hold.startNs, fromNs), Math.min(hold.endNs, toNs)];
  return [{ ...hold, startNs, endNs }];
}
