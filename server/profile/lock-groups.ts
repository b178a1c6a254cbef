import type { LockState, TraceState } from '../trace/events';
import { CallSites } from './lock-calls';
import { LOCK_CELL, type LockSums } from './lock-books';
import { type LockIdentities, type LockIdentity, UNKNOWN_PLACE } from './lock-identity';
import type { SharedLocks } from './lock-shared';
import { processIdOf } from './process-id';
import { type WorkKind, WorkSense, workOfStack } from './lock-work';

/** What is shown as one lock. */
export interface LockGroup {
  /** Differs from every GIL's. */
  readonly id: string;
  readonly process: number;
  readonly identity: LockIdentity;
  /** Indices in the state. */
  readonly locks: number[];
  /** Those made for one wait alone of which rows were lost, and with them what the waits were for. */
  readonly waiters: number[];
  /** How many locks: what several processes share is one. */
  instances: number;
}

/** Locks of one place of which somebody waited are shown each, up to so many; beyond it as one. */
const MAX_SHOWN_EACH = 64;

/** Stacks that are looked at for what a lock is called. */
const MAX_USES = 8;

/** The row of each cell of the sums. */
export interface LockGroups {
  readonly groups: readonly LockGroup[];
  /** By cell: index in {@link groups}, -1 for none. */
  readonly ofCell: Int32Array;
  /** By lock of the state: likewise; what is made for one wait alone has none. */
  readonly ofLock: Int32Array;
}

/**
 * What is shown as one lock: a lock that was waited for; all locks of one kind and place that were not; all waits for
 * work of one kind and name, as far as their locks are made for one wait and do not tell what they belong to.
 */
export function lockGroupsOf(
  state: TraceState,
  sums: LockSums,
  identities: LockIdentities,
  shared: SharedLocks,
): LockGroups {
  return new Grouping(state, sums, identities, shared).run();
}

class Grouping {
  readonly #state: TraceState;
  readonly #sums: LockSums;
  readonly #identities: LockIdentities;
  readonly #sense = new WorkSense();
  readonly #groups: LockGroup[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #ofLock: Int32Array;
  readonly #waitNs: Float64Array;
  /** By lock: stacks with which it was used, that of most use first. */
  readonly #uses = new Map<number, number[]>();
  readonly #calls: CallSites;
  readonly #shared: SharedLocks;

  constructor(state: TraceState, sums: LockSums, identities: LockIdentities, shared: SharedLocks) {
    this.#state = state;
    this.#sums = sums;
    this.#identities = identities;
    this.#ofLock = new Int32Array(state.locks.length).fill(-1);
    this.#waitNs = new Float64Array(state.locks.length);
    this.#calls = new CallSites(state.stacks);
    this.#shared = shared;
  }

  run(): LockGroups {
    const { cells } = this.#sums;
    this.#weigh();
    this.#groupLocks();
    for (let cell = 0; cell < cells.count; cell++) {
      const group = this.#ofLock[cells.firstOf(cell)] ?? -1;
      const shown = this.#groups[group];
      if (shown !== undefined) this.#calls.add(cells.secondOf(cell), group, shown.identity.kind);
    }
    const ofCell = new Int32Array(cells.count);
    for (let cell = 0; cell < cells.count; cell++) {
      ofCell[cell] = this.#groupOfCell(cells.firstOf(cell), cells.secondOf(cell));
    }
    this.#groupLostWaiters();
    return { groups: this.#groups, ofCell, ofLock: this.#ofLock };
  }

  #groupLostWaiters(): void {
    for (const [lock, known] of this.#state.locks.entries()) {
      if (known.lostRows === 0 || !isOnlyForWaits(this.#sense, this.#state, known)) continue;
      const role = this.#sense.roleOf(this.#state.stacks, known);
      const group = this.#groupOfWork(known.process, role === 'join' ? 'join' : 'Condition', 0);
      this.#groups[group]?.waiters.push(lock);
    }
  }

  #weigh(): void {
    const { cells, cellSums } = this.#sums;
    const most = new Float64Array(this.#state.locks.length).fill(-1);
    for (let cell = 0; cell < cells.count; cell++) {
      const lock = this.#shared.firstOf(cells.firstOf(cell));
      const ns = cellSums.get(cell, LOCK_CELL.waitNs) + cellSums.get(cell, LOCK_CELL.waits);
      this.#waitNs[lock] = (this.#waitNs[lock] ?? 0) + ns;
      const use =
        ns + cellSums.get(cell, LOCK_CELL.workNs) + cellSums.get(cell, LOCK_CELL.acquires);
      const stack = cells.secondOf(cell);
      if (stack === 0) continue;
      const isMost = use > (most[lock] ?? 0);
      if (isMost) most[lock] = use;
      this.#noteUse(lock, stack, isMost);
    }
  }

  #noteUse(lock: number, stack: number, isMost: boolean): void {
    const uses = this.#uses.get(lock);
    if (uses === undefined) this.#uses.set(lock, [stack]);
    else if (isMost) uses.unshift(stack);
    else if (uses.length < MAX_USES) uses.push(stack);
    if (uses !== undefined && uses.length > MAX_USES) uses.pop();
  }

  #groupLocks(): void {
    const order = [...this.#state.locks.keys()];
    order.sort((a, b) => (this.#waitNs[b] ?? 0) - (this.#waitNs[a] ?? 0) || a - b);
    const shown = new Map<string, number>();
    for (const lock of order) {
      const known = this.#state.locks[lock];
      const isOther = this.#shared.firstOf(lock) !== lock;
      if (known === undefined || isOther || isOnlyForWaits(this.#sense, this.#state, known))
        continue;
      const identity = this.#identityOf(lock, known);
      const place = keyOf(known, identity);
      const count = shown.get(place) ?? 0;
      const alone = (this.#waitNs[lock] ?? 0) > 0 && count < MAX_SHOWN_EACH;
      shown.set(place, count + 1);
      const key = alone ? `${lock}` : place;
      const group = this.#group(key, `lock/${lock}`, known.process, identity);
      for (const member of this.#shared.membersOf(lock)) {
        this.#ofLock[member] = group;
        this.#groups[group]?.locks.push(member);
      }
      const shownAs = this.#groups[group];
      if (shownAs !== undefined) shownAs.instances++;
    }
  }

  /** By where it was made; what that does not tell, by where it is used, if all these lines call it the same. */
  #identityOf(lock: number, known: LockState): LockIdentity {
    const { stacks } = this.#state;
    const identity = this.#identities.of(stacks, known);
    const uses = this.#uses.get(lock) ?? [];
    const isNamed = identity.name !== null || identity.kind === 'import';
    const isInside = known.kind === 'object' || known.kind === 'runtime';
    if (isNamed || isInside || uses.length === 0) return identity;
    const used = uses.map((stack) => this.#identities.ofUse(stacks, stack, identity.kind));
    const [main] = known.createdStack === 0 ? used : [identity];
    const names = new Set(
      used.flatMap(({ name, library }) => (library === main?.library ? [name] : [])),
    );
    const [name] = names;
    return { ...(main ?? identity), name: names.size === 1 ? (name ?? null) : null };
  }

  #groupOfCell(lock: number, stack: number): number {
    const group = this.#ofLock[lock] ?? -1;
    const known = this.#state.locks[lock];
    if (group >= 0 || known === undefined) return group;
    const work = known.kind === 'join' ? 'join' : workOfStack(this.#state.stacks, stack);
    const found = work === null ? [] : this.#calls.groupsAt(stack, work);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    return this.#groupOfWork(known.process, work ?? 'Condition', stack);
  }

  /** Of waits that do not tell for which lock they are: what the waiting line calls it. */
  #groupOfWork(process: number, kind: WorkKind, stack: number): number {
    const place = this.#calls.callerOf(stack);
    const name = place === null ? null : this.#identities.usedName(place);
    const identity = { kind, name, createdAt: UNKNOWN_PLACE, library: null };
    const id = name === null ? `work/${kind}` : `work/${kind}/${name}`;
    return this.#group(`${process}:${id}`, id, process, identity);
  }

  #group(key: string, name: string, process: number, identity: LockIdentity): number {
    const index = this.#byKey.get(key) ?? this.#groups.length;
    if (index === this.#groups.length) {
      this.#groups.push({
        id: `${processIdOf(this.#state, process)}/${name}`,
        process,
        identity,
        locks: [],
        waiters: [],
        instances: 0,
      });
      this.#byKey.set(key, index);
    }
    return index;
  }
}

/** Made for one wait, or for the end of one thread: nothing that a program has. */
function isOnlyForWaits(sense: WorkSense, state: TraceState, lock: LockState): boolean {
  const role = sense.roleOf(state.stacks, lock);
  return role === 'waiter' || role === 'join';
}

function keyOf({ process }: LockState, { kind, createdAt, library, name }: LockIdentity): string {
  return JSON.stringify([process, kind, createdAt.file, createdAt.line, library, name]);
}
