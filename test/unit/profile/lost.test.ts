import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../server/profile/engine';
import { checkInvariants } from '../../../server/profile/invariants';
import { lostOf } from '../../../server/profile/lost';
import { reportText } from '../../../server/profile/report-text';
import {
  LOCK_ROW,
  type LockState,
  type LostReason,
  type OpenLockWait,
  type TraceState,
} from '../../../server/trace/events';
import {
  NO_TOTALS,
  deliver,
  gilState,
  processState,
  stackTable,
  threadState,
} from '../../support/random-cycles';
import { lockState, sendLocks, type TestLockRow } from '../../support/random-locks';
import { NOTHING_LOST } from '../../support/profiles';

function lost(
  lostSamples: number,
  lostEvents = 0,
  lostReasons: LostReason[] = [],
  samplesTaken = 1000,
) {
  const state: TraceState = {
    processes: [processState({ samplesTaken, lostSamples, lostEvents, lostReasons })],
    threads: [],
    gils: [],
    locks: [],
    aggregates: [],
    stacks: stackTable([], []),
  };
  return lostOf(state);
}

test('a few samples that could not be read are counted, and no cause for alarm', () => {
  assert.deepEqual(lost(3), { ...NOTHING_LOST, samples: 3 });
  assert.equal(lost(4, 0, [], 30).reason, null);
  assert.deepEqual(lost(0), NOTHING_LOST);
});

test('many missed samples, and any missed event, are said', () => {
  assert.match(lost(50).reason ?? '', /50 samples are missing/);
  assert.match(
    lost(3, 1, ['bounded']).reason ?? '',
    /size limit\. 1 GIL cycle is only in the totals/,
  );
});

test('cut stacks are said, beside what else may be missing of stacks', () => {
  const cut =
    'Totals of outer lines are too small, for the outermost frames of those stacks are missing.';
  const deep = 'stacks were deeper than is read';
  assert.equal(
    lost(0, 0, ['stackCut']).reason,
    `Not everything was recorded, because ${deep}. ${cut}`,
  );
  const both = lost(0, 0, ['diskFull', 'stackCut']).reason;
  assert.match(
    both ?? '',
    /disk of the trace was full, and stacks .* Stacks may be missing\. Totals/,
  );
  assert.match(
    lost(0, 7, ['bounded', 'stackCut']).reason ?? '',
    /7 GIL cycles .*\. Totals of outer/,
  );
});

test('what is in no total is not said to be in them', () => {
  const process = processState({
    ...{ lostEvents: 12, missingEvents: 3, unrecordedEvents: 4 },
    lostReasons: ['threadTableFull'],
  });
  const empty = { threads: [], gils: [], locks: [], aggregates: [], stacks: stackTable([], []) };
  const { events, reason } = lostOf({ processes: [process], ...empty });
  assert.equal(events, 12);
  assert.match(
    reason ?? '',
    /^Not everything was recorded, because there was no room for a thread/,
  );
  assert.match(reason ?? '', /\. 5 GIL cycles are only in the totals: .* are complete/);
  assert.match(reason ?? '', /\. 3 GIL cycles are missing from all .* damaged or cut\./);
  assert.match(
    reason ?? '',
    /\. 4 GIL cycles are missing from all .* no room for their threads\.$/,
  );
});

test('totals of several stacks take their time from off once: the open end first, then the longest', () => {
  const cycle = { gil: 0, thread: 0, flags: 0, switchWaitEnd: 0 };
  const cycles = [
    { ...cycle, waitStart: 0, acquired: 0, released: 10, stack: 1 },
    { ...cycle, waitStart: 310, acquired: 310, released: 320, stack: 2 },
  ];
  const aggregate = { ...NO_TOTALS, gil: 0, thread: 0 };
  const state: TraceState = {
    processes: [processState({ startNs: 0, endNs: 1000, lostEvents: 2 })],
    threads: [threadState({ process: 0, startNs: 0, endNs: 1000 })],
    gils: [gilState({ process: 0, interpreter: 0 })],
    locks: [],
    aggregates: [
      { ...aggregate, stack: 1, acquires: 1, holdNs: 300, waitNs: 200 },
      { ...aggregate, stack: 2, acquires: 1, holdNs: 250, waitNs: 100 },
    ],
    stacks: stackTable(
      [
        { file: '/a.py', line: 1, function: 'f' },
        { file: '/a.py', line: 2, function: 'f' },
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ),
  };
  const engine = createEngine();
  deliver({ cycles, samples: [] }, engine, []);
  const { profile } = engine.snapshot(state, {
    ...{ command: ['a.py'], startedAt: '2026-01-01T00:00:00.000Z', live: false },
    exit: { code: 0, signal: null },
  });
  // Off 10 … 310 on line 1 and 320 … 1000 on line 2; 850 of it were hold and wait.
  const off = new Map(profile.lines.map((row) => [row.line, row.off.selfNs]));
  assert.deepEqual([off.get(1), off.get(2)], [130, 0]);
  const [thread] = profile.threads;
  assert.deepEqual([thread?.holdNs, thread?.waitNs, thread?.offNs], [570, 300, 130]);
});

/** A run of 10 s of one thread and one lock, of which the rows given were recorded singly. */
function profileOf(
  lock: Partial<LockState>,
  rows: readonly TestLockRow[] = [],
  openLockWait: OpenLockWait | null = null,
) {
  const state: TraceState = {
    processes: [processState({ startNs: 0, endNs: 10e9 })],
    threads: [threadState({ process: 0, startNs: 0, endNs: 10e9, openLockWait })],
    gils: [gilState({ process: 0, interpreter: 0 })],
    locks: [lockState(lock)],
    aggregates: [],
    stacks: stackTable(
      [
        { file: '/a.py', line: 1, function: 'f' },
        { file: '/usr/lib/python3.12/threading.py', line: 355, function: 'Condition.wait' },
      ],
      [
        [0, 0],
        [1, 1],
      ],
    ),
  };
  const engine = createEngine();
  sendLocks(rows, engine, state);
  const { profile } = engine.snapshot(state, {
    ...{ command: ['a.py'], startedAt: '2026-01-01T00:00:00.000Z', live: false },
    exit: { code: 0, signal: null },
  });
  assert.deepEqual(checkInvariants(profile), []);
  const [row] = profile.locks;
  assert.ok(row);
  return { profile, row, rules: profile.findings.map(({ rule }) => rule) };
}

test('waits for work of which no row was recorded are no contention', () => {
  const totals = { acquires: 90, contended: 90, waitNs: 9e9, lostRows: 90 };
  const kinds = [
    { kind: 'SimpleQueue' },
    { kind: 'SemLock', typeName: 'counting /mp-a' },
    { kind: 'join' },
    // What a Condition makes for one wait.
    { kind: 'Lock', createdStack: 2 },
  ] as const;
  for (const kind of kinds) {
    const { profile, row, rules } = profileOf({ ...totals, ...kind });
    assert.deepEqual([row.waitNs, row.unattributedNs, row.contended], [0, 0, 0]);
    assert.deepEqual([row.workNs, row.works], [9e9, 90]);
    assert.ok(!rules.includes('lock-convoy'));
    assert.doesNotMatch(reportText(profile, { folder: null }), /Threads waited .* for locks/);
  }
  const { row, rules } = profileOf({ ...totals, kind: 'Lock', holdNs: 9e6 });
  assert.deepEqual([row.waitNs, row.unattributedNs, row.contended, row.workNs], [9e9, 9e9, 90, 0]);
  assert.ok(rules.includes('lock-convoy'));
});

test('holds that are only in the totals count: long ones are no convoy of short ones', () => {
  const holds = Array.from({ length: 100 }, (_, at) => {
    const start = at * 50e6;
    return { kind: LOCK_ROW.hold, lock: 0, thread: 0, start, end: start + 5e6, stack: 1 };
  });
  const totals = { acquires: 10_000, contended: 9000, waitNs: 45e9, holdNs: 50e9, lostRows: 9900 };
  const { profile, row, rules } = profileOf(totals, holds);
  assert.deepEqual([row.holdNs, row.unattributedHoldNs], [50e9, 49.5e9]);
  assert.deepEqual([row.sites[0]?.holdNs, profile.lines[0]?.lockHold.selfNs], [0.5e9, 0.5e9]);
  assert.ok(!rules.includes('lock-convoy'));
  assert.match(profile.lost.reason ?? '', /9900 waits for locks or holds of them are only in/);
});

test('a wait and a hold that go on are in no total, and take nothing from what is', () => {
  const openHold = { thread: 0, startNs: 4e9, stack: 1, startEstimated: false };
  const totals = { acquires: 3, contended: 2, waitNs: 1e9, holdNs: 2e9, lostRows: 4 };
  const openWait = { lock: 0, startNs: 9e9, stack: 1, ownerThread: 0 };
  const { row } = profileOf({ ...totals, openHold }, [], openWait);
  assert.deepEqual([row.holdNs, row.unattributedHoldNs], [8e9, 2e9]);
  assert.deepEqual([row.waitNs, row.unattributedNs, row.contended], [2e9, 1e9, 3]);
});

test('a lock of which everything was recorded is as its rows say', () => {
  const hold = { kind: LOCK_ROW.hold, lock: 0, thread: 0, start: 0, end: 5, stack: 1 };
  const { profile, row } = profileOf({ holdNs: 9 }, [hold]);
  assert.deepEqual([row.holdNs, row.unattributedHoldNs], [5, 0]);
  assert.equal(profile.lost.reason, null);
});
