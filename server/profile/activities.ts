import type { Location, StackTable } from '../trace/events';

/**
 * What a stack is doing beyond its lines, as far as functions of the standard library tell. Of time with the GIL: what
 * other processes cost.
 */
export type Cost =
  /** Turning objects into bytes for another process, and back. */
  | 'pickle'
  /** Sending such bytes, or receiving them. */
  | 'pipe';

/** Of time off the GIL: what the thread waits for. */
export type Awaited =
  /** A child process: its end, or what it writes. */
  | 'child'
  /** Data from another process, or room for data to it. */
  | 'pipe'
  /** The result of a pool or an executor. */
  | 'pool'
  /** Work: a worker of a pool or an executor that has none. */
  | 'work'
  /** Anything to do: an event loop that has nothing. */
  | 'events';

interface Rule<Kind> {
  readonly kind: Kind;
  /** End of the file's path, or all of it. */
  readonly file: string;
  readonly functions: readonly string[];
  /** Only where it is the innermost frame: what it calls is something else. */
  readonly innermost?: boolean;
  /** Only where this file calls it. */
  readonly caller?: string;
}

const CONNECTION = 'multiprocessing/connection.py';
const QUEUES = 'multiprocessing/queues.py';
const TRANSFER = ['_send', '_recv', '_send_bytes', '_recv_bytes'];
const SEND: readonly Rule<true>[] = [
  { kind: true, file: CONNECTION, functions: ['_send', '_send_bytes'] },
];

/** The same in CPython 3.9 to 3.15; names of functions are qualified from 3.11 on. */
const COSTS: readonly Rule<Cost | null>[] = [
  { kind: 'pickle', file: 'multiprocessing/reduction.py', functions: ['dump', 'dumps'] },
  { kind: 'pickle', file: CONNECTION, functions: ['send', 'recv'] },
  { kind: 'pickle', file: QUEUES, functions: ['get'] },
  // A process that was not forked reads there what it is to do; then it does it.
  { kind: 'pickle', file: 'multiprocessing/spawn.py', functions: ['_main'] },
  { kind: null, file: 'multiprocessing/spawn.py', functions: ['prepare'] },
  { kind: null, file: 'multiprocessing/process.py', functions: ['_bootstrap'] },
  // What it takes to know a class is no part of the objects.
  { kind: null, file: '<frozen importlib._bootstrap>', functions: ['_find_and_load'] },
  { kind: 'pipe', file: CONNECTION, functions: TRANSFER },
  { kind: 'pipe', file: CONNECTION, functions: ['poll', 'recv_bytes'], caller: QUEUES },
  {
    kind: 'pipe',
    file: 'multiprocessing/synchronize.py',
    functions: ['__enter__', '__exit__'],
    caller: QUEUES,
  },
];

const AWAITED: readonly Rule<Awaited>[] = [
  {
    kind: 'child',
    file: CONNECTION,
    functions: ['wait'],
    caller: 'multiprocessing/popen_fork.py',
  },
  {
    kind: 'child',
    file: CONNECTION,
    functions: ['wait'],
    caller: 'multiprocessing/popen_forkserver.py',
  },
  { kind: 'pipe', file: CONNECTION, functions: [...TRANSFER, 'poll', 'wait', 'accept'] },
  { kind: 'pipe', file: QUEUES, functions: ['get', 'put'] },
  { kind: 'child', file: 'multiprocessing/popen_fork.py', functions: ['poll', 'wait'] },
  {
    kind: 'child',
    file: 'subprocess.py',
    functions: ['_wait', '_try_wait', '_communicate', 'communicate', 'wait'],
  },
  { kind: 'pool', file: 'multiprocessing/pool.py', functions: ['wait', 'get', 'next'] },
  { kind: 'pool', file: 'concurrent/futures/_base.py', functions: ['result', 'wait'] },
  { kind: 'work', file: 'concurrent/futures/thread.py', functions: ['_worker'], innermost: true },
  { kind: 'events', file: 'asyncio/base_events.py', functions: ['_run_once'], innermost: true },
  {
    kind: 'events',
    file: 'selectors.py',
    functions: ['select'],
    caller: 'asyncio/base_events.py',
  },
];

const TASK: readonly Rule<true>[] = [
  { kind: true, file: 'asyncio/events.py', functions: ['_run'] },
];

/** Loops of workers: where nothing but their own library lies between them and a pipe, they wait for work. */
const WORKER: readonly Rule<true>[] = [
  { kind: true, file: 'multiprocessing/pool.py', functions: ['worker'] },
  { kind: true, file: 'concurrent/futures/process.py', functions: ['_process_worker'] },
];
const EXECUTOR: readonly Rule<true>[] = [
  { kind: true, file: 'concurrent/futures/thread.py', functions: ['_worker'] },
];
const RUNNER = /\/concurrent\/futures\/(?:thread|interpreter)\.py$/;
const FUTURES = /\/concurrent\/futures\/\w+\.py$/;
const WORKER_LIBRARY = /\/(?:multiprocessing|concurrent\/futures)\/\w+\.py$/;

/** Frames looked at, from the innermost; what is deeper is the user's own recursion. */
const MAX_FRAMES = 200;

/** Tells of stacks what they are doing. One for all who ask: what it found out it keeps. */
export class Activities {
  readonly #stacks: StackTable;
  readonly #costs = new Map<number, Cost | null>();
  readonly #awaited = new Map<number, Awaited | null>();
  /** By list of rules and location: those that fit, looked at once. */
  readonly #fitting = new Map<readonly unknown[], Map<number, readonly unknown[]>>();

  constructor(stacks: StackTable) {
    this.#stacks = stacks;
  }

  /** Of time with the GIL. */
  costOf(node: number): Cost | null {
    return known(this.#costs, node, () => this.#find(node, COSTS)?.kind ?? null);
  }

  /** Of time off the GIL. */
  awaitedBy(node: number): Awaited | null {
    return known(this.#awaited, node, () => {
      const found = this.#find(node, AWAITED);
      return found?.kind === 'pipe' && this.#isWorkers(found.node) ? 'work' : (found?.kind ?? null);
    });
  }

  /** Whether data go to another process. */
  isSend(node: number): boolean {
    return this.#find(node, SEND) !== null;
  }

  /** On a thread of an executor: the node of the function that it was given; 0: none is on the stack. */
  workOf(node: number): number {
    let work = 0;
    for (let at = node; at > 0; at = this.#stacks.parentOf(at)) {
      const file = this.#placeOf(at)?.file ?? '';
      if (this.#rulesAt(at, EXECUTOR).length > 0)
        return FUTURES.test(this.#placeOf(work)?.file ?? '') ? 0 : work;
      if (!RUNNER.test(file)) work = at;
    }
    return 0;
  }

  /** The nodes of a stack from the innermost up to the event loop that runs it as a task; null: none does. */
  taskFrames(node: number): readonly number[] | null {
    const frames: number[] = [];
    for (let at = node; at > 0 && frames.length < MAX_FRAMES; at = this.#stacks.parentOf(at)) {
      if (this.#rulesAt(at, TASK).length > 0) return frames;
      frames.push(at);
    }
    return null;
  }

  /** Whether it is inside a callback or task of an asyncio event loop. */
  isTask(node: number): boolean {
    return this.#find(node, TASK) !== null;
  }

  /** By the innermost frame that tells. */
  #find<Kind>(node: number, rules: readonly Rule<Kind>[]): { kind: Kind; node: number } | null {
    for (let at = node, n = 0; at > 0 && n < MAX_FRAMES; at = this.#stacks.parentOf(at), n++) {
      const rule = this.#rulesAt(at, rules).find(
        ({ innermost, caller }) =>
          (innermost !== true || n === 0) && (caller === undefined || this.#isIn(at, caller)),
      );
      if (rule !== undefined) return { kind: rule.kind, node: at };
    }
    return null;
  }

  #isIn(node: number, caller: string): boolean {
    const file = this.#placeOf(this.#stacks.parentOf(node))?.file ?? '';
    return file.endsWith(`/${caller}`);
  }

  #isWorkers(node: number): boolean {
    for (let at = node, n = 0; at > 0 && n < MAX_FRAMES; at = this.#stacks.parentOf(at), n++) {
      if (this.#rulesAt(at, WORKER).length > 0) return true;
      if (!WORKER_LIBRARY.test(this.#placeOf(at)?.file ?? '')) return false;
    }
    return false;
  }

  #rulesAt<Kind>(node: number, rules: readonly Rule<Kind>[]): readonly Rule<Kind>[] {
    const location = this.#stacks.locationOf(node);
    const byLocation = this.#fitting.get(rules) ?? new Map<number, readonly unknown[]>();
    this.#fitting.set(rules, byLocation);
    const before = byLocation.get(location) as readonly Rule<Kind>[] | undefined;
    if (before !== undefined) return before;
    const place = this.#stacks.locations[location];
    const fitting = place === undefined ? [] : rules.filter((rule) => fits(place, rule));
    byLocation.set(location, fitting);
    return fitting;
  }

  #placeOf(node: number): Location | undefined {
    return this.#stacks.locations[this.#stacks.locationOf(node)];
  }
}

function fits(place: Location, rule: Rule<unknown>): boolean {
  if (place.file !== rule.file && !place.file.endsWith(`/${rule.file}`)) return false;
  return rule.functions.includes(place.function.slice(place.function.lastIndexOf('.') + 1));
}

function known<Found>(found: Map<number, Found>, node: number, find: () => Found): Found {
  const before = found.get(node);
  if (before !== undefined) return before;
  const now = find();
  found.set(node, now);
  return now;
}
