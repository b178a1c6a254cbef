import fc from 'fast-check';
import {
  BATCH_FLAG,
  type EventSink,
  LOCK_FLAG,
  LOCK_ROW,
  type Location,
  type LockState,
  type StackTable,
  type TraceState,
} from '../../server/trace/events';
import {
  gilState,
  processState,
  sendCycles,
  stackTable,
  type TestCycle,
  threadState,
} from './random-cycles';

export interface TestLockRow {
  readonly kind: number;
  readonly lock: number;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
  readonly stack: number;
  readonly otherThread?: number;
  readonly otherStack?: number;
  readonly flags?: number;
  readonly weight?: number;
}

/** Who had what, and who wanted what, at one nanosecond. */
export interface Moment {
  readonly gilThread: number | null;
  readonly gilStack: number;
  /** By lock. */
  readonly owners: readonly (number | null)[];
  readonly ownerStacks: readonly number[];
  /** By thread. */
  readonly wants: readonly ('gil' | number | null)[];
  /** By thread: the stack with which it waits for a lock. */
  readonly stacks: readonly number[];
}

/** A run of threads with one GIL and some locks: its rows as a probe would write them, and every nanosecond of it. */
export interface LockHistory {
  readonly stream: readonly ({ readonly cycle: TestCycle } | { readonly row: TestLockRow })[];
  readonly moments: readonly Moment[];
  readonly state: TraceState;
}

const THREADS = 4;
const LOCKS = 3;
const STACKS = 6;

export function lockState(changes: Partial<LockState> = {}): LockState {
  return {
    process: 0,
    kind: 'Lock',
    typeName: '',
    createdStack: 0,
    gone: false,
    acquires: 1,
    contended: 0,
    waitNs: 0,
    holdNs: 0,
    lostRows: 0,
    openHold: null,
    ...changes,
  };
}

/** Sends rows as one batch. */
export function sendLocks(
  rows: readonly TestLockRow[],
  sink: EventSink,
  tables: Pick<TraceState, 'stacks' | 'locks'>,
  gil = 0,
): void {
  if (rows.length === 0) return;
  sink.locks({
    ...tables,
    gil,
    count: rows.length,
    kind: Uint8Array.from(rows, (row) => row.kind),
    lock: Uint32Array.from(rows, (row) => row.lock),
    thread: Uint32Array.from(rows, (row) => row.thread),
    start: Float64Array.from(rows, (row) => row.start),
    end: Float64Array.from(rows, (row) => row.end),
    stack: Uint32Array.from(rows, (row) => row.stack),
    otherThread: Uint32Array.from(rows, (row) => row.otherThread ?? 0),
    otherStack: Uint32Array.from(rows, (row) => row.otherStack ?? 0),
    flags: Uint8Array.from(rows, (row) => row.flags ?? 0),
    weight: Float64Array.from(rows, (row) => row.weight ?? 1),
  });
}

/** Sends a history in batches of the given lengths; `between` is called after each. */
export function deliverHistory(
  { stream, state }: LockHistory,
  sink: EventSink,
  batchLengths: readonly number[],
  between: (sent: number) => void = () => undefined,
): void {
  for (let from = 0, turn = 0; from < stream.length; turn++) {
    const length = Math.max(batchLengths[turn % batchLengths.length] ?? stream.length, 1);
    const part = stream.slice(from, from + length);
    const cycles = part.flatMap((item) => ('cycle' in item ? [item.cycle] : []));
    if (cycles.length > 0) sendCycles(cycles, sink);
    sendLocks(
      part.flatMap((item) => ('row' in item ? [item.row] : [])),
      sink,
      state,
    );
    from += length;
    between(from);
  }
}

type Doing = 'hold' | 'wantGil' | 'off' | 'wantLock';

interface Actor {
  doing: Doing;
  /** Start of the wait or of the hold. */
  since: number;
  /** When it said that it will wait for a lock, still with the GIL. */
  saidAt: number;
  gilWaitStart: number;
  stack: number;
  wants: number;
  readonly held: Map<number, { since: number; stack: number }>;
  /** Rows that it can only write when it has the GIL again. */
  readonly unwritten: TestLockRow[];
  forced: boolean;
  began: boolean;
}

const step = fc.record({
  thread: fc.nat(THREADS - 1),
  lock: fc.nat(LOCKS - 1),
  stack: fc.integer({ min: 1, max: STACKS }),
  choice: fc.nat(9),
  pause: fc.nat(6),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

export const lockHistoryArbitrary: fc.Arbitrary<LockHistory> = fc
  .array(step, { minLength: 1, maxLength: 120 })
  .map((steps) => new Simulation().run(steps));

/** Some threads wait long, mostly for one lock, while others have it many times; it ends in the middle of that. */
export const convoyArbitrary: fc.Arbitrary<LockHistory> = fc
  .array(
    fc.record({
      thread: fc.oneof(
        { weight: 12, arbitrary: fc.nat(1) },
        { weight: 1, arbitrary: fc.nat(THREADS - 1) },
      ),
      lock: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.nat(LOCKS - 1) },
      ),
      stack: fc.integer({ min: 1, max: STACKS }),
      choice: fc.nat(9),
      pause: fc.nat(3),
    }),
    { minLength: 200, maxLength: 600, size: 'max' },
  )
  .map((steps) => new Simulation().run(steps));

/** Threads that take the GIL and locks as CPython's do. */
class Simulation {
  readonly #stream: ({ cycle: TestCycle } | { row: TestLockRow })[] = [];
  readonly #moments: Moment[] = [];
  readonly #actors: Actor[] = Array.from({ length: THREADS }, () => ({
    ...{ doing: 'off', since: 0, saidAt: 0, gilWaitStart: 0, stack: 0, wants: -1 },
    ...{ held: new Map(), unwritten: [], forced: false, began: false },
  }));
  readonly #owners: (number | null)[] = Array.from({ length: LOCKS }, () => null);
  #gil: number | null = null;
  #now = 0;

  run(steps: readonly Step[]): LockHistory {
    for (const one of steps) {
      this.#act(one);
      this.#pass(one.pause);
    }
    this.#pass(1);
    return { stream: this.#stream, moments: this.#fixed(), state: this.#state() };
  }

  #act({ thread, lock, stack, choice }: Step): void {
    const actor = this.#actors[thread];
    if (actor === undefined) return;
    if (actor.doing === 'off') this.#wantGil(actor, false);
    else if (actor.doing === 'wantGil' && this.#gil === null) this.#takeGil(actor, thread, stack);
    else if (actor.doing === 'wantLock') this.#tryLock(actor, thread, choice);
    else if (actor.doing === 'hold') this.#work(actor, thread, lock, stack, choice);
  }

  #work(actor: Actor, thread: number, lock: number, stack: number, choice: number): void {
    actor.stack = stack;
    if (choice < 2) this.#dropGil(actor, thread, false);
    else if (choice < 3) this.#dropGil(actor, thread, true);
    else if (actor.held.has(lock)) this.#release(actor, thread, lock, stack);
    else if (this.#owners[lock] === null) this.#own(actor, thread, lock);
    else {
      actor.saidAt = Math.max(actor.since, this.#now - 1);
      this.#dropGil(actor, thread, false);
      actor.doing = 'wantLock';
      actor.wants = lock;
      actor.since = this.#now;
    }
  }

  #own(actor: Actor, thread: number, lock: number): void {
    this.#owners[lock] = thread;
    actor.held.set(lock, { since: this.#now, stack: actor.stack });
  }

  #release(actor: Actor, thread: number, lock: number, stack: number): void {
    const hold = actor.held.get(lock);
    if (hold === undefined) return;
    actor.held.delete(lock);
    this.#owners[lock] = null;
    this.#stream.push({
      row: {
        ...{ kind: LOCK_ROW.hold, lock, thread, start: hold.since, end: this.#now },
        ...{ stack: hold.stack, otherThread: thread + 1, otherStack: stack },
      },
    });
  }

  #tryLock(actor: Actor, thread: number, choice: number): void {
    const free = this.#owners[actor.wants] === null;
    if (!free && choice > 0) return;
    actor.unwritten.push({
      ...{ kind: LOCK_ROW.wait, lock: actor.wants, thread, start: actor.since, end: this.#now },
      ...{ stack: actor.stack, flags: free ? LOCK_FLAG.acquired : 0 },
    });
    if (free) this.#own(actor, thread, actor.wants);
    actor.wants = -1;
    this.#wantGil(actor, false);
  }

  #wantGil(actor: Actor, forced: boolean): void {
    actor.doing = 'wantGil';
    actor.gilWaitStart = this.#now;
    actor.forced = forced;
  }

  #takeGil(actor: Actor, thread: number, stack: number): void {
    this.#gil = thread;
    actor.doing = 'hold';
    actor.since = this.#now;
    actor.stack = stack;
    for (const row of actor.unwritten.splice(0)) this.#stream.push({ row });
  }

  #dropGil(actor: Actor, thread: number, forced: boolean): void {
    this.#gil = null;
    const flags = actor.forced ? BATCH_FLAG.afterForced : 0;
    this.#stream.push({
      cycle: {
        ...{ gil: 0, thread, waitStart: actor.gilWaitStart, acquired: actor.since },
        ...{ released: this.#now, stack: actor.stack, flags, switchWaitEnd: 0 },
      },
    });
    actor.began = true;
    if (forced) this.#wantGil(actor, true);
    else actor.doing = 'off';
  }

  #pass(ns: number): void {
    for (let i = 0; i < ns; i++) {
      this.#moments.push({
        gilThread: this.#gil,
        gilStack: -1,
        owners: [...this.#owners],
        ownerStacks: this.#owners.map((owner, lock) =>
          owner === null ? 0 : (this.#actors[owner]?.held.get(lock)?.stack ?? 0),
        ),
        wants: this.#actors.map((actor) =>
          actor.doing === 'wantGil' ? 'gil' : actor.doing === 'wantLock' ? actor.wants : null,
        ),
        stacks: this.#actors.map((actor) => actor.stack),
      });
      this.#now++;
    }
  }

  /** A hold of the GIL counts where it ended; one that goes on, where it began; one of a lock, once it is told. */
  #fixed(): Moment[] {
    const stacks = new Int32Array(this.#moments.length).fill(this.#openGilStack());
    for (const item of this.#stream) {
      if ('cycle' in item) stacks.fill(item.cycle.stack, item.cycle.acquired, item.cycle.released);
    }
    return this.#moments.map((moment, at) => ({
      ...moment,
      gilStack: stacks[at] ?? 0,
      owners: moment.owners.map((owner, lock) =>
        owner !== null && this.#isUntold(owner, lock) && at >= this.#heldSince(owner, lock)
          ? null
          : owner,
      ),
    }));
  }

  #openGilStack(): number {
    return this.#gil === null ? 0 : (this.#actors[this.#gil]?.stack ?? 0);
  }

  #state(): TraceState {
    const locations: Location[] = Array.from({ length: STACKS }, (_, at) => ({
      ...{ file: '/app.py', line: at + 1, function: `f${at + 1}` },
    }));
    const stacks: StackTable = stackTable(
      locations,
      locations.map((_, at) => [at < 2 ? 0 : at - 1, at] as const),
    );
    const holder = this.#gil === null ? undefined : this.#actors[this.#gil];
    const openHold =
      holder === undefined || this.#gil === null
        ? null
        : {
            ...{ thread: this.#gil, waitStartNs: holder.gilWaitStart, acquiredNs: holder.since },
            ...{ flags: holder.forced ? BATCH_FLAG.afterForced : 0, stack: holder.stack },
          };
    return {
      processes: [processState({ endNs: this.#now })],
      threads: this.#actors.map((actor, thread) => this.#threadState(actor, thread)),
      gils: [gilState({ openHold })],
      locks: this.#owners.map((owner, lock) => {
        const held = owner === null ? undefined : this.#actors[owner]?.held.get(lock);
        if (owner === null || held === undefined) return lockState();
        if (this.#isUntold(owner, lock)) return lockState();
        return lockState({
          openHold: {
            ...{ thread: owner, startNs: held.since, stack: held.stack, startEstimated: false },
          },
        });
      }),
      aggregates: [],
      stacks,
    };
  }

  #heldSince(owner: number, lock: number): number {
    return this.#actors[owner]?.held.get(lock)?.since ?? Infinity;
  }

  /** A thread that was granted a lock tells so once it has the GIL. */
  #isUntold(owner: number, lock: number): boolean {
    return this.#actors[owner]?.unwritten.some((row) => row.lock === lock) ?? false;
  }

  #threadState(actor: Actor, thread: number) {
    const untold = actor.unwritten[0];
    const waits = actor.doing === 'wantGil';
    return threadState({
      tid: thread + 1,
      openWait: waits
        ? { gil: 0, startNs: actor.gilWaitStart, afterForced: actor.forced, stack: 0 }
        : null,
      openLockWait:
        actor.doing === 'wantLock'
          ? {
              ...{ lock: actor.wants, startNs: actor.saidAt, stack: actor.stack },
              ownerThread: this.#owners[actor.wants] ?? null,
            }
          : untold === undefined
            ? null
            : { lock: untold.lock, startNs: actor.saidAt, stack: untold.stack, ownerThread: null },
    });
  }
}

/**
 * Thread 1 has the lock and waits for the GIL, which thread 0 holds until 8. Thread 2 waits for the lock from 2 to 8, in
 * vain. Thread 1 has the GIL at 10, gives the lock back at 12 and ends with the program.
 */
export function heldOverEnd(): LockHistory {
  const cycle = { gil: 0, flags: 0, switchWaitEnd: 0 };
  const openHold = { thread: 1, waitStartNs: 0, acquiredNs: 10, flags: 0, stack: 3 };
  return {
    stream: [
      { cycle: { ...cycle, thread: 0, waitStart: 0, acquired: 0, released: 8, stack: 1 } },
      { row: { kind: LOCK_ROW.wait, lock: 0, thread: 2, start: 2, end: 8, stack: 2 } },
      { cycle: { ...cycle, thread: 2, waitStart: 8, acquired: 8, released: 9, stack: 2 } },
      { row: { kind: LOCK_ROW.hold, lock: 0, thread: 1, start: 0, end: 12, stack: 3 } },
    ],
    moments: [],
    state: {
      processes: [processState({ endNs: 14 })],
      threads: [1, 2, 3].map((tid) => threadState({ tid })),
      gils: [gilState({ openHold })],
      locks: [lockState({ contended: 1 })],
      aggregates: [],
      stacks: stackTable(
        [1, 2, 3, 4, 5, 6].map((line) => ({ file: '/app.py', line, function: `f${line}` })),
        [1, 2, 3, 4, 5, 6].map((_, at) => [0, at] as const),
      ),
    },
  };
}
