import { LANE_STATES, TILE_BINS, TILE_LANES, type LaneState } from '../../server/protocol-chart';

/** Segments of one thread, back to back: segment i is [edges[i], edges[i + 1]) in states[i], an index of LANE_STATES. */
export interface FakeLane {
  readonly edges: Float64Array;
  readonly states: Uint8Array;
}

export interface FakeRun {
  readonly wallNs: number;
  readonly lanes: readonly FakeLane[];
}

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Segments of any state and very different lengths: for pictures that are compared, and for many of them. */
export function randomRun(laneCount: number, segmentsPerLane: number, seed: number): FakeRun {
  const random = seeded(seed);
  const wallNs = segmentsPerLane * 20_000;
  const lanes = Array.from({ length: laneCount }, () => {
    const edges = new Float64Array(segmentsPerLane + 1);
    const states = new Uint8Array(segmentsPerLane);
    let sum = 0;
    let state = Math.floor(random() * 4);
    for (let index = 0; index < segmentsPerLane; index++) {
      sum += random() < 0.02 ? 30 + random() * 40 : random() ** 3;
      edges[index + 1] = sum;
      state = (state + 1 + Math.floor(random() * 3)) % 4;
      states[index] = state;
    }
    for (let index = 1; index <= segmentsPerLane; index++) {
      edges[index] = Math.round(((edges[index] ?? 0) / sum) * wallNs);
    }
    return { edges, states };
  });
  return { wallNs, lanes };
}

/** What a thread of a simulated program does. */
export interface Behaviour {
  /** Python code between two voluntary releases, on average. */
  readonly burstNs: number;
  /** Time off the GIL between two bursts, on average; 0: none. */
  readonly awayNs: number;
  readonly away: 'off' | 'lock';
  readonly startNs: number;
}

const SWITCH_NS = 5_000_000;
const HANDOFF_NS = 20_000;

/** A simulated program under one GIL: first come, first served, forced to release after the switch interval. */
export function simulatedRun(
  behaviours: readonly Behaviour[],
  wallNs: number,
  seed: number,
): FakeRun {
  const random = seeded(seed);
  const logs = behaviours.map(({ startNs }) => ({ edges: [startNs], states: [] as number[] }));
  const remaining = behaviours.map(({ burstNs }) => burstNs);
  const queue: number[] = [];
  const away = behaviours.map(({ startNs }, thread) => ({ thread, untilNs: startNs }));
  const log = (thread: number, untilNs: number, state: LaneState): void => {
    const entry = logs[thread];
    if (entry === undefined || untilNs <= (entry.edges.at(-1) ?? 0)) return;
    entry.edges.push(Math.min(untilNs, wallNs));
    entry.states.push(LANE_STATES.indexOf(state));
  };
  for (let now = 0; now < wallNs;) {
    away.sort((a, b) => a.untilNs - b.untilNs);
    while (away[0] !== undefined && (away[0].untilNs <= now || queue.length === 0)) {
      const back = away.shift();
      if (back === undefined) break;
      log(back.thread, back.untilNs, behaviours[back.thread]?.away ?? 'off');
      queue.push(back.thread);
      now = Math.max(now, back.untilNs);
    }
    const holder = queue.shift() ?? 0;
    const behaviour = behaviours[holder];
    if (behaviour === undefined) break;
    if (now >= wallNs) break;
    log(holder, now, 'waiting');
    const left = remaining[holder] ?? 0;
    const wanted = queue.length > 0 || (away[0]?.untilNs ?? wallNs) < now + SWITCH_NS;
    const ranNs = wanted ? Math.min(left, SWITCH_NS) : left;
    now += Math.round(ranNs);
    log(holder, now, 'holding');
    remaining[holder] = left - ranNs;
    if (left - ranNs > 1) queue.push(holder);
    else {
      remaining[holder] = behaviour.burstNs * (0.3 + 1.4 * random());
      const awayNs = behaviour.awayNs * (0.2 + 1.6 * random());
      away.push({ thread: holder, untilNs: Math.round(now + awayNs) });
    }
    now += HANDOFF_NS;
  }
  const lanes = logs.map(({ edges, states }) => ({
    edges: Float64Array.from(edges),
    states: Uint8Array.from(states),
  }));
  return { wallNs, lanes };
}

const STRIDE = 32;

/** Tiles of a run, exact, by sums of time in each state up to every 32nd segment. */
export class FakeTiles {
  readonly #run: FakeRun;
  readonly #sums: readonly Float64Array[];

  constructor(run: FakeRun) {
    this.#run = run;
    this.#sums = run.lanes.map(sumsOf);
  }

  tile(level: number, index: number, page: number): Uint8Array {
    const data = new Uint8Array(TILE_BINS * TILE_LANES * 4);
    const binNs = this.#run.wallNs / 2 ** level;
    const before = new Float64Array(4);
    const after = new Float64Array(4);
    for (let slot = 0; slot < TILE_LANES; slot++) {
      const lane = page * TILE_LANES + slot;
      if (lane >= this.#run.lanes.length) break;
      this.#timesAt(lane, index * TILE_BINS * binNs, before);
      for (let bin = 0; bin < TILE_BINS; bin++) {
        this.#timesAt(lane, (index * TILE_BINS + bin + 1) * binNs, after);
        for (let state = 0; state < 4; state++) {
          const share = (after[state] ?? 0) - (before[state] ?? 0);
          const at = (slot * TILE_BINS + bin) * 4 + state;
          if (share > 0) data[at] = Math.min(255, Math.max(1, Math.round((share / binNs) * 255)));
        }
        before.set(after);
      }
    }
    return data;
  }

  #timesAt(lane: number, timeNs: number, out: Float64Array): void {
    const { edges, states } = this.#run.lanes[lane] ?? { edges: [], states: [] };
    const sums = this.#sums[lane];
    const index = Math.min(states.length, Math.max(0, segmentIndex(edges, timeNs)));
    const block = Math.floor(index / STRIDE);
    for (let state = 0; state < 4; state++) out[state] = sums?.[block * 4 + state] ?? 0;
    for (let at = block * STRIDE; at <= index && at < states.length; at++) {
      const end = Math.min(timeNs, edges[at + 1] ?? 0);
      const length = end - (edges[at] ?? 0);
      const state = states[at] ?? 0;
      if (length > 0) out[state] = (out[state] ?? 0) + length;
    }
  }
}

function sumsOf({ edges, states }: FakeLane): Float64Array {
  const sums = new Float64Array((Math.floor(states.length / STRIDE) + 1) * 4);
  const running = new Float64Array(4);
  for (let index = 0; index <= states.length; index++) {
    if (index % STRIDE === 0) sums.set(running, (index / STRIDE) * 4);
    const state = states[index] ?? 0;
    const length = (edges[index + 1] ?? 0) - (edges[index] ?? 0);
    if (index < states.length) running[state] = (running[state] ?? 0) + length;
  }
  return sums;
}

/** The last segment that starts at or before a time; -1: none. */
export function segmentIndex(edges: ArrayLike<number>, timeNs: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
