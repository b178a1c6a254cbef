import { Chart } from '../../server/profile/chart';
import { createEngine, type Engine } from '../../server/profile/engine';
import { Timeline } from '../../server/profile/timeline';
import { BATCH_FLAG, type CycleBatch, type Location } from '../../server/trace/events';
import { seeded, type FakeLane } from './fake-run';
import { gilState, processState, stackTable, threadState } from './random-cycles';

/** Segments of all lanes, back to back: those of lane i are [first[i], first[i + 1]), of which each has its end and state. */
export interface Segments {
  readonly first: Uint32Array;
  readonly endNs: Float64Array;
  readonly states: Uint8Array;
}

export interface LargeRun {
  /** As the language server has it. */
  readonly chart: Chart;
  readonly segmentCount: number;
  /** The same states, singly; none if they were not asked for. */
  readonly segments: Segments;
}

const BATCH = 8192;
const FILES = ['/home/ada/shop/worker.py', '/home/ada/shop/server.py', '/home/ada/shop/cache.py'];
const LINES = 120;

/** Cycles that the whole analysis sees: tables of more would take minutes and change no picture. */
const ANALYSED_CYCLES = 8_000;

/**
 * Threads of one GIL that hold it in turns, with about this many segments in all; the same for the same numbers. Of a
 * very large run the tables are of its beginning.
 */
export function largeRun(
  laneCount: number,
  segments: number,
  { seed = 1, singly = true }: { readonly seed?: number; readonly singly?: boolean } = {},
): LargeRun {
  const cycles = Math.ceil(segments / 3);
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine: Engine = createEngine({ listener: cycles > ANALYSED_CYCLES ? null : timeline });
  const log = Array.from({ length: laneCount }, () => ({
    endNs: [] as number[],
    states: [] as number[],
  }));
  const wallNs = generate(sinkOf(engine, timeline, cycles), log, cycles, seeded(seed), singly);
  const threads = Array.from({ length: laneCount }, (_, index) =>
    threadState({ tid: 100 + index, name: `worker-${index}`, endNs: wallNs }),
  );
  const locations = Array.from({ length: LINES }, (_, index): Location => ({
    file: FILES[index % FILES.length] ?? '',
    line: 1 + index,
    function: `step_${index % 17}`,
  }));
  const nodes = locations.map((_, index) => [index < 12 ? 0 : 1 + (index % 12), index] as const);
  const state = {
    processes: [processState({ endNs: wallNs })],
    threads,
    gils: [gilState()],
    aggregates: [],
    locks: [],
    stacks: stackTable(locations, nodes),
  };
  const facts = {
    command: ['shop/server.py'],
    startedAt: '',
    exit: { code: 0, signal: null },
    live: false,
  };
  const snapshot = engine.snapshot(state, facts);
  const laneOfRow = snapshot.profile.threads.map(({ tid }) => tid - 100);
  const flat = flatten(
    laneOfRow.map((lane) => log[lane] ?? { endNs: [], states: [] }),
    wallNs,
  );
  const chart = new Chart(snapshot, timeline, engine.lines, 1, false);
  return { chart, segmentCount: cycles * 3, segments: flat };
}

/** Takes all cycles into the timeline, and as many as are analysed into the engine. */
function sinkOf(engine: Engine, timeline: Timeline, cycles: number): (batch: CycleBatch) => void {
  if (cycles <= ANALYSED_CYCLES) return (batch) => engine.cycles(batch);
  const laneOf = new Map<number, number>();
  const lastStack: number[] = [];
  let analysed = 0;
  return (batch) => {
    if (analysed < ANALYSED_CYCLES) engine.cycles(batch);
    analysed += batch.count;
    for (let at = 0; at < batch.count; at++) {
      const thread = batch.thread[at] ?? 0;
      // As the engine numbers them.
      const lane = laneOf.get(thread) ?? laneOf.size;
      laneOf.set(thread, lane);
      const stack = batch.stack[at] ?? 0;
      const [waitStart = 0, acquired = 0, released = 0] = [
        batch.waitStart[at],
        batch.acquired[at],
        batch.released[at],
      ];
      timeline.cycle(lane, waitStart, acquired, released, lastStack[lane] ?? 0, stack, -1);
      lastStack[lane] = stack;
    }
  };
}

interface LaneLog {
  readonly endNs: number[];
  readonly states: number[];
}

/** Sends cycles to the engine and writes down what they say; the end of the last. */
function generate(
  sink: (batch: CycleBatch) => void,
  log: readonly LaneLog[],
  cycles: number,
  random: () => number,
  singly: boolean,
): number {
  const lastEnd = new Float64Array(log.length);
  let now = 1000;
  for (let done = 0; done < cycles; done += BATCH) {
    const count = Math.min(BATCH, cycles - done);
    const batch = {
      gil: 0,
      count,
      thread: new Uint32Array(count),
      waitStart: new Float64Array(count),
      acquired: new Float64Array(count),
      released: new Float64Array(count),
      stack: new Uint32Array(count),
      flags: new Uint8Array(count).fill(BATCH_FLAG.contended),
      switchWaitEnd: new Float64Array(count),
      overrunNs: new Float64Array(count),
    };
    for (let at = 0; at < count; at++) {
      const thread = Math.floor(random() * log.length);
      const acquired = now + 20 + Math.floor(random() * 200);
      // A few are long: what a picture must not lose.
      const hold = random() < 0.001 ? 4e6 * random() : 40 + 8000 * random() ** 3;
      const released = acquired + Math.round(hold);
      const before = lastEnd[thread] ?? 0;
      const waitStart = acquired - Math.floor((acquired - before) * random());
      batch.thread[at] = thread;
      batch.waitStart[at] = waitStart;
      batch.acquired[at] = acquired;
      batch.released[at] = released;
      batch.stack[at] = 1 + Math.floor(random() ** 2 * LINES);
      const lane = log[thread];
      if (lane !== undefined && singly) {
        if (waitStart > before) add(lane, waitStart, 2);
        if (acquired > waitStart) add(lane, acquired, 1);
        add(lane, released, 0);
      }
      lastEnd[thread] = now = released;
    }
    sink(batch);
  }
  return now + 1000;
}

function add(lane: LaneLog, endNs: number, state: number): void {
  lane.endNs.push(endNs);
  lane.states.push(state);
}

function flatten(lanes: readonly LaneLog[], wallNs: number): Segments {
  const count = lanes.reduce((sum, lane) => sum + lane.states.length + 1, 0);
  const first = new Uint32Array(lanes.length + 1);
  const endNs = new Float64Array(count);
  const states = new Uint8Array(count);
  let at = 0;
  for (const [index, lane] of lanes.entries()) {
    endNs.set(lane.endNs, at);
    states.set(lane.states, at);
    at += lane.states.length;
    endNs[at] = wallNs;
    states[at] = 2;
    first[index + 1] = ++at;
  }
  return { first, endNs, states };
}

/** The segments of a lane singly, to compare pictures with. */
export function laneOf({ segments }: LargeRun, lane: number): FakeLane {
  const { first, endNs, states } = segments;
  const [from = 0, to = 0] = [first[lane], first[lane + 1]];
  return {
    edges: Float64Array.from([0, ...endNs.subarray(from, to)]),
    states: states.slice(from, to),
  };
}
