/** What ended waits off the GIL: the end of a child, data of another process, work of an executor. By hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEngine } from '../../server/profile/engine';
import { Timeline } from '../../server/profile/timeline';
import { Chart } from '../../server/profile/chart';
import { LANE_STATES } from '../../server/protocol-chart';
import type { CycleTotals, StackTable, TraceState, WorkRow } from '../../server/trace/events';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  type TestCycle,
  threadState,
} from '../support/random-cycles';

const LIB = '/usr/lib/python3.12';
const MS = 1_000_000;

/** A stack for each name, from the outermost frame to the innermost; `app` is the user's line. */
const STACKS = {
  app: [],
  receives: [`${LIB}/multiprocessing/connection.py:_recv`],
  sends: [`${LIB}/multiprocessing/connection.py:_send`],
  pool: [`${LIB}/concurrent/futures/_base.py:result`],
  loop: [`${LIB}/asyncio/base_events.py:_run_once`, `${LIB}/selectors.py:select`],
  gives: [`${LIB}/asyncio/base_events.py:_run_once`, `${LIB}/asyncio/events.py:_run`, '/task.py:main', `${LIB}/asyncio/threads.py:to_thread`], // prettier-ignore
  givesBare: [`${LIB}/asyncio/base_events.py:_run_once`, `${LIB}/asyncio/events.py:_run`, `${LIB}/asyncio/threads.py:to_thread`], // prettier-ignore
  gathers: [`${LIB}/asyncio/base_events.py:_run_once`, `${LIB}/asyncio/events.py:_run`, '/task.py:gathers', `${LIB}/asyncio/tasks.py:gather`], // prettier-ignore
  works: [`${LIB}/concurrent/futures/thread.py:_worker`, `${LIB}/concurrent/futures/thread.py:_WorkItem.run`, '/job.py:job', '/deep.py:deep'], // prettier-ignore
  finishes: [`${LIB}/concurrent/futures/thread.py:_worker`, `${LIB}/concurrent/futures/_base.py:set_result`, `${LIB}/threading.py:__enter__`], // prettier-ignore
} satisfies Record<string, readonly string[]>;
type Name = keyof typeof STACKS;

function tableOf(): { table: StackTable; node: (name: Name) => number } {
  const places: { file: string; line: number; function: string }[] = [];
  const rows: (readonly [number, number])[] = [];
  const nodes = new Map<string, number>();
  for (const [name, frames] of Object.entries(STACKS)) {
    let parent = 0;
    for (const text of ['/app.py:<module>', ...frames]) {
      const [file = '', title = ''] = text.split(':');
      places.push({ file, line: places.length + 1, function: title });
      rows.push([parent, places.length - 1]);
      parent = rows.length;
    }
    nodes.set(name, parent);
  }
  return { table: stackTable(places, rows), node: (name) => nodes.get(name) ?? 0 };
}

/** A hold of each thread at the given moment, a millisecond long, with the stack of its release. */
type Holds = readonly (readonly [thread: number, gil: number, atMs: number, stack: Name])[];

function profileOf(holds: Holds, works: readonly WorkRow[], changes: Partial<TraceState>) {
  const { table, node } = tableOf();
  const cycles = holds.map(([thread, gil, atMs, stack]): TestCycle => ({
    gil,
    thread,
    waitStart: atMs * MS,
    acquired: atMs * MS,
    released: (atMs + 1) * MS,
    stack: node(stack),
    flags: 0,
    switchWaitEnd: 0,
  }));
  const timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine = createEngine({ listener: timeline });
  engine.works?.(works);
  const gilCount = Math.max(...holds.map(([, gil]) => gil)) + 1;
  for (let gil = 0; gil < gilCount; gil++) {
    const own = cycles.filter((cycle) => cycle.gil === gil);
    deliver({ cycles: own, samples: [] }, { ...engine, cycles: (batch) => engine.cycles({ ...batch, stacks: table }) }); // prettier-ignore
  }
  const state: TraceState = {
    processes: [processState({ pid: 10, parentPid: 1, endNs: 100 * MS })],
    threads: [threadState({ tid: 1 })],
    gils: Array.from({ length: gilCount }, (_, process) => gilState({ process })),
    locks: [],
    aggregates: [],
    stacks: table,
    ...changes,
  };
  const exit = { code: 0, signal: null };
  const snapshot = engine.snapshot(state, { command: [], startedAt: '', exit, live: false });
  const chart = new Chart(snapshot, timeline, engine.lines, 1, false);
  return { profile: snapshot.profile, chart };
}

const child = (pid: number, endNs = 100 * MS) => processState({ pid, parentPid: 10, endNs });
const root = (childEnds: readonly { pid: number; atMs: number; tid: number }[]) =>
  processState({
    pid: 10,
    parentPid: 1,
    endNs: 100 * MS,
    childEnds: childEnds.map(({ atMs, ...end }) => ({ ...end, atNs: atMs * MS, code: 0, signal: null })), // prettier-ignore
  });

describe('waits for other processes', () => {
  it('are for the child whose end they learnt, also in a call of the user', () => {
    const holds: Holds = [
      [0, 0, 0, 'app'],
      [0, 0, 50, 'app'],
      [0, 0, 60, 'app'],
    ];
    const ends = [
      { pid: 12, atMs: 30, tid: 2 },
      { pid: 11, atMs: 49, tid: 1 },
    ];
    const { profile, chart } = profileOf(holds, [], { processes: [root(ends)] });
    assert.deepEqual(profile.awaits, [
      {
        on: 'child',
        where: { file: '/app.py', line: 1, function: '<module>' },
        ns: 49 * MS,
        processes: [{ pid: 11, ns: 49 * MS }],
      },
    ]);
    const segment = chart.segment({ kind: 'segment', lane: 0, atNs: 20 * MS, step: 'at' });
    assert.deepEqual(segment?.awaited, { on: 'child', pid: 11 });
    assert.equal(segment.releasedBy, null);
    const later = chart.segment({ kind: 'segment', lane: 0, atNs: 55 * MS, step: 'at' });
    assert.ok(LANE_STATES.includes(later?.state ?? 'off'));
    assert.equal(later?.awaited, undefined);
  });

  it('are for the process that sent last before they ended, of those below', () => {
    const holds: Holds = [
      [0, 0, 0, 'receives'],
      [0, 0, 40, 'pool'],
      [0, 0, 80, 'app'],
      [1, 1, 10, 'sends'],
      [1, 1, 30, 'sends'],
      [2, 2, 20, 'sends'],
      [2, 2, 60, 'app'],
      // A stranger: no descendant.
      [3, 3, 70, 'sends'],
      [2, 2, 65, 'sends'],
      [2, 2, 90, 'sends'],
    ];
    const stranger = processState({ pid: 99, parentPid: 1, endNs: 100 * MS });
    const { profile, chart } = profileOf(holds, [], {
      processes: [root([]), child(11), processState({ pid: 12, parentPid: 11, endNs: 100 * MS }), stranger], // prettier-ignore
      threads: [0, 1, 2, 3].map((process) => threadState({ process, tid: process + 1 })),
    });
    // The senders are off the GIL where they send, and nobody knows for whom.
    const known = profile.awaits.filter(({ processes }) => processes.length > 0);
    const awaited = known.map(({ on, ns, processes }) => ({ on, ns, processes }));
    assert.deepEqual(awaited, [
      { on: 'pipe', ns: 39 * MS, processes: [{ pid: 11, ns: 39 * MS }] },
      { on: 'pool', ns: 39 * MS, processes: [{ pid: 12, ns: 39 * MS }] },
    ]);
    const segment = chart.segment({ kind: 'segment', lane: 0, atNs: 50 * MS, step: 'at' });
    assert.deepEqual(segment?.awaited, { on: 'pool', pid: 12 });
    assert.equal(segment.releasedBy?.endNs, 66 * MS);
  });
});

describe('work of executors', () => {
  const { node } = tableOf();
  const given = (
    thread: number,
    atMs: number,
    endMs: number,
    stack: Name,
    task?: Name,
  ): WorkRow[] => {
    const begun = { thread, atNs: atMs * MS, ended: false, giver: 0, givenNs: (atMs - 2) * MS };
    const none = { giver: -1, givenNs: 0, givenStack: 0, taskStack: 0 };
    return [
      { ...begun, givenStack: node(stack), taskStack: task === undefined ? 0 : node(task) },
      { ...none, thread, atNs: endMs * MS, ended: true },
    ];
  };

  it('is told by the line that gave it, or that made the task, and linked to the wait', () => {
    const holds: Holds = [
      [0, 0, 0, 'gives'],
      [1, 0, 4, 'works'],
      [1, 0, 10, 'finishes'],
      [0, 0, 20, 'loop'],
      [1, 0, 30, 'finishes'],
      [0, 0, 50, 'app'],
    ];
    const works = [
      ...given(1, 3, 12, 'gives'),
      ...given(1, 13, 45, 'givesBare', 'gathers'),
      ...given(1, 46, 99, 'app'),
    ];
    const { profile, chart } = profileOf(holds, works, {
      threads: [threadState({ tid: 1 }), threadState({ tid: 2 })],
    });
    const rows = profile.executors.map(({ where, work, ...row }) => ({ ...row, at: where.function, work: work?.function })); // prettier-ignore
    const one = { pid: 10, count: 1, queuedNs: 2 * MS, maxQueuedNs: 2 * MS, threads: 1 };
    const ran = (ms: number) => ({ ranNs: ms * MS, maxRanNs: ms * MS });
    assert.deepEqual(rows, [
      { ...one, ...ran(53), at: '<module>', work: undefined, asyncio: false },
      { ...one, ...ran(32), at: 'gathers', work: undefined, asyncio: true },
      { ...one, ...ran(9), at: 'main', work: 'job', asyncio: true },
    ]);
    const idle = chart.segment({ kind: 'segment', lane: 0, atNs: 30 * MS, step: 'at' });
    assert.deepEqual(idle?.awaited, { on: 'executor', pid: null });
    assert.deepEqual(idle.releasedBy, { lane: 1, startNs: 13 * MS, endNs: 45 * MS, place: null });
    const working = chart.segment({ kind: 'segment', lane: 1, atNs: 5 * MS, step: 'at' });
    assert.equal(working?.givenAt?.function, 'main');
  });

  it('goes on as far as it was seen to, where its end is past the bound of the trace', () => {
    const holds: Holds = [
      [0, 0, 5, 'works'],
      [0, 0, 8, 'works'],
    ];
    const [begun] = given(0, 3, 0, 'gives');
    assert.ok(begun);
    const ranNs = (lost: Partial<CycleTotals>): number | undefined => {
      const thread = threadState({ tid: 1, endNs: 90 * MS });
      const threads = [{ ...thread, lost: { ...thread.lost, ...lost } }];
      return profileOf(holds, [begun], { threads }).profile.executors[0]?.ranNs;
    };
    assert.equal(ranNs({}), 87 * MS);
    assert.equal(ranNs({ acquires: 2 }), 6 * MS);
  });

  it('is that of one program, also where another took its place in the same process', () => {
    const holds: Holds = [
      [0, 0, 4, 'works'],
      [1, 1, 64, 'works'],
    ];
    const works = [...given(0, 3, 12, 'gives'), ...given(1, 63, 83, 'gives')];
    const program = { pid: 10, parentPid: 1 };
    const { profile } = profileOf(holds, works, {
      processes: [
        processState({ ...program, endNs: 50 * MS, replaced: true }),
        processState({ ...program, startNs: 50 * MS, endNs: 100 * MS }),
      ],
      threads: [0, 1].map((process) => threadState({ process, tid: 10 })),
    });
    const rows = profile.executors.map(({ pid, count, ranNs }) => ({ pid, count, ranNs }));
    assert.deepEqual(rows, [
      { pid: 10, count: 1, ranNs: 20 * MS },
      { pid: 10, count: 1, ranNs: 9 * MS },
    ]);
  });
});
