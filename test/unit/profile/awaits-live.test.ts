/** Waits and works of a run that goes on: a view costs what is new, and says what a look at everything says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AwaitStretches } from '../../../server/profile/await-columns';
import { createEngine, type Engine } from '../../../server/profile/engine';
import { LaneLocks, OpenLaneLocks, type LockWait } from '../../../server/profile/lane-locks';
import type { TraceState, WorkRow } from '../../../server/trace/events';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  type TestCycle,
  threadState,
} from '../../support/random-cycles';

const MS = 1_000_000;
const LIB = '/usr/lib/python3.12';
const PROCESSES = 3;
/** Innermost frames, each called by the line of the user of the same number. */
const FUNCTIONS = [
  '/app.py:main',
  `${LIB}/multiprocessing/connection.py:_recv`,
  `${LIB}/multiprocessing/connection.py:_send`,
  `${LIB}/concurrent/futures/_base.py:result`,
  `${LIB}/asyncio/base_events.py:_run_once`,
  `${LIB}/asyncio/events.py:_run`,
  `${LIB}/concurrent/futures/thread.py:_worker`,
];
const [TASK_RUN, EVENTS] = [6, 5];

const places = FUNCTIONS.flatMap((text, index) => {
  const [file = '', name = ''] = text.split(':');
  return [
    { file: '/app.py', line: index + 1, function: 'user' },
    { file, line: 100 + index, function: name },
  ];
});
const rows = FUNCTIONS.flatMap((_, index) => [
  [0, 2 * index] as const,
  [2 * index + 1, 2 * index + 1] as const,
]);
/** A line of a task: the user's code inside of the loop. */
const inTask: readonly (readonly [number, number])[] = [[2 * TASK_RUN, 0]];
const TASK = rows.length + 1;
const table = stackTable(places, [...rows, ...inTask]);
const nodes = [...FUNCTIONS.keys()].map((index) => 2 * (index + 1)).concat(TASK);

interface Event {
  readonly process: number;
  readonly offMs: number;
  readonly stack: number;
  readonly works: boolean;
}

interface Piece {
  readonly cycles: readonly TestCycle[];
  readonly works: readonly WorkRow[];
  readonly endNs: number;
}

/** One thread in each process, one event after another: their order is that of time. */
function pieceOf(events: readonly Event[], startNs: number): Piece {
  let atNs = startNs;
  const works: WorkRow[] = [];
  const cycles = events.map(({ process, offMs, stack, works: gives }): TestCycle => {
    atNs += offMs * MS;
    const [acquired, released] = [atNs, atNs + MS];
    atNs = released;
    const thread = process;
    if (gives) {
      const given = { thread, giver: (process + 1) % PROCESSES, givenNs: acquired, givenStack: 2 };
      works.push({ ...given, atNs: acquired, ended: false, taskStack: 0 });
      works.push({ ...given, atNs: released, ended: true, taskStack: 0 });
    }
    const common = { flags: 0, switchWaitEnd: 0, gil: process, thread, waitStart: acquired };
    return { ...common, acquired, released, stack: nodes[stack] as number };
  });
  return { cycles, works, endNs: atNs };
}

const stateAt = (endNs: number): TraceState => ({
  processes: Array.from({ length: PROCESSES }, (_, index) =>
    processState({ pid: 10 + index, parentPid: index === 0 ? 1 : 10, endNs }),
  ),
  threads: Array.from({ length: PROCESSES }, (_, process) =>
    threadState({ process, tid: process + 1 }),
  ),
  gils: Array.from({ length: PROCESSES }, (_, process) => gilState({ process })),
  locks: [],
  aggregates: [],
  stacks: table,
});

function feed(engine: Engine, { cycles, works }: Piece): void {
  engine.works?.(works);
  for (let gil = 0; gil < PROCESSES; gil++) {
    const own = cycles.filter((cycle) => cycle.gil === gil);
    const sink = { ...engine, cycles: (batch: Parameters<Engine['cycles']>[0]) => engine.cycles({ ...batch, stacks: table }) }; // prettier-ignore
    deliver({ cycles: own, samples: [] }, sink);
  }
}

const view = (engine: Engine, endNs: number, live: boolean) =>
  engine.snapshot(stateAt(endNs), {
    command: [],
    startedAt: '',
    exit: { code: 0, signal: null },
    live,
  });

function told(engine: Engine, endNs: number, live: boolean) {
  const { profile, awaits } = view(engine, endNs, live);
  const moments = Array.from({ length: 40 }, (_, i) => (i * endNs) / 40);
  const links = moments.flatMap((at) =>
    [0, 1, 2].map((thread) => {
      const { on, pid, other } = awaits.at(thread, at) ?? {};
      return [on, pid, other, awaits.givenAt(thread, at)?.line];
    }),
  );
  return {
    awaits: profile.awaits,
    executors: profile.executors,
    findings: profile.findings.filter(({ rule }) => rule === 'loop-blocked'),
    links,
  };
}

const event = fc.record({
  process: fc.nat(PROCESSES - 1),
  offMs: fc.integer({ min: 1, max: 60 }),
  stack: fc.nat(nodes.length - 1),
  works: fc.boolean(),
});

describe('a live view', () => {
  it('says of waits, works and blocked loops what a look at everything says', () => {
    const run = fc.array(fc.array(event, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(run, (pieces) => {
        const live = createEngine();
        const known: Piece[] = [];
        let endNs = 0;
        for (const events of pieces) {
          const piece = pieceOf(events, endNs);
          endNs = piece.endNs;
          known.push(piece);
          feed(live, piece);
          const afresh = createEngine();
          for (const part of known) feed(afresh, part);
          assert.deepEqual(told(live, endNs, true), told(afresh, endNs, true));
          assert.deepEqual(told(live, endNs, true).awaits, told(afresh, endNs, false).awaits);
        }
        const whole = createEngine();
        for (const part of known) feed(whole, part);
        assert.deepEqual(told(live, endNs, false), told(whole, endNs, false));
      }),
      { numRuns: 40 },
    );
  });

  it('does not look at old waits again', (context) => {
    const engine = createEngine();
    const events = Array.from({ length: 500 }, (_, i) => {
      return { process: i % PROCESSES, offMs: 2, stack: 1 + (i % 2), works: false };
    });
    const first = pieceOf(events, 0);
    feed(engine, first);
    for (let i = 0; i < 3; i++) view(engine, first.endNs, true);
    const looked = context.mock.method(AwaitStretches.prototype, 'at');
    const next = pieceOf(events.slice(0, 9), first.endNs);
    feed(engine, next);
    view(engine, next.endNs, true);
    assert.ok(looked.mock.callCount() > 0 && looked.mock.callCount() <= 9);
  });
});

describe('an event loop', () => {
  const finding = (stacks: readonly number[], offMs: number) => {
    const engine = createEngine();
    const events = stacks.map((stack) => ({ process: 0, offMs, stack, works: false }));
    const piece = pieceOf(events, 0);
    feed(engine, piece);
    return told(engine, piece.endNs, false).findings;
  };
  const task = nodes.length - 1;

  it('is blocked by long times off in a task, not by many short ones', () => {
    const long = finding([EVENTS - 1, task, task, task], 40);
    assert.deepEqual(
      long.map(({ evidence }) => evidence['blockedNs']),
      [80 * MS],
    );
    assert.deepEqual(finding([EVENTS - 1, ...Array.from({ length: 60 }, () => task)], 4), []);
  });

  it('is none where it never ran: a child that was forked in a task has its frames', () => {
    assert.deepEqual(finding([0, task, task, task], 40), []);
  });
});

describe('more than is kept', () => {
  it('is said', () => {
    const engine = createEngine({ awaitBounds: { waits: 3, works: 2 } });
    const events = Array.from({ length: 12 }, (_, i) => {
      return { process: i % 2, offMs: 20, stack: 1 + (i % 2), works: true };
    });
    const piece = pieceOf(events, 0);
    feed(engine, piece);
    const { profile } = view(engine, piece.endNs, false);
    const [first, ...others] = profile.processes.map(({ messages }) => messages.join(' '));
    assert.match(first ?? '', /more waits for processes and executors than are kept \(3\)/);
    assert.match(first ?? '', /more work to executors than is kept \(2 times\)/);
    assert.deepEqual(others, ['', '']);
    assert.equal(
      profile.executors.reduce((sum, { count }) => sum + count, 0),
      2,
    );
  });
});

describe('waits of a thread for locks with one that goes on', () => {
  it('are as if it had ended, and the ended ones stay as they are', () => {
    const steps = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })), { minLength: 1 });
    fc.assert(
      fc.property(steps, fc.nat(400), fc.nat(400), (lengths, fromNs, toNs) => {
        let atNs = 0;
        const waits = lengths.map(([gap, ns], index): LockWait => {
          const startNs = atNs + gap;
          atNs = startNs + ns;
          return { startNs, endNs: atNs, stack: index, lock: 0, releaser: -1, owner: -1 };
        });
        const open = waits.pop() as LockWait;
        const [ended, all] = [new LaneLocks(), new LaneLocks()];
        for (const wait of waits) {
          ended.push(wait);
          all.push(wait);
        }
        const view = new OpenLaneLocks(ended, open);
        all.push(open);
        ended.push({
          startNs: atNs + 5,
          endNs: atNs + 9,
          stack: 0,
          lock: 0,
          releaser: 1,
          owner: -1,
        });
        assert.equal(view.count, all.count);
        assert.equal(view.waitedUntil(fromNs, view.count), all.waitedUntil(fromNs, all.count));
        const between = view.between(fromNs, toNs, view.count);
        assert.deepEqual(between, all.between(fromNs, toNs, all.count));
      }),
    );
  });
});
