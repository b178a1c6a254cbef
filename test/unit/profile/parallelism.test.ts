import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Chart } from '../../../server/profile/chart';
import { createEngine, type Engine } from '../../../server/profile/engine';
import { parallelismSection } from '../../../server/profile/parallelism';
import { placeNames } from '../../../server/profile/report-places';
import { Timeline } from '../../../server/profile/timeline';
import type { TraceState } from '../../../server/trace/events';
import { emptyProfile } from '../../support/profiles';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  threadState,
} from '../../support/random-cycles';

/** What the report says of a run of one second; milliseconds. */
function said(
  onCpu: number,
  underGil: number,
  system: number | null,
  gilEnabled: boolean | readonly boolean[] = true,
  lostEvents = 0,
): string {
  const profile = emptyProfile();
  const lines = parallelismSection(
    {
      ...profile,
      lost: { ...profile.lost, events: lostEvents },
      processes: profile.processes.flatMap((row) =>
        [gilEnabled].flat().map((enabled) => ({ ...row, gilEnabled: enabled })),
      ),
      parallelism: {
        onCpuNs: onCpu * 1e6,
        underGilNs: underGil * 1e6,
        systemCpuNs: system === null ? null : system * 1e6,
      },
    },
    placeNames(null),
  );
  return lines.join(' ').replace(/\s+/g, ' ');
}

const KNOWN = 'Parallelism On average 1.50 threads were on a CPU, 0.90 of them with the GIL.';

describe('the parallelism in the report', () => {
  it('says what is known of the threads where the system counts about as much, or nothing', () => {
    for (const system of [null, 1490, 1560]) assert.ok(said(1500, 900, system).startsWith(KNOWN));
    assert.doesNotMatch(said(1500, 900, 1560), /The system/);
  });

  it('says what only the system saw', () => {
    const text = said(1500, 900, 3500);
    assert.ok(text.startsWith(KNOWN), text);
    assert.match(
      text,
      /The system counted 3\.5 s of CPU time, 3\.50 CPUs on average: at least 2 s/,
    );
  });

  it('says that threads with the GIL had no CPU', () => {
    const text = said(1500, 900, 600);
    assert.match(text, /1\.50 threads held the GIL or ran native code, 0\.90 of them with the GIL/);
    assert.match(text, /only 600 ms of CPU time, 0\.60 CPUs on average/);
    assert.doesNotMatch(text, /were on a CPU/);
  });

  it('does not say whose the rest is where native code was not recorded', () => {
    const incomplete = [said(1500, 900, 3500, true, 7), said(1500, 900, 3500, [true, false])];
    for (const text of incomplete) {
      assert.match(
        text,
        /average at least 1\.50 threads were on a CPU, at least 0\.90 of them with/,
      );
      assert.match(text, /The system counted 3\.5 s of CPU time, 3\.50 CPUs on average/);
      assert.match(text, /of how much of it is native code, not all was recorded\./);
      assert.match(text, /At least 600 ms ran without the GIL\./);
      assert.doesNotMatch(text, /neither|OpenBLAS|library/);
    }
    // Held without a CPU: what is missing only makes it more.
    assert.match(said(1500, 900, 600, true, 7), /at least 1\.50 threads held .* only 600 ms/);
  });

  it('without a GIL says what the system counted: what Python code computes is not known', () => {
    assert.match(said(100, 0, 1900, false), /^Parallelism On average 1\.90 CPUs were busy/);
    assert.equal(said(100, 0, null, false), '');
  });
});

/** Milliseconds: of a GIL, a hold, and what the CPU clock said at a moment of it. */
interface Step {
  readonly gil: number;
  readonly hold: readonly [from: number, to: number];
  readonly cpu?: readonly [at: number, cpu: number, held: number];
}

/** A thread of several interpreters, in a run of `wall` milliseconds. */
function ofOneThread(steps: readonly Step[], wall: number) {
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine: Engine = createEngine({ listener: timeline });
  for (const { gil, hold, cpu } of steps) {
    const [acquired, released] = [hold[0] * 1e6, hold[1] * 1e6];
    if (cpu !== undefined) {
      const [at, cpuNs, heldNs] = cpu.map((ms) => Float64Array.of(ms * 1e6));
      assert.ok(at && cpuNs && heldNs);
      engine.cpu?.({ gil, count: 1, thread: Uint32Array.of(0), at, cpuNs, heldNs });
    }
    const rest = { thread: 0, stack: 0, flags: 0, switchWaitEnd: 0 };
    const cycles = [{ ...rest, gil, waitStart: acquired, acquired, released }];
    deliver({ cycles, samples: [] }, engine);
  }
  const state: TraceState = {
    processes: [processState({ startNs: 0, endNs: wall * 1e6 })],
    threads: [threadState({ startNs: 0, endNs: wall * 1e6 })],
    gils: [gilState(), gilState({ interpreter: 1 })],
    locks: [],
    aggregates: [],
    stacks: stackTable([], []),
  };
  const exit = { code: 0, signal: null };
  const snapshot = engine.snapshot(state, { command: [], startedAt: '', exit, live: false });
  const chart = new Chart(snapshot, timeline, engine.lines, 1, false);
  const question = { kind: 'curves', fromNs: 0, toNs: wall * 1e6, bins: wall } as const;
  const answered = chart.answer({ kind: 'analysis', question });
  assert.ok(answered.kind === 'analysis' && answered.answer?.kind === 'curves');
  return { profile: snapshot.profile, parallel: answered.answer.curves.parallel };
}

describe('a thread that works in two interpreters', () => {
  const steps: readonly Step[] = [
    { gil: 0, hold: [0, 1], cpu: [1, 1, 1] },
    { gil: 1, hold: [1, 2], cpu: [2, 2, 2] },
    { gil: 1, hold: [99, 100], cpu: [99, 99, 2] },
    { gil: 0, hold: [101, 102], cpu: [102, 102, 4] },
  ];

  it('is on one CPU at a time', () => {
    const { profile } = ofOneThread(steps, 102);
    // Each row has the thread's time without its GIL: 1 to 101 less 2 ms with the other, and 2 to 99.
    assert.deepEqual(
      profile.threads.map(({ nativeNs }) => nativeNs),
      [98e6, 97e6],
    );
    assert.deepEqual(profile.parallelism, {
      onCpuNs: 102e6,
      underGilNs: 4e6,
      systemCpuNs: null,
    });
  });

  it('is never more than one thread in the curve', () => {
    const { parallel } = ofOneThread(steps, 102);
    assert.equal(Math.max(...parallel), 1);
    assert.ok(Math.min(...parallel) > 0.97, String(parallel));
  });

  it('is in the curve where the interpreter that it works in says', () => {
    const { profile, parallel } = ofOneThread(
      [
        { gil: 0, hold: [0, 10], cpu: [10, 10, 10] },
        { gil: 1, hold: [10, 40], cpu: [40, 40, 40] },
        { gil: 1, hold: [70, 71], cpu: [70, 70, 40] },
        { gil: 1, hold: [99, 100], cpu: [99, 71, 41] },
        { gil: 0, hold: [100, 101], cpu: [100, 72, 42] },
      ],
      101,
    );
    // With a GIL until 40, native until 70, with a GIL until 71, asleep until 99, with a GIL.
    const expected = Array.from({ length: 101 }, (_, ms) => (ms < 71 || ms >= 99 ? 1 : 0));
    assert.deepEqual(parallel, expected);
    assert.equal(profile.parallelism.onCpuNs, 73e6);
  });
});
