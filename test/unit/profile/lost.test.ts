import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../server/profile/engine';
import { lostOf } from '../../../server/profile/lost';
import type { LostReason, TraceState } from '../../../server/trace/events';
import {
  NO_TOTALS,
  deliver,
  gilState,
  processState,
  stackTable,
  threadState,
} from '../../support/random-cycles';

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
  assert.deepEqual(lost(3), { events: 0, samples: 3, reason: null });
  assert.equal(lost(4, 0, [], 30).reason, null);
  assert.deepEqual(lost(0), { events: 0, samples: 0, reason: null });
});

test('many missed samples, and any missed event, are said', () => {
  assert.match(lost(50).reason ?? '', /50 samples are missing/);
  assert.match(
    lost(3, 1, ['bounded']).reason ?? '',
    /size limit\. 1 GIL cycle is only in the totals/,
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
