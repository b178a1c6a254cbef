import type { HoldShares } from './hold-shares';
import type { Stretch } from './lane-history';
import type { LockBooks } from './lock-books';
import type { SharedLocks } from './lock-shared';
import type { LockPiece } from './lock-window';
import { UnitSums } from './unit-sums';

/** A part of a hold, and the GIL that the holder works with; -1: none. */
type HeldPiece = LockPiece & { readonly gil: number };

/** What goes on at the moment of a snapshot and is in no book yet. */
export interface OpenLocks {
  /** By lock: the hold that goes on. */
  readonly holds: ReadonlyMap<number, LockPiece>;
  /** By thread: its wait for a lock (the tag). */
  readonly waits: ReadonlyMap<number, Stretch>;
  /** By thread: its wait for the GIL. */
  readonly gilWaits: ReadonlyMap<number, Stretch>;
  /** By GIL: the hold that goes on, the tag is its unit. */
  readonly gilHolds: ReadonlyMap<number, Stretch>;
}

/** Where a charge looks things up. What goes on is in {@link OpenLocks}, or here if this is complete. */
export interface LockSources {
  readonly locks: Pick<LockBooks, 'window'>;
  /** What a thread waited for, cut to two moments, in order; the unit is the lock. */
  waitsOf(thread: number, fromNs: number, toNs: number): readonly Omit<LockPiece, 'thread'>[];
  /** When a thread waited for a GIL, likewise. */
  gilWaitsOf(gil: number, thread: number, fromNs: number, toNs: number): readonly Stretch[];
  /** Adds what was held of a GIL between two moments, by unit. */
  sumGilHolds(gil: number, fromNs: number, toNs: number, sums: UnitSums): void;
  /** Whether all that a thread waited for until then has come, with the GIL and without one. */
  isOver(lock: number, thread: number, endNs: number, gil: number): boolean;
  /** Nothing more can come. */
  readonly isComplete: boolean;
  readonly sharesOf: (lock: number, gil: number) => HoldShares;
  /** Empty before and after use. */
  readonly scratch: UnitSums;
}

/** What one hold was charged to by {@link LockCharge.chargeHold}. */
interface Looked {
  /** At the holder, and those that it waited for. */
  readonly threads: Set<number>;
  /** Of some of them not all has come. */
  early: number;
}

/** Of fewer holds than this no running sums are kept. */
const WALK_HOLDS = 4;
/** In place of the thread that waits, where any may. */
const NO_THREAD = -1;
/** Through more locks than this nobody looks: the holder of the first one is charged. */
const MAX_DEPTH = 16;

/**
 * Splits a wait for a lock over those who held it, to the nanosecond. A holder that itself waited meanwhile, for the
 * GIL or for another lock, is seen through: who held that is charged. Where the holders wait for each other in a
 * circle, the holder of the lock itself is.
 */
export class LockCharge {
  /** By unit. */
  readonly sums = new UnitSums();
  handOffNs = 0;
  throughGilNs = 0;
  throughLockNs = 0;
  /** A hold that counts has not ended yet, so that the split is not final. */
  unresolved = false;
  #looked: Looked | null = null;
  readonly #sources: LockSources;
  readonly #locks: LockSources['locks'];
  readonly #gil: number;
  readonly #open: OpenLocks | null;
  readonly #shared: SharedLocks | null;
  readonly #path: number[] = [];

  /**
   * @param gil The GIL that the threads work with, -1: none.
   * @param open Null: what goes on is not known.
   * @param shared Null: threads of other processes are left out.
   */
  constructor(
    sources: LockSources,
    gil: number,
    open: OpenLocks | null,
    shared: SharedLocks | null = null,
  ) {
    this.#sources = sources;
    this.#locks = sources.locks;
    this.#gil = gil;
    this.#open = open;
    this.#shared = shared;
  }

  /**
   * To be called once.
   * @param acquired The wait ended with the lock, so that every hold in it is over.
   */
  charge(lock: number, fromNs: number, toNs: number, waiter: number, acquired: boolean): void {
    this.#path.push(waiter);
    if (!acquired) this.#resolve(lock, toNs);
    const restNs = this.#ofManyHolds(lock, fromNs, toNs, waiter);
    this.#ofLock(lock, restNs, toNs, -1, this.#gil);
  }

  /**
   * Instead of {@link charge}, any number of times: one hold, for whoever waits.
   * @returns The threads for which it is charged in another way; null: what is still to come may change it.
   */
  chargeHold(lock: number, hold: LockPiece): ReadonlySet<number> | null {
    const looked = { threads: new Set<number>(), early: 0 };
    this.#looked = looked;
    this.#restart();
    this.#path.push(NO_THREAD);
    this.#ofHolder({ ...hold, gil: this.#gil }, lock, -1);
    return this.unresolved || looked.early > 0 ? null : looked.threads;
  }

  #restart(): void {
    this.sums.clear();
    this.handOffNs = this.throughGilNs = this.throughLockNs = 0;
    this.unresolved = false;
    this.#path.length = 0;
  }

  /** Charges the whole holds in the wait from their running sums; answers where what is left to charge begins. */
  #ofManyHolds(lock: number, fromNs: number, toNs: number, waiter: number): number {
    const shared = this.#shared;
    if (shared !== null && shared.membersOf(lock).length > 1) return fromNs;
    const window = this.#locks.window(lock);
    const first = window.firstEndingAfter(fromNs);
    const end = window.firstEndingAfter(toNs);
    if (end - first <= WALK_HOLDS) return fromNs;
    const shares = this.#sources.sharesOf(lock, this.#gil);
    if (shares.gil !== this.#gil) return fromNs;
    shares.update();
    const until = Math.min(end, shares.count);
    // Other processes may have had a part in what holders waited for.
    const known = shared === null ? -1 : shares.lastThroughLock(until);
    const whole = Math.max(first, shares.lastOf(waiter, until), known) + 1;
    if (whole >= until) return fromNs;
    this.#ofLock(lock, fromNs, window.at(whole - 1).endNs, -1, this.#gil);
    shares.addTo(this, whole, until);
    return window.at(until - 1).endNs;
  }

  #resolve(lock: number, toNs: number): void {
    if (!this.#sources.isComplete && this.#locks.window(lock).endNs < toNs) this.unresolved = true;
  }

  /** `root`: the unit of the first holder, -1 while there is none. */
  #ofLock(lock: number, fromNs: number, toNs: number, root: number, gil: number): void {
    let at = fromNs;
    for (const piece of this.#holdersOf(lock, fromNs, toNs, gil)) {
      this.handOffNs += piece.startNs - at;
      this.#ofHolder(piece, lock, root);
      at = piece.endNs;
    }
    this.handOffNs += toNs - at;
  }

  #holdersOf(lock: number, fromNs: number, toNs: number, gil: number): HeldPiece[] {
    const shared = this.#shared;
    const members = shared?.membersOf(lock) ?? [lock];
    if (shared === null || members.length === 1) return this.#piecesOf(lock, fromNs, toNs, gil);
    const pieces = members.flatMap((member) =>
      this.#piecesOf(member, fromNs, toNs, member === lock ? gil : shared.gilOf(member)),
    );
    pieces.sort((a, b) => a.startNs - b.startNs);
    // Each process stamps its own holds: a release is stamped before the next one has the lock, but not by much.
    let at = fromNs;
    return pieces.flatMap((piece) => {
      const startNs = Math.max(piece.startNs, at);
      at = Math.max(at, piece.endNs);
      return startNs < piece.endNs ? [{ ...piece, startNs }] : [];
    });
  }

  #piecesOf(lock: number, fromNs: number, toNs: number, gil: number): HeldPiece[] {
    const window = this.#locks.window(lock);
    const pieces = window.between(fromNs, toNs).map((piece) => ({ ...piece, gil }));
    const open = this.#open?.holds.get(lock);
    if (open === undefined) return pieces;
    const startNs = Math.max(open.startNs, window.endNs, fromNs);
    const endNs = Math.min(open.endNs, toNs);
    if (startNs < endNs) pieces.push({ ...open, startNs, endNs, gil });
    return pieces;
  }

  #ofHolder({ thread, unit, startNs, endNs, gil }: HeldPiece, lock: number, root: number): void {
    const charged = root < 0 ? unit : root;
    if (this.#looked !== null) {
      this.#looked.threads.add(thread);
      if (!this.#sources.isOver(lock, thread, endNs, gil)) this.#looked.early++;
    }
    if (this.#path.includes(thread) || this.#path.length > MAX_DEPTH) {
      this.#add(charged, endNs - startNs);
      return;
    }
    let at = startNs;
    for (const { wait, ofGil } of this.#waitsOf(thread, startNs, endNs, gil)) {
      const rest = { ...wait, startNs: Math.max(wait.startNs, at) };
      if (rest.startNs >= rest.endNs) continue;
      this.#add(unit, rest.startNs - at);
      if (ofGil) this.#throughGil(rest, root < 0, gil);
      else this.#throughLock(rest, { thread, gil }, charged, root < 0);
      at = rest.endNs;
    }
    this.#add(unit, endNs - at);
  }

  #throughLock(
    wait: Stretch,
    holder: { readonly thread: number; readonly gil: number },
    charged: number,
    isFirst: boolean,
  ): void {
    if (isFirst) this.throughLockNs += wait.endNs - wait.startNs;
    this.#resolve(wait.tag, wait.endNs);
    this.#path.push(holder.thread);
    this.#ofLock(wait.tag, wait.startNs, wait.endNs, charged, holder.gil);
    this.#path.pop();
  }

  #throughGil({ startNs, endNs }: Stretch, isFirst: boolean, gil: number): void {
    if (isFirst) this.throughGilNs += endNs - startNs;
    const held = this.#sources.scratch;
    this.#sources.sumGilHolds(gil, startNs, endNs, held);
    let left = endNs - startNs;
    const open = this.#open?.gilHolds.get(gil);
    const openNs =
      open === undefined ? 0 : Math.min(open.endNs, endNs) - Math.max(open.startNs, startNs);
    if (open !== undefined && openNs > 0) held.add(open.tag, openNs);
    for (let i = 0; i < held.count; i++) {
      const unit = held.touched[i] ?? 0;
      const ns = held.ns[unit] ?? 0;
      left -= ns;
      this.#add(unit, ns);
    }
    this.handOffNs += left;
    held.clear();
  }

  /** What the thread waited for between two moments, in order. */
  #waitsOf(
    thread: number,
    fromNs: number,
    toNs: number,
    gil: number,
  ): { readonly wait: Stretch; readonly ofGil: boolean }[] {
    const waits = this.#sources
      .waitsOf(thread, fromNs, toNs)
      .map(({ startNs, endNs, unit }) => ({ wait: { startNs, endNs, tag: unit }, ofGil: false }));
    for (const wait of this.#sources.gilWaitsOf(gil, thread, fromNs, toNs)) {
      waits.push({ wait, ofGil: true });
    }
    for (const [found, ofGil] of [
      [this.#open?.waits.get(thread), false],
      [this.#open?.gilWaits.get(thread), true],
    ] as const) {
      if (found === undefined) continue;
      const startNs = Math.max(found.startNs, fromNs);
      const endNs = Math.min(found.endNs, toNs);
      if (startNs < endNs) waits.push({ wait: { startNs, endNs, tag: found.tag }, ofGil });
    }
    return waits.sort((a, b) => a.wait.startNs - b.wait.startNs);
  }

  #add(unit: number, ns: number): void {
    if (ns > 0) this.sums.add(unit, ns);
  }
}
