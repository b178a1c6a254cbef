/** What many threads that queue for one lock cost grows with their number, not with its square. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEngine } from '../../../server/profile/engine';
import type { LockRow } from '../../../server/protocol';
import { LOCK_FLAG, LOCK_ROW } from '../../../server/trace/events';
import {
  gilState,
  processState,
  sendCycles,
  stackTable,
  threadState,
} from '../../support/random-cycles';
import { lockState, sendLocks } from '../../support/random-locks';

const FACTS = {
  command: ['app.py'],
  startedAt: '2026-01-01T00:00:00.000Z',
  exit: { code: 0, signal: null },
  live: false,
} as const;

/** Of each turn: until the GIL is had, until lock and GIL are let go, until the next one has the lock. */
const GIL_AT_NS = 4;
const RELEASE_AT_NS = 8;
const TURN_NS = 10;

/** All threads wait from the start, and have the lock one after another. */
function queueOf(threads: number): LockRow | undefined {
  const engine = createEngine();
  const file = '/app.py';
  const stacks = stackTable([{ file, line: 1, function: 'f' }], [[0, 0]]);
  const state = {
    processes: [processState({ endNs: threads * TURN_NS })],
    threads: Array.from({ length: threads }, (_, at) => threadState({ tid: at + 1 })),
    gils: [gilState()],
    locks: [lockState()],
    aggregates: [],
    stacks,
  };
  for (let thread = 0; thread < threads; thread++) {
    const start = thread * TURN_NS;
    const released = start + RELEASE_AT_NS;
    const common = { lock: 0, thread, stack: 1 };
    sendCycles(
      [
        {
          ...{ gil: 0, thread, waitStart: start, acquired: start + GIL_AT_NS, released },
          ...{ stack: 1, flags: 0, switchWaitEnd: 0 },
        },
      ],
      engine,
    );
    const rows = [
      { ...common, kind: LOCK_ROW.wait, start: 0, end: start, flags: LOCK_FLAG.acquired },
      { ...common, kind: LOCK_ROW.hold, start, end: released, otherThread: thread + 1 },
    ];
    sendLocks(rows, engine, state);
  }
  return engine.snapshot(state, FACTS).profile.locks[0];
}

/** CPU time of the least of some runs, and what they came to. */
function costOf(threads: number): number {
  const costs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    const row = queueOf(threads);
    const { user, system } = process.cpuUsage(before);
    const turnsWaited = (threads * (threads - 1)) / 2;
    assert.equal(row?.waitNs, turnsWaited * TURN_NS);
    assert.equal(row.throughGilNs, turnsWaited * GIL_AT_NS);
    // Nobody has the GIL while it is waited for, nor the lock between two turns.
    assert.equal(row.handoffNs, turnsWaited * (GIL_AT_NS + TURN_NS - RELEASE_AT_NS));
    return user + system;
  });
  return Math.min(...costs);
}

describe('a queue for one lock', () => {
  it('costs about four times as much with four times as many threads', () => {
    const few = costOf(500);
    const many = costOf(2000);
    // With each hold looked at for each wait it is about 16.
    assert.ok(many < 9 * few, `${few} µs for 500 threads, ${many} µs for 2,000`);
  });
});
