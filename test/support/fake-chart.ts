import { packBlame } from '../../server/profile/pack-blame';
import type { BlameRow, LineRow, Place } from '../../server/protocol';
import { LANE_STATES, type ChartMeta, type Lane, type Segment } from '../../server/protocol-chart';
import type { FromChart } from '../../server/protocol-webview';
import { segmentIndex, type FakeLane, type FakeRun } from './fake-run';
import { NOTHING_LOST } from './profiles';

export const FAKE_PLACES: readonly Place[] = [
  { file: '/home/ada/shop/worker.py', line: 42, function: 'Worker.run' },
  { file: '/home/ada/shop/worker.py', line: 57, function: 'Worker.parse' },
  { file: '/home/ada/shop/server.py', line: 118, function: 'Server.handle' },
  { file: '/home/ada/shop/cache.py', line: 23, function: 'Cache.get' },
  { file: '/usr/lib/python3.12/json/decoder.py', line: 353, function: 'JSONDecoder.raw_decode' },
];

/** The place of a lane's segments. */
export function placeOf(lane: number): Place {
  const place = FAKE_PLACES[lane % FAKE_PLACES.length];
  if (place === undefined) throw new Error('no places');
  return place;
}

/** Time that a lane spent in each state. */
export function laneTotals({ edges, states }: FakeLane): readonly number[] {
  const totals = LANE_STATES.map(() => 0);
  states.forEach((state, index) => {
    totals[state] = (totals[state] ?? 0) + (edges[index + 1] ?? 0) - (edges[index] ?? 0);
  });
  return totals;
}

interface MetaOptions extends Partial<ChartMeta> {
  readonly names?: readonly string[];
  /** Lanes to a process. */
  readonly lanesPerProcess?: number;
}

export function fakeMeta(run: FakeRun, options: MetaOptions = {}): ChartMeta {
  const { names = [], lanesPerProcess = run.lanes.length, ...overrides } = options;
  const lanes = run.lanes.map((lane, index): Lane => {
    const [holdNs = 0, waitNs = 0, otherNs = 0, lockWaitNs = 0] = laneTotals(lane);
    const pid = 4711 + Math.floor(index / lanesPerProcess);
    return {
      pid,
      tid: 4711 + index,
      name: names[index] ?? (index === 0 ? 'MainThread' : `Thread-${index}`),
      gil: `${pid}/0`,
      startNs: lane.edges[0] ?? 0,
      endNs: lane.edges.at(-1) ?? 0,
      holdNs,
      waitNs,
      offNs: otherNs + lockWaitNs,
      lockWaitNs,
      blocksNs: Math.round(waitNs * 0.8),
    };
  });
  const pids = [...new Set(lanes.map(({ pid }) => pid))];
  return {
    title: 'shop/server.py',
    revision: 1,
    live: false,
    wallNs: run.wallNs,
    processes: pids.map((pid) => ({
      pid,
      parentPid: 1,
      argv: ['server.py', '--workers', '4'],
      python: '3.12.7',
      executable: '/usr/bin/python3',
      host: 'embedded',
      gilEnabled: true,
      gil: 'recorded',
      startNs: 0,
      endNs: run.wallNs,
      exit: { code: 0, signal: null },
      running: false,
      stoppedBy: null,
      replaced: false,
      otherChildren: 0,
      frames: 'recorded',
      childrenLeftOut: false,
      damaged: false,
      clockKnown: true,
      messages: [],
    })),
    lanes,
    lines: FAKE_PLACES.map((place, index) => fakeLine(place, lanes, index)),
    blame: packBlame(fakeBlame(lanes)),
    gils: [],
    locks: [],
    findings: [],
    lost: NOTHING_LOST,
    ...overrides,
  };
}

/** The sums of the lanes whose segments have this place. */
function fakeLine(place: Place, lanes: readonly Lane[], index: number): LineRow {
  const mine = lanes.filter((_lane, lane) => lane % FAKE_PLACES.length === index);
  const cost = (key: 'holdNs' | 'waitNs' | 'offNs' | 'blocksNs'): LineRow['hold'] => {
    const selfNs = mine.reduce((sum, lane) => sum + lane[key], 0);
    return { selfNs, totalNs: selfNs * 2 };
  };
  const none = { selfNs: 0, totalNs: 0 };
  return {
    ...place,
    hold: cost('holdNs'),
    wait: cost('waitNs'),
    blocks: cost('blocksNs'),
    off: cost('offNs'),
    native: none,
    lockWait: none,
    lockHold: none,
    lockBlocks: none,
    acquires: 1200 * (index + 1),
    contended: 300,
    forcedReleases: 20,
    maxHoldNs: 5_020_000,
    maxWaitNs: 15_300_000,
    samples: 50,
    samplingError: 0.14,
    totalSamples: 100,
    totalSamplingError: 0.1,
  };
}

function fakeBlame(lanes: readonly Lane[]): readonly BlameRow[] {
  const lock = lanes[0]?.gil ?? '';
  const rows = FAKE_PLACES.flatMap((waiter, row) =>
    FAKE_PLACES.filter((_holder, column) => (row + column) % 3 !== 0).map((holder, column) => ({
      lock,
      waiter,
      holder,
      ns: (row + 1) * (column + 1) * 17_000_000,
      count: (row + 1) * 40,
      maxNs: 5_100_000,
    })),
  );
  const handoff = { lock, holder: null, ns: 2_400_000, count: 900, maxNs: 90_000 };
  return [...rows, ...FAKE_PLACES.map((waiter) => ({ ...handoff, waiter }))];
}

type SegmentQuestion = Extract<FromChart, { type: 'segment' }>['request'];

/** Answers as the server does, by looking through the segments. */
export function answerSegment(run: FakeRun, question: SegmentQuestion): Segment | null {
  if (question.kind === 'longWait') return longestWaits(run)[question.rank] ?? null;
  const lane = run.lanes[question.lane];
  if (lane === undefined) return null;
  const offset = { at: 0, previous: -1, next: 1 }[question.step];
  return segmentAt(run, question.lane, segmentIndex(lane.edges, question.atNs) + offset);
}

export function longestWaits(run: FakeRun): readonly Segment[] {
  const waits = run.lanes.flatMap((lane, index) =>
    [...lane.states.keys()]
      .filter((at) => LANE_STATES[lane.states[at] ?? 0] === 'waiting')
      .map((at) => ({ lane: index, at, ns: (lane.edges[at + 1] ?? 0) - (lane.edges[at] ?? 0) })),
  );
  return waits
    .sort((a, b) => b.ns - a.ns)
    .slice(0, 100)
    .flatMap(({ lane, at }) => segmentAt(run, lane, at) ?? []);
}

function segmentAt(run: FakeRun, laneIndex: number, index: number): Segment | null {
  const lane = run.lanes[laneIndex];
  if (lane === undefined || index < 0 || index >= lane.states.length) return null;
  const state = LANE_STATES[lane.states[index] ?? 0] ?? 'off';
  const [startNs = 0, endNs = 0] = [lane.edges[index], lane.edges[index + 1]];
  const other = (laneIndex + 1) % run.lanes.length;
  const holders =
    state === 'waiting' && other !== laneIndex
      ? [{ lane: other, place: placeOf(other), ns: endNs - startNs }]
      : [];
  const holds = holders.map(({ lane: holder, place }) => ({ lane: holder, startNs, endNs, place }));
  return {
    ...{ lane: laneIndex, state, startNs, endNs, place: placeOf(laneIndex) },
    ...{ holders, holds, releasedBy: holds[0] ?? null },
  };
}
