import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Chart } from '../../server/profile/chart';
import { createEngine, type Engine } from '../../server/profile/engine';
import { Timeline } from '../../server/profile/timeline';
import type { Finding } from '../../server/protocol';
import type { Segment } from '../../server/protocol-chart';
import { BATCH_FLAG, type TraceState } from '../../server/trace/events';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  type TestCycle,
  type TestSample,
  threadState,
} from '../support/random-cycles';
import { askChart } from '../support/ask-chart';

const MS = 1_000_000;
const READ = 1;
const COMPUTE = 2;
const MATCH = 3;
const STACKS = stackTable(
  [
    { file: '/p.py', line: 10, function: 'read' },
    { file: '/p.py', line: 20, function: 'compute' },
    { file: '/p.py', line: 30, function: 'match' },
  ],
  [
    [0, 0],
    [0, 1],
    [0, 2],
  ],
);

/** A schedule of one GIL written down hold by hold. */
class Schedule {
  readonly cycles: TestCycle[] = [];
  readonly samples: TestSample[] = [];
  now = 0;
  readonly #lastEnd = new Map<number, number>();

  /** The thread holds from now for `holdNs`; it waited since `waitedSince`, or did not. */
  hold(
    thread: number,
    stack: number,
    holdNs: number,
    how: { since?: number; forced?: boolean; asked?: boolean } = {},
  ) {
    const forced = how.forced === true && this.#lastEnd.has(thread);
    const since = forced ? this.#lastEnd.get(thread) : how.since;
    const contended = since !== undefined;
    this.cycles.push({
      gil: 0,
      thread,
      waitStart: since ?? this.now,
      acquired: this.now,
      released: this.now + holdNs,
      stack,
      flags: (contended ? BATCH_FLAG.contended : 0) | (forced ? BATCH_FLAG.afterForced : 0),
      switchWaitEnd: 0,
      // A waiter asks once it has waited an interval.
      overrunNs: how.asked === false || holdNs <= 6 * MS ? 0 : holdNs - 5 * MS,
    });
    for (let at = this.now + MS / 2; at < this.now + holdNs; at += MS) {
      this.samples.push({ gil: 0, thread, at, stack });
    }
    this.now += holdNs;
    this.#lastEnd.set(thread, this.now);
  }

  findings(changes: Partial<TraceState> = {}): readonly Finding[] {
    return this.chart(changes).meta().findings;
  }

  chart(changes: Partial<TraceState> = {}): Chart {
    const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
    const engine: Engine = createEngine({ listener: timeline });
    deliver(this, engine);
    const state: TraceState = {
      processes: [processState({ endNs: this.now })],
      threads: [threadState({ tid: 1, name: 'compute' }), threadState({ tid: 2, name: 'read' })],
      gils: [gilState()],
      locks: [],
      aggregates: [],
      stacks: STACKS,
      ...changes,
    };
    const exit = { code: 0, signal: null };
    const facts = { command: [], startedAt: '', exit, live: false };
    return new Chart(engine.snapshot(state, facts), timeline, engine.lines, 1, false);
  }
}

function rules(findings: readonly Finding[]): string[] {
  return findings.map((finding) => finding.rule);
}

/** A thread computes and is forced out each time the other, after a tiny hold and a read, has waited an interval. */
function convoy(): Schedule {
  const schedule = new Schedule();
  schedule.hold(0, COMPUTE, MS);
  for (let i = 0; i < 100; i++) {
    const asked = schedule.now + 20_000;
    schedule.hold(0, COMPUTE, 5 * MS + 20_000, { forced: true });
    schedule.now += 10_000;
    schedule.hold(1, READ, 30_000, { since: asked });
  }
  return schedule;
}

/** As {@link convoy}, with two threads that compute in turns, and one or two that release briefly. */
function crowd(readers: readonly { readonly thread: number; readonly stack: number }[]): Schedule {
  const schedule = new Schedule();
  schedule.hold(0, COMPUTE, 5 * MS);
  schedule.hold(2, COMPUTE, 5 * MS, { since: 0 });
  for (let i = 0; i < 100; i++) {
    const asked = schedule.now + 20_000;
    schedule.hold(0, COMPUTE, 5 * MS, { forced: true });
    schedule.hold(2, COMPUTE, 5 * MS, { forced: true });
    for (const { thread, stack } of readers) schedule.hold(thread, stack, 30_000, { since: asked });
  }
  return schedule;
}

function evidenceFor(chart: Chart, finding: Finding): Segment | null {
  const at = chart
    .meta()
    .findings.findIndex(
      ({ rule, where }) => rule === finding.rule && where?.line === finding.where?.line,
    );
  return askChart(chart, { kind: 'evidence', finding: at }).segment;
}

describe('findings', () => {
  it('names a convoy, with its thread, line and the line it waits for', () => {
    const findings = convoy().findings();
    assert.deepEqual(rules(findings), ['gil-hog', 'convoy']);
    const [hog, finding] = findings;
    assert.deepEqual(finding?.where, { file: '/p.py', line: 10 });
    assert.equal(finding.evidence['thread'], 2);
    assert.equal(finding.evidence['contended'], 100);
    assert.equal(finding.evidence['meanWaitNs'], 5 * MS + 10_000);
    assert.match(finding.message, /100 times, 501 ms in all, most of it for \/p\.py:20/);
    assert.deepEqual(hog?.where, { file: '/p.py', line: 20 });
  });

  it('names the line of each thread in a convoy, also where those that compute wait for each other more', () => {
    const readers = [
      { thread: 1, stack: READ, line: 10 },
      { thread: 3, stack: MATCH, line: 30 },
    ];
    for (const count of [1, 2]) {
      const chart = crowd(readers.slice(0, count)).chart({
        threads: [1, 2, 3, 4].slice(0, 2 + count).map((tid) => threadState({ tid })),
      });
      const convoys = chart.meta().findings.filter(({ rule }) => rule === 'convoy');
      assert.deepEqual(
        convoys.map(({ where, evidence }) => [evidence['thread'], where]),
        readers.slice(0, count).map(({ thread, line }) => [thread + 1, { file: '/p.py', line }]),
      );
      for (const finding of convoys) {
        assert.match(finding.message, /most of it for \/p\.py:20/);
        const shown = evidenceFor(chart, finding);
        assert.equal(shown?.state, 'waiting');
        assert.equal(shown.place?.line, finding.where?.line);
      }
    }
  });

  it('takes two threads that compute for no convoy', () => {
    const schedule = new Schedule();
    schedule.hold(0, COMPUTE, 5 * MS);
    schedule.hold(1, READ, 5 * MS, { since: 0 });
    for (let i = 0; i < 100; i++) {
      schedule.hold(0, COMPUTE, 5 * MS, { forced: true });
      schedule.hold(1, READ, 5 * MS, { forced: true });
    }
    assert.ok(!rules(schedule.findings()).includes('convoy'));
    assert.ok(!rules(schedule.findings()).includes('native-holds-gil'));
  });

  it('names the line whose native code keeps the GIL', () => {
    const schedule = new Schedule();
    for (let i = 0; i < 4; i++) {
      const asked = schedule.now + MS;
      schedule.hold(0, MATCH, 80 * MS, { forced: true });
      schedule.hold(1, READ, MS, { since: asked });
    }
    const finding = schedule.findings().find(({ rule }) => rule === 'native-holds-gil');
    assert.deepEqual(finding?.where, { file: '/p.py', line: 30 });
    assert.deepEqual(finding.evidence, {
      holds: 4,
      blockedNs: 4 * 79 * MS,
      maxBlockedNs: 79 * MS,
      switchIntervalNs: 5 * MS,
    });
  });

  it('names it while it still keeps the GIL', () => {
    const schedule = new Schedule();
    schedule.hold(0, MATCH, MS);
    schedule.hold(1, READ, MS);
    const findings = schedule.findings({
      processes: [processState({ endNs: 500 * MS })],
      threads: [
        threadState({ tid: 1 }),
        threadState({
          tid: 2,
          openWait: { gil: 0, startNs: 3 * MS, afterForced: false, stack: READ },
        }),
      ],
      gils: [
        gilState({
          openHold: {
            thread: 0,
            waitStartNs: 2 * MS,
            acquiredNs: 2 * MS,
            flags: 0,
            stack: MATCH,
          },
        }),
      ],
    });
    assert.deepEqual(rules(findings), ['native-holds-gil', 'gil-hog']);
    assert.deepEqual(findings[0]?.where, { file: '/p.py', line: 30 });
  });

  it('takes a long hold in which lines change, on a machine that is too busy, for no native code', () => {
    const schedule = new Schedule();
    for (let i = 0; i < 4; i++) {
      const asked = schedule.now + MS;
      schedule.hold(0, MATCH, 80 * MS, { forced: true });
      schedule.hold(1, READ, MS, { since: asked });
    }
    const mixed = schedule.samples.map((sample, i) => ({ ...sample, stack: 2 + (i % 2) }));
    schedule.samples.splice(0, schedule.samples.length, ...mixed);
    assert.ok(!rules(schedule.findings()).includes('native-holds-gil'));
  });

  it('takes a holder that was preempted for no native code, one that runs or sleeps on for it', () => {
    // Holds of 80 ms, or one of 400 ms, at one line; the share of the time in which the thread ran.
    const table = [
      { lengthsMs: [80, 80, 80, 80], ran: 0.03, asked: true, native: false },
      { lengthsMs: [80, 80, 80, 80], ran: 0.1, asked: true, native: true },
      { lengthsMs: [80, 80, 80, 80], ran: 0.9, asked: true, native: true },
      { lengthsMs: [80, 80, 80, 80], ran: 0.01, asked: true, native: false },
      { lengthsMs: [400], ran: 0.01, asked: true, native: true },
      // Nobody asked it to release: the waiter was not running when its interval was over.
      { lengthsMs: [80, 80, 80, 80], ran: 0.9, asked: false, native: false },
    ];
    for (const { lengthsMs, ran, asked: isAsked, native } of table) {
      const schedule = new Schedule();
      for (const length of lengthsMs) {
        const asked = schedule.now + MS;
        schedule.hold(0, MATCH, length * MS, { forced: true, asked: isAsked });
        schedule.hold(1, READ, MS, { since: asked });
      }
      const timed = schedule.samples.map((sample) => ({ ...sample, cpuNs: 1 + sample.at * ran }));
      schedule.samples.splice(0, schedule.samples.length, ...timed);
      assert.equal(rules(schedule.findings()).includes('native-holds-gil'), native, `${ran}`);
    }
  });

  it('takes a long native hold for which nobody waited for no fault', () => {
    const schedule = new Schedule();
    schedule.hold(0, MATCH, 800 * MS);
    schedule.hold(1, READ, MS);
    assert.deepEqual(rules(schedule.findings()), ['gil-not-the-problem']);
  });

  it('says of one thread, of sleepers and of code that releases that the GIL is not the problem', () => {
    const single = new Schedule();
    for (let i = 0; i < 200; i++) {
      single.hold(0, COMPUTE, MS);
      single.now += 10_000;
    }
    assert.deepEqual(rules(single.findings()), ['gil-not-the-problem']);

    const sleepers = new Schedule();
    for (let i = 0; i < 200; i++) {
      sleepers.hold(i % 2, i % 2 === 0 ? COMPUTE : READ, 20_000);
      sleepers.now += 10 * MS;
    }
    assert.deepEqual(rules(sleepers.findings()), ['gil-not-the-problem']);
  });

  it('says that there is no GIL on a free-threaded build', () => {
    const processes = [
      processState({
        endNs: 10,
        freeThreaded: true,
        gilSeen: false,
        gilEnabled: false,
        python: '3.13.1',
      }),
    ];
    const findings = new Schedule().findings({ processes, gils: [], threads: [] });
    assert.deepEqual(rules(findings), ['no-gil']);
  });

  it('does not say of a program that still runs that nobody waits', () => {
    const engine = createEngine();
    const schedule = new Schedule();
    schedule.hold(0, COMPUTE, MS);
    deliver(schedule, engine);
    const state: TraceState = {
      processes: [processState({ endNs: MS, ended: false })],
      threads: [threadState()],
      gils: [gilState()],
      locks: [],
      aggregates: [],
      stacks: STACKS,
    };
    const exit = { code: null, signal: null };
    const live = engine.snapshot(state, { command: [], startedAt: '', exit, live: true });
    assert.deepEqual(live.profile.findings, []);
  });
});
