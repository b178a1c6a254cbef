import type { LockState, TraceState } from '../trace/events';
import { groupBy } from './group-by';

/** Whether threads of other processes may hold it. */
export function isShared({ kind, typeName }: LockState): boolean {
  return kind === 'SemLock' && typeName !== '';
}

/** A semaphore that lets several pass: held by nobody in particular. */
export function isCounting({ kind, typeName }: LockState): boolean {
  return kind === 'SemLock' && typeName.startsWith('counting ');
}

/** Which locks of a run are one: processes share the semaphores of `multiprocessing`. */
export class SharedLocks {
  readonly #state: TraceState;
  /** By lock, where it differs from the lock itself. */
  readonly #first = new Map<number, number>();
  readonly #members = new Map<number, number[]>();

  constructor(state: TraceState) {
    this.#state = state;
    const shared = [...state.locks.keys()].filter((lock) => isSharedAt(state, lock));
    for (const [key, locks] of groupBy(shared, (lock) => state.locks[lock]?.typeName ?? '')) {
      // A name is that of one semaphore; a place in memory is only inherited.
      const isNamed = key.includes('/');
      for (const lock of locks)
        this.#join(lock, isNamed ? rootOf(state, locks) : this.#heir(lock, locks));
    }
  }

  /** The lock that stands for it: where it was made, as far as that is known. */
  firstOf(lock: number): number {
    return this.#first.get(lock) ?? lock;
  }

  /** All locks that are the same one, itself among them. */
  membersOf(lock: number): readonly number[] {
    return this.#members.get(this.firstOf(lock)) ?? [lock];
  }

  /** The GIL with which the threads of a lock's process work; of several the first; -1: none. */
  gilOf(lock: number): number {
    const process = this.#state.locks[lock]?.process;
    return this.#state.gils.findIndex((gil) => gil.process === process);
  }

  #join(lock: number, first: number): void {
    if (lock !== first) this.#first.set(lock, first);
    const members = this.#members.get(first) ?? [];
    members.push(lock);
    this.#members.set(first, members);
  }

  /** Of the same place in memory, that which was made last in the nearest process up from there. */
  #heir(lock: number, locks: readonly number[]): number {
    const { locks: states, processes } = this.#state;
    let process = states[lock]?.process ?? -1;
    for (let depth = 0; depth < processes.length; depth++) {
      const made = locks.filter((one) => isMadeIn(states[one], process));
      const living = made.filter((one) => states[one]?.gone === false);
      const found = made.includes(lock) ? lock : (living.at(-1) ?? made.at(-1));
      if (found !== undefined) return found;
      const parent = processes[process]?.parentPid;
      process = processes.findLastIndex(({ pid }, at) => pid === parent && at !== process);
      if (process < 0) break;
    }
    return lock;
  }
}

function isSharedAt({ locks }: TraceState, lock: number): boolean {
  const known = locks[lock];
  return known !== undefined && isShared(known);
}

function isMadeIn(lock: LockState | undefined, process: number): boolean {
  return lock?.process === process && lock.createdStack !== 0;
}

/** The one that its maker made; children get it by its name and do not run the maker's line. */
function rootOf({ locks: states, processes }: TraceState, locks: readonly number[]): number {
  const startOf = (lock: number) => processes[states[lock]?.process ?? -1]?.startNs ?? Infinity;
  return locks.reduce((first, lock) => (startOf(lock) < startOf(first) ? lock : first));
}
