import { LOCK_FLAG, LOCK_ROW, type LockBatch, type LockState } from '../trace/events';
import { type Books, HAND_OFF, KNOWN_STACK } from './books';
import { type LockBooks, LOCK_CELL, LOCK_SUM, LOCK_THREAD, type LockSums } from './lock-books';
import { HoldShares } from './hold-shares';
import { isSameAcquisition, noteOrders } from './lock-order';
import { LockCharge, type LockSources, type OpenLocks } from './lock-charge';
import { isShared, type SharedLocks } from './lock-shared';
import { BookSources } from './lock-sources';
import { type WorkKind, WorkSense } from './lock-work';

/** Hears every wait for a lock, contention or not, in the order of their ends, for the chart. */
export type LockListener = (wait: {
  readonly thread: number;
  readonly lock: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
  /** Who let it go, -1 unknown. */
  readonly releaser: number;
  /** Of a lock whose holds are not recorded: the stack of the owner that the waiter saw, 0 unknown; else -1. */
  readonly owner: number;
}) => void;

/** One row of a batch, on its own. */
interface LockEvent {
  readonly kind: number;
  readonly lock: number;
  readonly thread: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
  readonly otherThread: number;
  readonly otherStack: number;
  readonly flags: number;
  readonly weight: number;
  /** Of a wait. */
  readonly work: WorkKind | null;
  /** Nobody holds locks of its kind in a way that is recorded: the owner that the waiter saw has to do. */
  readonly ownerOnly: boolean;
  /** Threads of other processes may hold it. */
  readonly shared: boolean;
}

interface PendingWait {
  readonly gil: number;
  readonly event: LockEvent;
}

/** Waits kept until the holds that they overlap have ended; beyond it the oldest is charged as far as is known. */
const MAX_PENDING = 1024;
/** Waits for locks that other processes may hold, of which the last are charged anew at each snapshot. */
const MAX_SHARED = 1 << 16;
/** In shorter holds nobody looks for what made them long. */
const IDLE_WORTH_NS = 100_000;
/** A lock that no GIL orders. */
const NO_GIL = -1;

/**
 * Enters the events of locks into the books. They are taken up once the GIL's own events have passed them, since who
 * holds a lock may wait for the GIL; those of free-threaded processes, which come in no order, at the next snapshot.
 */
export class LockKeeper {
  readonly #books: Books;
  readonly #locks: LockBooks;
  readonly #sources: LockSources;
  /** By lock. */
  readonly #shares = new Map<number, HoldShares>();
  readonly #listener: LockListener | null;
  readonly #sense = new WorkSense();
  /** By GIL, in the order of their ends; those without a GIL in any. */
  readonly #queues = new Map<number, LockEvent[]>();
  #pending: PendingWait[] = [];
  /** Waits are not charged yet, but with what goes on, at the snapshot. */
  #keepsWaits = false;
  readonly #shared: PendingWait[] = [];
  /** The order rows of one acquisition. */
  #acquisition: LockEvent[] = [];
  /** Events without a GIL that ended until then have all come. */
  #horizonNs = 0;
  rows = 0;

  constructor(books: Books, locks: LockBooks, listener: LockListener | null) {
    this.#books = books;
    this.#locks = locks;
    this.#sources = new BookSources(books, locks, (lock, gil) => this.#sharesOf(lock, gil));
    this.#listener = listener;
  }

  add(batch: LockBatch): void {
    const queue = this.#queues.get(batch.gil) ?? [];
    this.#queues.set(batch.gil, queue);
    for (let i = 0; i < batch.count; i++) {
      const state = batch.locks[batch.lock[i] as number];
      // What only makes threads wait for work is held by nobody.
      const role = state === undefined ? 'lock' : this.#sense.roleOf(batch.stacks, state);
      const isHeld = role === 'lock' || role === 'import';
      if (!isHeld && batch.kind[i] !== LOCK_ROW.wait) continue;
      const event = this.#eventOf(batch, i, state);
      queue.push(role === 'import' ? ofReleaser(event) : event);
    }
    this.rows += batch.count;
    if (batch.gil !== NO_GIL) this.advance(batch.gil);
  }

  /** Takes up what the GIL's cycles have passed. */
  advance(gil: number): void {
    const queue = this.#queues.get(gil);
    if (queue === undefined || queue.length === 0) return;
    this.#take(gil, queue, this.#books.gil(gil).times[0] ?? 0);
  }

  /** @param final Nothing more will come. */
  settle(final: boolean): void {
    for (const [gil, queue] of this.#queues) {
      if (gil === NO_GIL) {
        queue.sort((a, b) => a.endNs - b.endNs);
        const newest = queue.at(-1)?.endNs ?? 0;
        this.#take(gil, queue, final ? Infinity : this.#horizonNs);
        this.#horizonNs = Math.max(this.#horizonNs, newest);
      } else if (final) {
        // Holders had the GIL, or wait for it, in ways that no cycle tells: charged with what goes on.
        this.#keepsWaits = true;
        this.#take(gil, queue, Infinity);
        this.#keepsWaits = false;
      }
    }
    noteOrders(this.#locks, this.#acquisition);
    this.#acquisition = [];
  }

  /** Charges the waits whose holders are not all known yet, as of this moment. */
  chargePending(sums: LockSums, open: OpenLocks, shared: SharedLocks): void {
    for (const { gil, event } of [...this.#pending, ...this.#shared]) {
      const charge = new LockCharge(this.#sources, gil, open, shared);
      this.#charge(charge, event);
      enterCharge(sums, event.lock, event.stack, charge);
    }
  }

  /** As {@link chargePending}, for a wait that goes on. */
  chargeOpen(
    sums: LockSums,
    gil: number,
    wait: Pick<LockEvent, 'lock' | 'thread' | 'startNs' | 'endNs' | 'stack'>,
    open: OpenLocks,
    shared: SharedLocks,
  ): void {
    const charge = new LockCharge(this.#sources, gil, open, shared);
    charge.charge(wait.lock, wait.startNs, wait.endNs, wait.thread, false);
    enterCharge(sums, wait.lock, wait.stack, charge);
  }

  #sharesOf(lock: number, gil: number): HoldShares {
    const known = this.#shares.get(lock);
    if (known !== undefined) return known;
    const shares = new HoldShares(this.#sources, lock, gil);
    this.#shares.set(lock, shares);
    return shares;
  }

  #eventOf(batch: LockBatch, i: number, state: LockState | undefined): LockEvent {
    const kind = batch.kind[i] as number;
    const lock = batch.lock[i] as number;
    const stack = batch.stack[i] as number;
    const isWait = kind === LOCK_ROW.wait;
    const startNs = batch.start[i] as number;
    const endNs = batch.end[i] as number;
    if (endNs < startNs) this.#locks.fault('lockTimesReversed');
    return {
      kind,
      lock,
      stack,
      thread: batch.thread[i] as number,
      startNs,
      endNs: Math.max(startNs, endNs),
      otherThread: batch.otherThread[i] as number,
      otherStack: batch.otherStack[i] as number,
      flags: batch.flags[i] as number,
      weight: batch.weight[i] as number,
      work: isWait ? this.#sense.workOf(batch.stacks, state, stack) : null,
      ownerOnly: state !== undefined && hasNoHolds(state),
      shared: state !== undefined && isShared(state),
    };
  }

  #take(gil: number, queue: LockEvent[], untilNs: number): void {
    let taken = 0;
    for (const event of queue) {
      if (event.endNs > untilNs) break;
      taken++;
      this.#enter(gil, event);
    }
    if (taken === 0) return;
    queue.splice(0, taken);
    if (!this.#keepsWaits) this.#retry();
  }

  #enter(gil: number, event: LockEvent): void {
    const [first] = this.#acquisition;
    if (first !== undefined && !isSameAcquisition(first, event)) {
      noteOrders(this.#locks, this.#acquisition);
      this.#acquisition = [];
    }
    switch (event.kind) {
      case LOCK_ROW.wait:
        this.#wait(gil, event);
        return;
      case LOCK_ROW.hold:
        this.#hold(gil, event);
        return;
      default:
        this.#acquisition.push(event);
    }
  }

  #wait(gil: number, event: LockEvent): void {
    const { lock, thread, startNs, endNs, stack, work } = event;
    const { sums } = this.#locks;
    addWait(sums, lock, thread, stack, endNs - startNs, work !== null);
    this.#tell(event);
    if (work !== null) return;
    const cell = sums.cellOf(lock, stack);
    if ((event.flags & LOCK_FLAG.spun) !== 0) {
      sums.cellSums.add(cell, LOCK_CELL.spunNs, endNs - startNs);
      sums.cellSums.add(cell, LOCK_CELL.spins, 1);
    }
    if (event.otherStack !== 0) sums.owners.add(lock, event.otherStack, endNs - startNs);
    if (endNs === startNs) return;
    const waits = this.#locks.waitsOf(thread);
    if (startNs >= waits.endNs) waits.push(startNs, endNs, thread, lock);
    if (event.shared && this.#shared.length < MAX_SHARED) this.#shared.push({ gil, event });
    else if (this.#keepsWaits) this.#pending.push({ gil, event });
    else this.#chargeOrKeep({ gil, event });
  }

  #chargeOrKeep(wait: PendingWait): void {
    const charge = new LockCharge(this.#sources, wait.gil, null);
    this.#charge(charge, wait.event);
    if (!charge.unresolved) {
      enterCharge(this.#locks.sums, wait.event.lock, wait.event.stack, charge);
      return;
    }
    this.#pending.push(wait);
    if (this.#pending.length <= MAX_PENDING) return;
    const oldest = this.#pending.shift();
    if (oldest === undefined) return;
    const last = new LockCharge(this.#sources, oldest.gil, null);
    this.#charge(last, oldest.event);
    enterCharge(this.#locks.sums, oldest.event.lock, oldest.event.stack, last);
  }

  #charge(charge: LockCharge, event: LockEvent): void {
    const { lock, startNs, endNs, thread, flags } = event;
    if (event.ownerOnly && event.otherStack !== 0) {
      const unit = this.#books.unitOf(event.otherStack, KNOWN_STACK);
      charge.sums.add(unit, endNs - startNs);
    } else if (event.ownerOnly) {
      charge.handOffNs += endNs - startNs;
    } else {
      charge.charge(lock, startNs, endNs, thread, (flags & LOCK_FLAG.acquired) !== 0);
    }
  }

  #retry(): void {
    const waiting = this.#pending;
    this.#pending = [];
    for (const wait of waiting) this.#chargeOrKeep(wait);
  }

  #tell({ thread, lock, startNs, endNs, stack, work, ownerOnly, otherStack }: LockEvent): void {
    if (this.#listener === null || work !== null) return;
    const window = this.#locks.window(lock);
    const releaser = window.endNs > startNs && window.endNs <= endNs ? window.lastThread : -1;
    const owner = ownerOnly ? otherStack : -1;
    this.#listener({ thread, lock, startNs, endNs, stack, releaser, owner });
  }

  #hold(gil: number, event: LockEvent): void {
    const { lock, thread, stack, flags, weight, otherThread } = event;
    const { sums } = this.#locks;
    if (otherThread > 0 && otherThread !== thread + 1) this.#locks.handedOn.add(lock);
    const cell = sums.cellOf(lock, stack);
    sums.cellSums.add(cell, LOCK_CELL.acquires, weight);
    if ((flags & LOCK_FLAG.reentrant) !== 0) return;
    const window = this.#locks.window(lock);
    const sampled = (flags & LOCK_FLAG.sampled) !== 0;
    let { startNs } = event;
    if (!sampled && startNs < window.endNs) {
      // An estimated start may reach back too far; that is no contradiction.
      if ((flags & LOCK_FLAG.startEstimated) === 0) this.#locks.fault('lockHoldsOverlap');
      startNs = Math.min(window.endNs, event.endNs);
    }
    const ns = event.endNs - startNs;
    sums.cellSums.raise(cell, LOCK_CELL.maxHoldNs, ns);
    if (ns >= IDLE_WORTH_NS) this.#idleIn(gil, cell, thread, startNs, event.endNs);
    if (sampled) {
      sums.cellSums.add(cell, LOCK_CELL.estimatedNs, ns * weight);
      sums.locks.add(lock, LOCK_SUM.estimatedHolds, weight);
      return;
    }
    sums.cellSums.add(cell, LOCK_CELL.holdNs, ns);
    if ((flags & LOCK_FLAG.startEstimated) !== 0) sums.locks.add(lock, LOCK_SUM.estimatedStarts, 1);
    if (ns === 0) return;
    const place = stack === 0 ? event.otherStack : stack;
    window.push(startNs, event.endNs, thread, this.#books.unitOf(place, KNOWN_STACK));
  }

  /** Where the thread was without the GIL while it held the lock, its waits for other locks left out. */
  #idleIn(gil: number, cell: number, thread: number, fromNs: number, toNs: number): void {
    const offs = this.#books.laneOf(gil, thread)?.history.offsBetween(fromNs, toNs) ?? [];
    const waits = this.#locks.waitsOf(thread);
    for (const { startNs, endNs, tag } of offs) {
      const waited = waits.between(startNs, endNs);
      const waitedNs = waited.reduce((sum, piece) => sum + piece.endNs - piece.startNs, 0);
      const ns = endNs - startNs - waitedNs;
      if (ns > 0) this.#locks.sums.idle.add(cell, tag, ns);
    }
  }
}

/** Who waits for a module has taken its lock; who releases it imported the module, and kept all others waiting. */
function ofReleaser(event: LockEvent): LockEvent {
  const { kind, otherThread, otherStack } = event;
  if (kind !== LOCK_ROW.hold || otherThread === 0) return event;
  return { ...event, thread: otherThread - 1, stack: otherStack };
}

/** Locks inside of the interpreter: their holds are not recorded. */
export function hasNoHolds({ kind }: LockState): boolean {
  return kind === 'object' || kind === 'stopTheWorld' || kind === 'runtime';
}

/** A wait without its charge: of work, or for a lock that others hold. */
export function addWait(
  sums: LockSums,
  lock: number,
  thread: number,
  stack: number,
  ns: number,
  isWork: boolean,
): void {
  const cell = sums.cellOf(lock, stack);
  const { cellSums } = sums;
  cellSums.add(cell, isWork ? LOCK_CELL.workNs : LOCK_CELL.waitNs, ns);
  cellSums.add(cell, isWork ? LOCK_CELL.works : LOCK_CELL.waits, 1);
  cellSums.raise(cell, isWork ? LOCK_CELL.maxWorkNs : LOCK_CELL.maxWaitNs, ns);
  sums.addToThread(thread, isWork ? LOCK_THREAD.workNs : LOCK_THREAD.lockWaitNs, ns);
}

function enterCharge(sums: LockSums, lock: number, stack: number, charge: LockCharge): void {
  const cell = sums.cellOf(lock, stack);
  for (let i = 0; i < charge.sums.count; i++) {
    const unit = charge.sums.touched[i] ?? 0;
    sums.pairs.add(cell, unit, charge.sums.ns[unit] ?? 0);
  }
  if (charge.handOffNs > 0) sums.pairs.add(cell, HAND_OFF, charge.handOffNs);
  sums.locks.add(lock, LOCK_SUM.handOffNs, charge.handOffNs);
  sums.locks.add(lock, LOCK_SUM.throughGilNs, charge.throughGilNs);
  sums.locks.add(lock, LOCK_SUM.throughLockNs, charge.throughLockNs);
}
