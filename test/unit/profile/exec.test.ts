/** A process that executes another program keeps its pid: the two are told apart nevertheless. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchThreads } from '../../../server/profile/compare/match-threads';
import { createEngine } from '../../../server/profile/engine';
import { gilHogFindings } from '../../../server/profile/finding-gil-hog';
import { checkInvariants } from '../../../server/profile/invariants';
import { reportText } from '../../../server/profile/report-text';
import type { Profile } from '../../../server/protocol';
import { LOCK_ROW, type TraceState } from '../../../server/trace/events';
import { exportDataOf, exported } from '../../support/export-data';
import { readPerfetto } from '../../support/perfetto-trace';
import {
  gilState,
  processState,
  stackTable,
  type TestTrace,
  threadState,
} from '../../support/random-cycles';
import { lockState, sendLocks } from '../../support/random-locks';

const MS = 1e6;
const LINES = stackTable([{ file: '/p/app.py', line: 3, function: 'work' }], [[0, 0]]);

/** Milliseconds: a program of 0 to 1000, then another of 1000 to 1100. */
function stateOf(changes: Partial<TraceState> = {}, freeThreaded = false): TraceState {
  const kind = { freeThreaded, gilEnabled: !freeThreaded };
  const launcher = { argv: ['launch.py'], endNs: 1000 * MS, replaced: true, ...kind };
  const app = { argv: ['app.py'], startNs: 1000 * MS, endNs: 1100 * MS, ...kind };
  const life = { startNs: 1000 * MS, endNs: 1100 * MS };
  return {
    processes: [processState(launcher), processState(app)],
    threads: [
      threadState({ tid: 100, name: 'MainThread', endNs: 1000 * MS }),
      threadState({ process: 1, tid: 100, name: 'MainThread', ...life }),
      threadState({ process: 1, tid: 102, name: 'hog', ...life }),
    ],
    gils: freeThreaded ? [] : [gilState(), gilState({ process: 1 })],
    locks: [],
    aggregates: [],
    stacks: LINES,
    ...changes,
  };
}

/** The launcher holds for 500 ms of its 1000; of the 100 ms of the second, its thread keeps the other waiting for 60. */
function executed(): TestTrace {
  const rest = { stack: 1, flags: 0, switchWaitEnd: 0 };
  const cycle = (gil: number, thread: number, waitStart: number, from: number, to: number) => ({
    ...{ ...rest, gil, thread },
    ...{ waitStart: waitStart * MS, acquired: from * MS, released: to * MS },
  });
  const cycles = [
    cycle(0, 0, 0, 0, 500),
    cycle(1, 1, 1000, 1000, 1010),
    cycle(1, 2, 1010, 1010, 1080),
    cycle(1, 1, 1020, 1080, 1100),
  ];
  return { cycles, samples: [], state: stateOf() };
}

function profileOf(state: TraceState): Profile {
  const engine = createEngine();
  const wait = { kind: LOCK_ROW.wait, stack: 0, start: 10 * MS, end: 20 * MS };
  sendLocks(
    state.locks.map(({ process }, lock) => ({
      ...{ ...wait, lock, thread: process },
      ...(process === 1 ? { start: 1010 * MS, end: 1050 * MS } : {}),
    })),
    engine,
    state,
    -1,
  );
  const exit = { code: 0, signal: null };
  return engine.snapshot(state, { command: [], startedAt: '', exit, live: false }).profile;
}

describe('after exec', () => {
  const data = exportDataOf(executed());

  it('the share of a line in a run is that of its program', () => {
    const hogs = gilHogFindings(data.profile).map(({ evidence }) => [
      evidence['gil'],
      evidence['blocksNs'],
      evidence['runNs'],
    ]);
    assert.deepEqual(hogs, [['100-1/0', 60 * MS, 100 * MS]]);
  });

  it('the report has the time that each held its GIL as part of its own run', () => {
    const rows = reportText(data.profile, { folder: '/p' }).split('\n');
    const first = rows.find((row) => / 100\/0$/.test(row) && row.includes('%'));
    const second = rows.find((row) => / 100-1\/0$/.test(row) && row.includes('%'));
    assert.match(first ?? '', /^ +500 ms +50 % /);
    assert.match(second ?? '', /^ +100 ms +100 % /);
  });

  it('Firefox Profiler has two processes', () => {
    interface Thread {
      readonly name: string;
      readonly pid: string;
      readonly processName: string;
      readonly processStartupTime: number;
      readonly processShutdownTime: number;
    }
    interface Exported {
      readonly counters: readonly { readonly pid: string }[];
      readonly threads: readonly Thread[];
    }
    const { threads, counters } = JSON.parse(
      exported(data, 'firefox').bytes.toString(),
    ) as Exported;
    assert.deepEqual(
      threads.map((row) => [
        ...[row.name, row.pid, row.processName],
        ...[row.processStartupTime, row.processShutdownTime],
      ]),
      [
        ['MainThread', '100', 'launch.py', 0, 1000],
        ['MainThread', '100-1', 'app.py', 1000, 1100],
        ['hog', '100-1', 'app.py', 1000, 1100],
      ],
    );
    assert.deepEqual(
      counters.map(({ pid }) => pid),
      ['100', '100-1'],
    );
  });

  it('Perfetto has a thread of its own for each, and the load of each GIL below its program', () => {
    const { tracks } = readPerfetto(exported(data, 'perfetto').bytes);
    const threads = tracks.flatMap(({ thread }) => (thread === null ? [] : [thread.name]));
    assert.deepEqual(threads, ['MainThread', 'MainThread', 'hog']);
    const programs = tracks.filter(({ pid }) => pid !== null).map(({ id }) => id);
    const below = tracks.filter(({ parent }) => programs.includes(parent));
    assert.deepEqual(new Set(below.map(({ parent }) => parent)), new Set(programs));
    assert.equal(programs.length, 2);
  });

  it('threads without a GIL and waits of one name belong to their program', () => {
    const locks = [0, 1].map((process) => lockState({ process, kind: 'join' }));
    const profile = profileOf(stateOf({ locks }, true));
    assert.deepEqual(checkInvariants(profile), []);
    assert.deepEqual(profile.locks.map(({ id }) => id).sort(), [
      '100-1/work/join',
      '100/work/join',
    ]);
  });

  it('a comparison pairs threads of the same program', () => {
    const { profile } = data;
    const later = { ...profile, threads: profile.threads.slice(1) };
    const pairs = matchThreads(profile, later).map(({ before, after }) => [
      ...[before?.gil, after?.gil],
    ]);
    assert.deepEqual(pairs, [
      ['100/0', undefined],
      ['100-1/0', '100-1/0'],
      ['100-1/0', '100-1/0'],
    ]);
  });
});
