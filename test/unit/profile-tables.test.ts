import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEngine } from '../../server/profile/engine';
import { checkInvariants } from '../../server/profile/invariants';
import type { Profile } from '../../server/protocol';
import { BATCH_FLAG, type TraceState } from '../../server/trace/events';
import {
  deliver,
  gilState,
  NO_TOTALS,
  processState,
  stackTable,
  type TestCycle,
  type TestSample,
  threadState,
} from '../support/random-cycles';

/** main (line 1) calls f (line 10), which recurses; main calls g (line 20). */
const STACKS = stackTable(
  [
    { file: '/p.py', line: 1, function: '<module>' },
    { file: '/p.py', line: 10, function: 'f' },
    { file: '/p.py', line: 20, function: 'g' },
  ],
  [
    [0, 0], // 1: main
    [1, 1], // 2: main → f
    [2, 1], // 3: main → f → f
    [1, 2], // 4: main → g
  ],
);

function cycle(changes: Partial<TestCycle>): TestCycle {
  const empty = { gil: 0, thread: 0, waitStart: 0, acquired: 0, released: 0, stack: 0, flags: 0 };
  return { ...empty, switchWaitEnd: 0, ...changes };
}

function profileOf(
  cycles: readonly TestCycle[],
  state: Partial<TraceState>,
  samples: readonly TestSample[] = [],
): Profile {
  const engine = createEngine();
  deliver({ cycles, samples }, engine);
  const full: TraceState = {
    processes: [processState({ endNs: 1000 })],
    threads: [threadState({ tid: 1 }), threadState({ tid: 2 })],
    gils: [gilState()],
    locks: [],
    aggregates: [],
    stacks: STACKS,
    ...state,
  };
  const exit = { code: 0, signal: null };
  const { profile } = engine.snapshot(full, { command: [], startedAt: '', exit, live: false });
  assert.deepEqual(checkInvariants(profile), []);
  return profile;
}

function line(profile: Profile, number: number) {
  const row = profile.lines.find((candidate) => candidate.line === number);
  assert.ok(row, `line ${number} has a row`);
  return row;
}

describe('profile of a trace worked out by hand', () => {
  // Thread 0 holds 100–300 (ends in f), 500–600 (ends in main). Thread 1 asks at 150, holds 320–500, ends in g.
  const cycles = [
    cycle({ thread: 0, waitStart: 90, acquired: 100, released: 300, stack: 2 }),
    cycle({ thread: 1, waitStart: 150, acquired: 320, released: 500, stack: 4, flags: 1 }),
    cycle({
      thread: 0,
      waitStart: 300,
      acquired: 500,
      released: 600,
      stack: 1,
      flags: BATCH_FLAG.contended | BATCH_FLAG.afterForced,
    }),
  ];

  it('gives each thread its hold, wait, off and blocks', () => {
    const [first, second] = profileOf(cycles, {}).threads;
    assert.deepEqual(first, {
      ...{ pid: 100, tid: 1, name: '', gil: '100/0', startNs: 0, endNs: 1000 },
      // Waits 90–100 and 300–500; off 0–90 and 600–1000; thread 1 waited 150–300 for it.
      ...{ holdNs: 300, waitNs: 210, offNs: 490, lockWaitNs: 0, nativeNs: 0, blocksNs: 150 },
      ...{ acquires: 2, contended: 1, forcedReleases: 1, maxHoldNs: 200, maxWaitNs: 200 },
    });
    assert.deepEqual(second, {
      ...{ pid: 100, tid: 2, name: '', gil: '100/0', startNs: 0, endNs: 1000 },
      // Waits 150–320; thread 0 waited 320–500 for it, and 300–320 for nobody.
      ...{ holdNs: 180, waitNs: 170, offNs: 650, lockWaitNs: 0, nativeNs: 0, blocksNs: 180 },
      ...{ acquires: 1, contended: 1, forcedReleases: 0, maxHoldNs: 180, maxWaitNs: 170 },
    });
  });

  it('charges waits to holders and hand-off', () => {
    const profile = profileOf(cycles, {});
    const blame = profile.blame.map(
      (row) => `${row.waiter.line} ${row.holder?.line ?? '-'} ${row.ns} ${row.count} ${row.maxNs}`,
    );
    // Thread 0's second wait is at f, where it was forced out; the first wait of each is at no frame (line 0).
    assert.deepEqual(blame, ['10 20 180 1 180', '0 10 150 1 150', '0 - 30 2 20', '10 - 20 1 20']);
    const [gil] = profile.gils;
    assert.deepEqual(gil, {
      ...{ id: '100/0', pid: 100, interpreter: 0, switchIntervalNs: 5_000_000 },
      ...{ holdNs: 480, waitNs: 380, handoffNs: 50, unattributedNs: 0 },
      ...{ switches: 2, forcedReleases: 1 },
    });
  });

  it('charges lines with self and total', () => {
    const profile = profileOf(cycles, {});
    assert.deepEqual(line(profile, 10).hold, { selfNs: 200, totalNs: 200 });
    assert.deepEqual(line(profile, 1).hold, { selfNs: 100, totalNs: 480 });
    assert.deepEqual(line(profile, 20).blocks, { selfNs: 180, totalNs: 180 });
    assert.deepEqual(line(profile, 1).blocks, { selfNs: 0, totalNs: 330 });
    assert.deepEqual(line(profile, 10).wait, { selfNs: 200, totalNs: 200 });
    assert.equal(line(profile, 10).forcedReleases, 1);
    assert.equal(line(profile, 0).file, '<no Python frame>');
  });

  it('splits a hold at the midpoints of its samples, and the rest of its kind by them', () => {
    const sampled = [
      cycle({ acquired: 0, released: 100, stack: 1 }),
      cycle({ waitStart: 100, acquired: 100, released: 200, stack: 1 }),
      cycle({ waitStart: 200, acquired: 200, released: 300, stack: 1 }),
    ];
    const at = (time: number, stack: number) => ({ gil: 0, thread: 0, at: time, stack });
    const profile = profileOf(sampled, {}, [at(110, 2), at(131, 4), at(190, 4)]);
    // Hold 2 is cut at 120 and 160: f 20, g 80. Hold 3 has the same stacks: one third f, two thirds g.
    assert.equal(line(profile, 10).hold.selfNs, 20 + 33);
    assert.equal(line(profile, 20).hold.selfNs, 80 + 67);
    // Hold 1 began at no known stack: all to its release.
    assert.equal(line(profile, 1).hold.selfNs, 100);
    assert.equal(line(profile, 20).samples, 2);
  });

  it('counts a recursion once', () => {
    const profile = profileOf([cycle({ acquired: 0, released: 50, stack: 3 })], {});
    assert.deepEqual(line(profile, 10).hold, { selfNs: 50, totalNs: 50 });
  });

  it('counts what is open up to the end', () => {
    const profile = profileOf(cycles.slice(0, 1), {
      threads: [
        threadState({ tid: 1 }),
        threadState({
          tid: 2,
          openWait: { gil: 0, startNs: 250, afterForced: false, stack: 4 },
        }),
      ],
      gils: [
        gilState({
          openHold: { thread: 0, waitStartNs: 390, acquiredNs: 400, flags: 0, stack: 2 },
        }),
      ],
    });
    const [first, second] = profile.threads;
    assert.deepEqual(
      [first?.holdNs, first?.waitNs, first?.offNs, first?.blocksNs],
      [800, 20, 180, 650],
    );
    assert.deepEqual([second?.waitNs, second?.offNs], [750, 250]);
    assert.equal(profile.gils[0]?.handoffNs, 10 + 10 + 100);
  });

  it('adds totals of cycles that were not recorded singly, and says so', () => {
    const totals = { ...NO_TOTALS, acquires: 10, contended: 4, forced: 2, holdNs: 100, waitNs: 50 };
    const lost = { ...totals, acquires: 11, holdNs: 130, maxHoldNs: 30, maxWaitNs: 20 };
    const profile = profileOf(cycles, {
      processes: [processState({ endNs: 1000, lostEvents: 11, lostReasons: ['bounded'] })],
      threads: [threadState({ tid: 1, lost }), threadState({ tid: 2 })],
      aggregates: [{ ...totals, gil: 0, thread: 0, stack: 4 }],
    });
    const [first] = profile.threads;
    assert.deepEqual(
      [first?.holdNs, first?.waitNs, first?.offNs, first?.acquires, first?.forcedReleases],
      [430, 260, 310, 13, 3],
    );
    assert.equal(profile.gils[0]?.unattributedNs, 50);
    assert.equal(line(profile, 20).hold.selfNs, 180 + 100);
    assert.equal(profile.lost.events, 11);
    assert.match(profile.lost.reason ?? '', /size limit/);
  });

  it('says that events contradict each other instead of giving wrong sums', () => {
    const profile = profileOf(
      [
        cycle({ thread: 0, acquired: 100, waitStart: 100, released: 300 }),
        cycle({ thread: 1, acquired: 200, waitStart: 200, released: 400 }),
      ],
      {},
    );
    const [finding] = profile.findings;
    assert.equal(finding?.rule, 'invariant-broken');
    assert.deepEqual(finding.evidence, { fault: 'holdsOverlap', count: 1 });
    assert.equal(profile.gils[0]?.holdNs, 300);
  });
});
