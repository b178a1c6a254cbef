import type { FaultKind } from './books';
import { KeyIndex } from './key-index';
import { type LockPiece, LockWindow } from './lock-window';
import { Table } from './table';

/** Fields of a cell: what happened to one lock at one stack (of the waiter, or of the acquisition). */
export const LOCK_CELL = {
  waitNs: 0,
  waits: 1,
  maxWaitNs: 2,
  /** Of holds that were recorded each. */
  holdNs: 3,
  /** Of sampled holds, each times what it stands for. */
  estimatedNs: 4,
  maxHoldNs: 5,
  acquires: 6,
  workNs: 7,
  works: 8,
  maxWorkNs: 9,
  /** Waits in a free-threaded build that never slept; also in waitNs and waits. */
  spunNs: 10,
  spins: 11,
} as const;
const CELL_WIDTH = 12;

/** Fields of a lock. */
export const LOCK_SUM = {
  handOffNs: 0,
  /** Waits while the holder itself waited for the GIL, or for another lock. */
  throughGilNs: 1,
  throughLockNs: 2,
  /** Holds of which the start is only known within bounds. */
  estimatedStarts: 3,
  estimatedHolds: 4,
} as const;
const SUM_WIDTH = 5;

/** Fields of a pair (a waiting cell, a unit of the holder) and of a place (a lock, a stack). */
export const SPAN = { ns: 0, count: 1, maxNs: 2 } as const;
const SPAN_WIDTH = 3;

export const LOCK_THREAD = { lockWaitNs: 0, workNs: 1 } as const;
const THREAD_WIDTH = 2;

/** Sums by a pair of keys. */
export class SpanIndex {
  readonly keys: KeyIndex;
  readonly sums: Table;

  constructor(keys = new KeyIndex(), sums = new Table(SPAN_WIDTH)) {
    this.keys = keys;
    this.sums = sums;
  }

  add(first: number, second: number, ns: number): void {
    const row = this.keys.of(first, second);
    this.sums.ensure(row);
    this.sums.add(row, SPAN.ns, ns);
    this.sums.add(row, SPAN.count, 1);
    this.sums.raise(row, SPAN.maxNs, ns);
  }

  copy(): SpanIndex {
    return new SpanIndex(this.keys, this.sums.copy());
  }
}

export type LockFault = Extract<FaultKind, `lock${string}`>;

/** What is summed up of locks. A snapshot works on a copy, to which it adds what is open. */
export class LockSums {
  /** (lock, stack) */
  readonly cells: KeyIndex;
  readonly cellSums: Table;
  readonly locks: Table;
  readonly threads: Table;
  /** (cell of the waiter, unit of the holder) */
  readonly pairs: SpanIndex;
  /** (cell of the hold, stack): off time inside of holds, by the place where the thread was without the GIL. */
  readonly idle: SpanIndex;
  /** (lock, stack): waits by the place where the owner was when they began. */
  readonly owners: SpanIndex;

  constructor(from?: LockSums) {
    this.cells = from?.cells ?? new KeyIndex();
    this.cellSums = from?.cellSums.copy() ?? new Table(CELL_WIDTH);
    this.locks = from?.locks.copy() ?? new Table(SUM_WIDTH);
    this.threads = from?.threads.copy() ?? new Table(THREAD_WIDTH);
    this.pairs = from?.pairs.copy() ?? new SpanIndex();
    this.idle = from?.idle.copy() ?? new SpanIndex();
    this.owners = from?.owners.copy() ?? new SpanIndex();
  }

  cellOf(lock: number, stack: number): number {
    const cell = this.cells.of(lock, stack);
    this.cellSums.ensure(cell);
    this.locks.ensure(lock);
    return cell;
  }

  addToThread(thread: number, field: number, ns: number): void {
    this.threads.ensure(thread);
    this.threads.add(thread, field, ns);
  }
}

/** A lock taken while another was held. */
export interface LockOrder {
  readonly outer: number;
  readonly inner: number;
  /** Where they were acquired, the first time. */
  readonly outerStack: number;
  readonly innerStack: number;
  /** Some of the threads that did it. */
  readonly threads: Set<number>;
  /** Locks that were held as well, each time. */
  guards: ReadonlySet<number>;
  count: number;
}

/** Holds kept singly of each lock for the chart, which asks about any part of the run; 10 MB. */
const CHART_HOLDS = 1 << 18;

/** All that is kept of locks. Memory follows locks, stacks and pairs of stacks, not events. */
export class LockBooks {
  readonly sums = new LockSums();
  readonly #windows = new Map<number, LockWindow>();
  /** By thread: its waits for locks of late, in order. */
  readonly #waits = new Map<number, LockWindow>();
  /** By outer and inner lock. */
  readonly orders = new Map<string, LockOrder>();
  /** Locks that were released by another thread than that which had acquired them: they serve as signals. */
  readonly handedOn = new Set<number>();
  readonly faults = new Map<LockFault, number>();
  readonly #forChart: boolean;

  constructor(forChart = false) {
    this.#forChart = forChart;
  }

  window(lock: number): LockWindow {
    const known = this.#windows.get(lock);
    if (known !== undefined) return known;
    const window = this.#forChart ? new LockWindow(CHART_HOLDS) : new LockWindow();
    this.#windows.set(lock, window);
    return window;
  }

  /** The holds of a lock between two moments, cut to them, in order. */
  holdsBetween(lock: number, fromNs: number, toNs: number): readonly LockPiece[] {
    return this.#windows.get(lock)?.between(fromNs, toNs) ?? [];
  }

  /** Since then its holds are kept singly; what is older is inexact in time, not in sum. */
  singleFromNs(lock: number): number {
    return this.#windows.get(lock)?.singleFromNs ?? 0;
  }

  /** The thread's waits; the unit of a piece is the lock that it waited for. */
  waitsOf(thread: number): LockWindow {
    const known = this.#waits.get(thread);
    if (known !== undefined) return known;
    const waits = new LockWindow();
    this.#waits.set(thread, waits);
    return waits;
  }

  fault(kind: LockFault): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
