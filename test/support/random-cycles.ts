import fc from 'fast-check';
import {
  BATCH_FLAG,
  type EventSink,
  type GilState,
  type Location,
  type ProcessState,
  type StackTable,
  type ThreadState,
  type TraceState,
} from '../../server/trace/events';
import { RELEASE_NODE } from '../../server/trace/format';

export interface TestCycle {
  readonly gil: number;
  readonly thread: number;
  readonly waitStart: number;
  readonly acquired: number;
  readonly released: number;
  readonly stack: number;
  readonly flags: number;
  readonly switchWaitEnd: number;
  readonly overrunNs?: number;
}

export interface TestSample {
  readonly gil: number;
  readonly thread: number;
  readonly at: number;
  readonly cpuNs?: number;
  readonly stack: number;
}

/** A whole trace as plain rows. Cycles of one GIL are in the order of its holds. */
export interface TestTrace {
  readonly cycles: readonly TestCycle[];
  readonly samples: readonly TestSample[];
  readonly state: TraceState;
}

export const NO_TOTALS = {
  acquires: 0,
  contended: 0,
  forced: 0,
  holdNs: 0,
  waitNs: 0,
  maxHoldNs: 0,
  maxWaitNs: 0,
} as const;

export function processState(changes: Partial<ProcessState> = {}): ProcessState {
  return {
    pid: 100,
    parentPid: 1,
    argv: ['a.py'],
    python: '3.12.1',
    executable: '/usr/bin/python3',
    host: 'embedded',
    freeThreaded: false,
    gilSeen: true,
    gilUnrecognised: false,
    gilEnabled: true,
    gilSwitchedOn: null,
    frames: 'recorded',
    startNs: 0,
    endNs: 0,
    ended: true,
    exitCode: 0,
    lostEvents: 0,
    lostSamples: 0,
    lostReasons: [],
    selfNsPerCycle: 0,
    samplerCpuNs: 0,
    samplesTaken: 0,
    samplePeriodNs: 1_000_000,
    messages: [],
    ...changes,
  };
}

export function threadState(changes: Partial<ThreadState> = {}): ThreadState {
  return {
    process: 0,
    tid: 1,
    name: '',
    startNs: 0,
    endNs: null,
    openWait: null,
    openLockWait: null,
    lost: NO_TOTALS,
    ...changes,
  };
}

export function gilState(changes: Partial<GilState> = {}): GilState {
  return {
    process: 0,
    interpreter: 0,
    switchIntervalNs: 5_000_000,
    openHold: null,
    ...changes,
  };
}

/** Nodes as [parent, location]; node 0, the empty stack, is not in the list. */
export function stackTable(
  locations: readonly Location[],
  nodes: readonly (readonly [number, number])[],
): StackTable {
  return {
    nodeCount: nodes.length + 1,
    parentOf: (node) => nodes[node - 1]?.[0] ?? 0,
    locationOf: (node) => nodes[node - 1]?.[1] ?? -1,
    locations,
  };
}

/** Gives the events to a sink as columns: samples of a stretch first, then runs of cycles of one GIL. */
export function deliver(
  trace: Pick<TestTrace, 'cycles' | 'samples'>,
  sink: EventSink,
  batchLengths: readonly number[] = [],
): void {
  let next = 0;
  for (let from = 0, turn = 0; from < trace.cycles.length; turn++) {
    const length =
      batchLengths.length === 0 ? 8192 : (batchLengths[turn % batchLengths.length] ?? 1);
    const run = runOfOneGil(trace.cycles, from, Math.max(length, 1));
    const until = Math.max(...run.map((cycle) => cycle.released));
    let to = next;
    while (to < trace.samples.length && (trace.samples[to]?.at ?? 0) <= until) to++;
    sendSamples(trace.samples.slice(next, to), sink);
    next = to;
    sendCycles(run, sink);
    from += run.length;
  }
  sendSamples(trace.samples.slice(next), sink);
}

function runOfOneGil(cycles: readonly TestCycle[], from: number, length: number): TestCycle[] {
  const run: TestCycle[] = [];
  for (const cycle of cycles.slice(from, from + length)) {
    if (cycle.gil !== cycles[from]?.gil) break;
    run.push(cycle);
  }
  return run;
}

export function sendCycles(run: readonly TestCycle[], sink: EventSink): void {
  sink.cycles({
    gil: run[0]?.gil ?? 0,
    count: run.length,
    thread: Uint32Array.from(run, (cycle) => cycle.thread),
    waitStart: Float64Array.from(run, (cycle) => cycle.waitStart),
    acquired: Float64Array.from(run, (cycle) => cycle.acquired),
    released: Float64Array.from(run, (cycle) => cycle.released),
    stack: Uint32Array.from(run, (cycle) => cycle.stack),
    flags: Uint8Array.from(run, (cycle) => cycle.flags),
    switchWaitEnd: Float64Array.from(run, (cycle) => cycle.switchWaitEnd),
    overrunNs: Float64Array.from(run, (cycle) => cycle.overrunNs ?? 0),
  });
}

export function sendSamples(run: readonly TestSample[], sink: EventSink): void {
  sink.samples({
    count: run.length,
    gil: Uint32Array.from(run, (sample) => sample.gil),
    thread: Uint32Array.from(run, (sample) => sample.thread),
    at: Float64Array.from(run, (sample) => sample.at),
    stack: Uint32Array.from(run, (sample) => sample.stack),
    cpuNs: Float64Array.from(run, (sample) => sample.cpuNs ?? 0),
  });
}

/** Two processes; the first has two GILs. Threads are used on any GIL of their process. */
const GILS = [0, 0, 1] as const;
const THREADS = [0, 0, 0, 1, 1] as const;
const LOCATIONS: readonly Location[] = [
  { file: '/a.py', line: 1, function: '<module>' },
  { file: '/a.py', line: 2, function: 'f' },
  { file: '/a.py', line: 2, function: '<listcomp>' },
  { file: '/b.py', line: 2, function: 'g' },
  { file: '/b.py', line: 0, function: 'h' },
];

const share = fc.double({ min: 0, max: 1, noNaN: true });
const stepArbitrary = fc.record({
  gil: fc.nat(2),
  thread: fc.nat(2),
  gap: fc.nat(20),
  hold: fc.nat(50),
  waited: share,
  forced: fc.boolean(),
  switched: fc.option(share, { nil: null }),
  other: fc.nat(5),
  contended: fc.boolean(),
  stack: fc.nat(7),
  samples: fc.array(fc.record({ at: share, stack: fc.nat(8), stray: fc.nat(4) }), { maxLength: 3 }),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

const endArbitrary = fc.record({
  openHolds: fc.array(fc.option(fc.nat(2), { nil: null }), { minLength: 3, maxLength: 3 }),
  openWaits: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  ended: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  late: fc.nat(40),
  samples: fc.array(fc.record({ at: share, stack: fc.nat(7), stray: fc.nat(4) }), { maxLength: 2 }),
});
type End = typeof endArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** Small traces with everything that a trace may contain. */
export const traceArbitrary: fc.Arbitrary<TestTrace> = fc
  .tuple(
    fc.array(stepArbitrary, { maxLength: 40 }),
    fc.array(fc.tuple(share, fc.nat(LOCATIONS.length - 1)), { minLength: 7, maxLength: 7 }),
    endArbitrary,
  )
  .map(([steps, nodes, end]) => {
    const table = nodes.map(
      ([parent, location], index) => [Math.floor(parent * (index + 0.99)), location] as const,
    );
    return new TraceBuilder().build(steps, stackTable(LOCATIONS, table), end);
  });

class TraceBuilder {
  readonly #cycles: TestCycle[] = [];
  readonly #samples: TestSample[] = [];
  readonly #now = [5, 5, 5];
  /** By thread and GIL: the end of the last hold. */
  readonly #lastEnd = new Map<string, number>();
  readonly #firstWait = [5, 5, 5, 5, 5];

  build(steps: readonly Step[], stacks: StackTable, end: End): TestTrace {
    for (const step of steps) this.#step(step);
    const latest = Math.max(...this.#now) + end.late;
    const gils = GILS.map((process, gil) => this.#gil(process, gil, latest, end));
    const holders = gils.map((gil) => gil.openHold?.thread);
    const threads = THREADS.map((process, thread) => {
      const gil = process === 1 ? 2 : 0;
      const lastEnd = this.#lastEnd.get(`${thread}/${gil}`) ?? 5;
      const busy = holders.includes(thread);
      const waits = end.openWaits[thread] === true && !busy;
      return threadState({
        process,
        tid: thread + 1,
        startNs: Math.min(3, this.#firstWait[thread] ?? 3),
        endNs: end.ended[thread] === true && !busy && !waits ? latest : null,
        openWait: waits
          ? { gil, startNs: lastEnd, afterForced: lastEnd > 5, stack: lastEnd > 5 ? 1 : 0 }
          : null,
      });
    });
    const processes = [0, 1].map((index) =>
      processState({ pid: 100 + index, parentPid: index === 0 ? 1 : 100, endNs: latest }),
    );
    this.#samples.sort((a, b) => a.at - b.at);
    const state = { processes, threads, gils, locks: [], aggregates: [], stacks };
    return { cycles: this.#cycles, samples: this.#samples, state };
  }

  #step(step: Step): void {
    const gil = step.gil;
    const thread = gil === 2 ? 3 + (step.thread % 2) : step.thread;
    const lastEnd = this.#lastEnd.get(`${thread}/${gil}`);
    const acquired = (this.#now[gil] ?? 0) + step.gap;
    const released = acquired + step.hold;
    const earliest = lastEnd ?? 0;
    const forced = step.forced && lastEnd !== undefined;
    const waitStart = forced
      ? earliest
      : acquired - Math.floor((acquired - earliest) * step.waited);
    const switched = !forced && lastEnd !== undefined ? step.switched : null;
    let flags = (step.contended ? BATCH_FLAG.contended : 0) | (forced ? BATCH_FLAG.afterForced : 0);
    if (step.other === 0) flags |= BATCH_FLAG.otherState;
    if (switched !== null) flags |= BATCH_FLAG.switchWait;
    this.#cycles.push({
      gil,
      thread,
      waitStart,
      acquired,
      released,
      stack: step.stack,
      flags,
      switchWaitEnd:
        switched === null ? 0 : earliest + Math.floor((waitStart - earliest) * switched),
    });
    if (lastEnd === undefined) {
      this.#firstWait[thread] = Math.min(this.#firstWait[thread] ?? waitStart, waitStart);
    }
    this.#sample(gil, thread, acquired, released, step.samples);
    this.#now[gil] = released;
    this.#lastEnd.set(`${thread}/${gil}`, released);
  }

  #sample(gil: number, thread: number, from: number, to: number, samples: Step['samples']): void {
    for (const { at, stack, stray } of samples) {
      // Strictly inside, so that which hold it belongs to is no question of order.
      if (to - from < 2) continue;
      const time = from + 1 + Math.floor(at * (to - from - 2));
      this.#samples.push({
        gil,
        thread: stray === 0 ? (thread + 1) % 5 : thread,
        at: time,
        stack: stack === 8 ? RELEASE_NODE : stack,
      });
    }
  }

  #gil(process: number, gil: number, latest: number, end: End): GilState {
    const holder = end.openHolds[gil] ?? null;
    if (holder === null) return gilState({ process, interpreter: gil % 2 });
    const thread = process === 1 ? 3 + (holder % 2) : holder;
    const lastEnd = this.#lastEnd.get(`${thread}/${gil}`);
    const acquiredNs = (this.#now[gil] ?? 0) + Math.floor((latest - (this.#now[gil] ?? 0)) / 3);
    const waitStartNs = lastEnd ?? acquiredNs - 1;
    this.#sample(gil, thread, acquiredNs, latest, end.samples);
    return gilState({
      process,
      interpreter: gil % 2,
      openHold: {
        thread,
        waitStartNs,
        acquiredNs,
        flags: BATCH_FLAG.contended | (lastEnd === undefined ? 0 : BATCH_FLAG.afterForced),
        stack: 1,
      },
    });
  }
}
