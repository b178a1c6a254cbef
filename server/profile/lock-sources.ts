import { type Books, LANE } from './books';
import type { HoldShares } from './hold-shares';
import type { Stretch } from './lane-history';
import type { LockBooks } from './lock-books';
import type { LockSources } from './lock-charge';
import type { LockPiece } from './lock-window';
import { UnitSums } from './unit-sums';

/** What the books remember: for waits that have just ended. */
export class BookSources implements LockSources {
  readonly isComplete = false;
  readonly scratch = new UnitSums();
  readonly locks: LockBooks;
  readonly sharesOf: (lock: number, gil: number) => HoldShares;
  readonly #books: Books;

  constructor(books: Books, locks: LockBooks, sharesOf: (lock: number, gil: number) => HoldShares) {
    this.#books = books;
    this.locks = locks;
    this.sharesOf = sharesOf;
  }

  waitsOf(thread: number, fromNs: number, toNs: number): readonly LockPiece[] {
    return this.locks.waitsOf(thread).between(fromNs, toNs);
  }

  gilWaitsOf(gil: number, thread: number, fromNs: number, toNs: number): readonly Stretch[] {
    const lane = gil < 0 ? undefined : this.#books.laneOf(gil, thread);
    return lane?.history.waitsBetween(fromNs, toNs) ?? [];
  }

  sumGilHolds(gil: number, fromNs: number, toNs: number, sums: UnitSums): void {
    this.#books.gil(gil).window.sumBetween(fromNs, toNs, sums);
  }

  isOver(lock: number, thread: number, endNs: number, gil: number): boolean {
    // Let go by another thread, it may have waited for another lock meanwhile.
    if (this.locks.handedOn.has(lock) && this.locks.waitsOf(thread).endNs < endNs) return false;
    if (gil < 0) return true;
    const lane = this.#books.laneOf(gil, thread);
    return lane !== undefined && this.#books.laneTimes.get(lane.index, LANE.lastEndNs) >= endNs;
  }
}
