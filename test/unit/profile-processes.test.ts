/** Processes of a run: how they ended, and what their stacks tell of waits for each other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Activities } from '../../server/profile/activities';
import { Chart } from '../../server/profile/chart';
import { createEngine } from '../../server/profile/engine';
import { exitsOf } from '../../server/profile/process-ends';
import { processRowsOf } from '../../server/profile/rows';
import { Timeline } from '../../server/profile/timeline';
import { TILE_BINS, TILE_STATE_BYTES } from '../../server/protocol-chart';
import type { ProcessState, StackTable, TraceState } from '../../server/trace/events';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  type TestCycle,
  threadState,
} from '../support/random-cycles';

const NO_END = { code: null, signal: null };

function stateOf(processes: readonly Partial<ProcessState>[]): TraceState {
  return {
    processes: processes.map((changes) => processState({ exitCode: null, ...changes })),
    threads: [],
    gils: [],
    locks: [],
    aggregates: [],
    stacks: stackTable([], []),
  };
}

const end = (pid: number, atNs: number, code: number | null, signal: string | null = null) => ({
  pid,
  atNs,
  code,
  signal,
  tid: 1,
});

describe('ends of processes', () => {
  it('by the launcher, by the process, by its parent', () => {
    const childEnds = [end(11, 50, null, 'SIGKILL'), end(12, 60, 3), end(10, 70, 9)];
    const state = stateOf([
      { pid: 10, parentPid: 1, childEnds },
      { pid: 11, parentPid: 10, startNs: 5 },
      { pid: 12, parentPid: 10, startNs: 5, exitCode: 4 },
      { pid: 13, parentPid: 10, startNs: 5 },
    ]);
    assert.deepEqual(exitsOf(state, { code: 0, signal: null }), [
      { code: 0, signal: null },
      { code: null, signal: 'SIGKILL' },
      { code: 4, signal: null },
      NO_END,
    ]);
  });

  it('of the last of several programs of a pid', () => {
    const state = stateOf([
      { pid: 10, parentPid: 1, replaced: true },
      { pid: 10, parentPid: 1, startNs: 7 },
    ]);
    assert.deepEqual(exitsOf(state, { code: 2, signal: null }), [
      NO_END,
      { code: 2, signal: null },
    ]);
  });

  it('by Stop, only where nobody learnt it', () => {
    const state = stateOf([
      { pid: 10, parentPid: 1, childEnds: [end(11, 50, 3)] },
      { pid: 11, parentPid: 10, startNs: 5 },
      { pid: 12, parentPid: 10, startNs: 5 },
      { pid: 13, parentPid: 10, startNs: 5 },
    ]);
    const stopped = { 10: 'SIGINT', 11: 'SIGTERM', 12: 'SIGKILL' };
    const exit = { code: null, signal: 'SIGINT' };
    const lives = { processEndNs: [], threadStartNs: [], threadEndNs: [] };
    const rows = processRowsOf(state, lives, { exit, stopped, live: false });
    assert.deepEqual(
      rows.map(({ stoppedBy }) => stoppedBy),
      [null, null, 'SIGKILL', null],
    );
  });

  it('not of an earlier process of the same pid', () => {
    const childEnds = [end(11, 40, 1), end(11, 90, 0)];
    const state = stateOf([
      { pid: 10, parentPid: 1, childEnds },
      { pid: 11, parentPid: 10, startNs: 5 },
      { pid: 11, parentPid: 10, startNs: 60 },
    ]);
    assert.deepEqual(exitsOf(state, NO_END).slice(1), [
      { code: 1, signal: null },
      { code: 0, signal: null },
    ]);
  });
});

describe('programs that are not recorded', () => {
  const lives = { processEndNs: [], threadStartNs: [], threadEndNs: [] };
  const rowsOf = (processes: readonly Partial<ProcessState>[], live = false) =>
    processRowsOf(stateOf(processes), lives, { exit: { code: 0, signal: null }, live });
  const said = (processes: readonly Partial<ProcessState>[], live = false): string[] =>
    rowsOf(processes, live).flatMap(({ messages }) => messages);
  const sound = { gilSeen: true };
  const root = { ...sound, pid: 10, parentPid: 1 };

  it('what the program became is said where it is none that was recorded', () => {
    const became = { ...root, replaced: true };
    assert.match(
      said([became]).join(),
      /^Process 10 became another program that was not recorded:/,
    );
    const twice = rowsOf([became, { ...became, startNs: 7 }]);
    assert.deepEqual(
      twice.map(({ messages }) => messages.length),
      [0, 1],
    );
  });

  it('nothing is said of a Python, of a child that is another program, nor before it may have begun', () => {
    const became = { ...root, replaced: true };
    const child = { ...sound, pid: 11, parentPid: 10, startNs: 5, replaced: true };
    assert.deepEqual(said([became, { ...root, startNs: 7 }]), []);
    assert.deepEqual(said([root, child]), []);
    assert.deepEqual(said([became], true), []);
  });

  it('children that ended are counted, each process’s own, also of a pid that was used again', () => {
    const childEnds = [
      end(11, 40, 1),
      end(12, 50, 0),
      end(11, 90, 0),
      end(13, 95, 0),
      end(13, 99, 0),
    ];
    const processes = [
      { ...root, childEnds },
      { ...sound, pid: 11, parentPid: 10, startNs: 5, childEnds: [end(14, 20, 0)] },
      { ...sound, pid: 13, parentPid: 10, startNs: 96 },
    ];
    const counts = (live: boolean): number[] =>
      rowsOf(processes, live).map(({ otherChildren }) => otherChildren);
    // Of the root: 12, the second 11 and the first 13.
    assert.deepEqual(counts(false), [3, 1, 0]);
    assert.deepEqual(counts(true), [0, 0, 0]);
  });
});

const LIB = '/usr/lib/python3.12';
/** From the outermost frame to the innermost. */
const STACKS: Record<string, readonly (readonly [file: string, name: string])[]> = {
  dumps: [['/app.py', 'main'], [`${LIB}/multiprocessing/connection.py`, '_ConnectionBase.send'], [`${LIB}/multiprocessing/reduction.py`, 'ForkingPickler.dumps'], ['/app.py', 'Thing.__reduce__']], // prettier-ignore
  loads: [['/app.py', 'main'], [`${LIB}/multiprocessing/connection.py`, 'recv']], // prettier-ignore
  state: [['/app.py', 'main'], [`${LIB}/multiprocessing/connection.py`, '_ConnectionBase.recv'], ['/app.py', 'Thing.__setstate__']], // prettier-ignore
  gets: [['/app.py', 'main'], [`${LIB}/multiprocessing/queues.py`, 'Queue.get'], ['/app.py', 'rebuilt']], // prettier-ignore
  asks: [['/app.py', 'main'], [`${LIB}/multiprocessing/queues.py`, 'Queue.get'], [`${LIB}/multiprocessing/connection.py`, '_ConnectionBase.poll'], [`${LIB}/selectors.py`, 'register']], // prettier-ignore
  polls: [['/app.py', 'main'], [`${LIB}/multiprocessing/connection.py`, 'poll']], // prettier-ignore
  reads: [['/app.py', 'main'], [`${LIB}/multiprocessing/queues.py`, 'get'], [`${LIB}/multiprocessing/connection.py`, 'recv_bytes']], // prettier-ignore
  lets: [['/app.py', 'main'], [`${LIB}/multiprocessing/queues.py`, 'SimpleQueue.get'], [`${LIB}/multiprocessing/synchronize.py`, 'SemLock.__exit__']], // prettier-ignore
  locks: [['/app.py', 'main'], [`${LIB}/multiprocessing/synchronize.py`, '__exit__']], // prettier-ignore
  spawned: [['<string>', '<module>'], [`${LIB}/multiprocessing/spawn.py`, 'spawn_main'], [`${LIB}/multiprocessing/spawn.py`, '_main']], // prettier-ignore
  served: [[`${LIB}/multiprocessing/forkserver.py`, '_serve_one'], [`${LIB}/multiprocessing/spawn.py`, '_main'], ['/app.py', 'Thing.__setstate__']], // prettier-ignore
  prepares: [[`${LIB}/multiprocessing/spawn.py`, '_main'], [`${LIB}/multiprocessing/spawn.py`, 'prepare'], ['/app.py', '<module>']], // prettier-ignore
  works: [[`${LIB}/multiprocessing/spawn.py`, '_main'], [`${LIB}/multiprocessing/process.py`, 'BaseProcess._bootstrap'], ['/app.py', 'job']], // prettier-ignore
  answers: [[`${LIB}/multiprocessing/spawn.py`, '_main'], [`${LIB}/multiprocessing/process.py`, '_bootstrap'], ['/app.py', 'job'], [`${LIB}/multiprocessing/connection.py`, 'send'], ['/app.py', '__getstate__']], // prettier-ignore
  imports: [[`${LIB}/multiprocessing/connection.py`, 'recv'], ['<frozen importlib._bootstrap>', '_find_and_load'], ['/lib/numpy.py', '<module>']], // prettier-ignore
  receives: [['/app.py', 'main'], [`${LIB}/multiprocessing/connection.py`, 'recv'], [`${LIB}/multiprocessing/connection.py`, 'Connection._recv']], // prettier-ignore
  worker: [[`${LIB}/multiprocessing/pool.py`, 'worker'], [`${LIB}/multiprocessing/queues.py`, 'get'], [`${LIB}/multiprocessing/connection.py`, '_recv']], // prettier-ignore
  task: [[`${LIB}/multiprocessing/pool.py`, 'worker'], ['/app.py', 'job'], [`${LIB}/multiprocessing/connection.py`, '_recv']], // prettier-ignore
  communicate: [['/app.py', 'main'], [`${LIB}/subprocess.py`, 'Popen._communicate'], [`${LIB}/selectors.py`, '_PollLikeSelector.select']], // prettier-ignore
  joins: [['/app.py', 'main'], [`${LIB}/multiprocessing/popen_fork.py`, 'wait'], [`${LIB}/multiprocessing/connection.py`, 'wait'], [`${LIB}/selectors.py`, 'select']], // prettier-ignore
  pool: [['/app.py', 'main'], [`${LIB}/multiprocessing/pool.py`, 'ApplyResult.get'], [`${LIB}/threading.py`, 'Event.wait']], // prettier-ignore
  idleLoop: [['/app.py', '<module>'], [`${LIB}/asyncio/base_events.py`, '_run_once'], [`${LIB}/selectors.py`, 'EpollSelector.select']], // prettier-ignore
  coroutine: [['/app.py', '<module>'], [`${LIB}/asyncio/base_events.py`, '_run_once'], [`${LIB}/asyncio/events.py`, 'Handle._run'], ['/app.py', 'coroutine']], // prettier-ignore
  own: [
    ['/my/subprocess_tools.py', 'wait'],
    ['/app/selectors.py', 'choose'],
  ],
};

function tableOf(): { table: StackTable; nodes: ReadonlyMap<string, number> } {
  const places: { file: string; line: number; function: string }[] = [];
  const rows: (readonly [number, number])[] = [];
  const nodes = new Map<string, number>();
  for (const [name, frames] of Object.entries(STACKS)) {
    let parent = 0;
    for (const [file, title] of frames) {
      places.push({ file, line: places.length + 1, function: title });
      rows.push([parent, places.length - 1]);
      parent = rows.length;
    }
    nodes.set(name, parent);
  }
  return { table: stackTable(places, rows), nodes };
}

describe('activities', () => {
  const { table, nodes } = tableOf();
  const activities = new Activities(table);
  const all = [...nodes];

  it('what processes cost', () => {
    const costs = all.map(([name, node]) => [name, activities.costOf(node)] as const);
    assert.deepEqual(Object.fromEntries(costs.filter(([, cost]) => cost !== null)), {
      dumps: 'pickle',
      loads: 'pickle',
      state: 'pickle',
      gets: 'pickle',
      asks: 'pipe',
      reads: 'pipe',
      lets: 'pipe',
      spawned: 'pickle',
      served: 'pickle',
      answers: 'pickle',
      receives: 'pipe',
      worker: 'pipe',
      task: 'pipe',
    });
  });

  it('what a thread waits for', () => {
    const awaited = all.map(([name, node]) => [name, activities.awaitedBy(node)] as const);
    assert.deepEqual(Object.fromEntries(awaited.filter(([, kind]) => kind !== null)), {
      gets: 'pipe',
      asks: 'pipe',
      polls: 'pipe',
      reads: 'pipe',
      lets: 'pipe',
      receives: 'pipe',
      worker: 'work',
      task: 'pipe',
      communicate: 'child',
      joins: 'child',
      pool: 'pool',
      idleLoop: 'events',
    });
  });

  it('tasks of an event loop', () => {
    const tasks = all.filter(([, node]) => activities.isTask(node)).map(([name]) => name);
    assert.deepEqual(tasks, ['coroutine']);
  });
});

describe('time off the GIL', () => {
  it('is on a CPU as far as the readings say, on the line and the thread', () => {
    const stacks = stackTable([{ file: '/a.py', line: 3, function: 'f' }], [[0, 0]]);
    const empty = { gil: 0, thread: 0, stack: 1, flags: 0, switchWaitEnd: 0 };
    const cycles: TestCycle[] = [
      { ...empty, waitStart: 100, acquired: 100, released: 200 },
      { ...empty, waitStart: 1200, acquired: 1210, released: 1300 },
    ];
    const timeline = new Timeline(() => 0);
    const engine = createEngine({ listener: timeline });
    engine.cpu?.({
      gil: 0,
      count: 2,
      thread: Uint32Array.of(0, 0),
      at: Float64Array.of(90, 1190),
      cpuNs: Float64Array.of(5000, 5800),
      heldNs: Float64Array.of(0, 100),
    });
    deliver({ cycles, samples: [] }, engine);
    const state: TraceState = {
      ...stateOf([{ endNs: 2000, exitCode: 0 }]),
      threads: [threadState({ tid: 1 })],
      gils: [gilState()],
      stacks,
    };
    const exit = { code: 0, signal: null };
    const snapshot = engine.snapshot(state, { command: [], startedAt: '', exit, live: false });
    const { profile } = snapshot;
    // 800 ns of CPU time, of which it held 100: 700 of the 1000 ns off; 190 ns held in all.
    assert.equal(profile.threads[0]?.nativeNs, 700);
    const row = profile.lines.find(({ file }) => file === '/a.py');
    assert.deepEqual(row?.native, { selfNs: 700, totalNs: 700 });
    assert.deepEqual(profile.parallelism, {
      onCpuNs: 890,
      underGilNs: 190,
      systemCpuNs: null,
    });

    // The chart has 512 bins of 2000 / 512 ns: off from 200 to 1200, of which 70 % were native.
    const chart = new Chart(snapshot, timeline, engine.lines, 1, false);
    const at = (atNs: number) => chart.segment({ kind: 'segment', lane: 0, atNs, step: 'at' });
    assert.equal(at(500)?.nativeNs, 700);
    assert.equal(at(1700)?.nativeNs, undefined);
    // In quarters of 500 ns: held 200 − 100 and 1300 − 1210, on a CPU off the GIL 70 % of 200 to 1200.
    const question = { kind: 'curves', fromNs: 0, toNs: 2000, bins: 4 } as const;
    const answered = chart.answer({ kind: 'analysis', question });
    assert.ok(answered.kind === 'analysis' && answered.answer?.kind === 'curves');
    assert.deepEqual(answered.answer.curves.parallel, [0.62, 0.7, 0.46, 0]);
    assert.deepEqual(answered.answer.curves.gilLoad, [0.2, 0, 0.18, 0]);
    const tile = chart.tile({ kind: 'tile', level: 9, index: 0, page: 0 });
    const native = tile.subarray(TILE_STATE_BYTES);
    const binNs = 2000 / TILE_BINS;
    native.subarray(0, TILE_BINS).forEach((share, bin) => {
      const overlap = Math.min(1200, (bin + 1) * binNs) - Math.max(200, bin * binNs);
      const exact = (Math.max(overlap, 0) / binNs) * 0.7 * 255;
      assert.ok(Math.abs(share - exact) < 1, `bin ${bin}: ${share}, not ${exact}`);
    });
    assert.ok(native.subarray(TILE_BINS).every((share) => share === 0));
  });
});
