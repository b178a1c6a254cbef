/** The user's line that is named with the library's line that blocked most. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../server/profile/engine';
import {
  deliver,
  gilState,
  processState,
  stackTable,
  type TestCycle,
  threadState,
} from '../../support/random-cycles';

const LIBRARY = '/usr/lib/python3.12/logging/__init__.py';
const PLACES = [
  { file: '/app.py', line: 34, function: 'chatter' },
  { file: '/app.py', line: 20, function: 'digest' },
  { file: LIBRARY, line: 980, function: 'Handler.release' },
  { file: LIBRARY, line: 392, function: 'LogRecord.getMessage' },
  { file: '/app.py', line: 5, function: 'wait' },
];
/** Nodes: 3 release of chatter, 4 release of digest, 5 getMessage of digest, 6 the line that waits. */
const NODES = [[0, 0], [0, 1], [1, 2], [2, 2], [2, 3], [0, 4]] as const; // prettier-ignore

/** The other thread waits through each hold. */
function rowsAfter(holds: readonly (readonly [node: number, ns: number])[]) {
  const engine = createEngine();
  const cycles: TestCycle[] = [];
  let at = 0;
  for (const [stack, ns] of holds) {
    const both = { gil: 0, flags: 0, switchWaitEnd: 0, waitStart: at };
    const end = at + ns;
    cycles.push({ ...both, thread: 0, acquired: at, released: end, stack });
    cycles.push({ ...both, thread: 1, acquired: end, released: end + 1, stack: 6 });
    at = end + 1;
  }
  const stacks = stackTable([...PLACES], NODES);
  deliver({ cycles, samples: [] }, engine);
  const state = {
    processes: [processState({ endNs: at })],
    threads: [threadState({ tid: 1 }), threadState({ tid: 2 })],
    gils: [gilState()],
    locks: [],
    aggregates: [],
    stacks,
  };
  const exit = { code: 0, signal: null };
  const facts = { command: [], startedAt: '', exit, live: false };
  return engine.snapshot(state, facts).profile.lines;
}

test('it led there most of the time, though another one cost almost as much elsewhere', () => {
  // Of digest's 800 ns only 100 passed where chatter's 1,000 did.
  const rows = rowsAfter([
    [3, 1000],
    [4, 100],
    [5, 700],
  ]);
  const worst = rows.find(({ line }) => line === 980);
  assert.deepEqual(worst?.blocks, { selfNs: 1100, totalNs: 1100 });
  assert.deepEqual(worst.calledFrom, PLACES[0]);
  const others = rows.filter((row) => row !== worst);
  assert.ok(others.every(({ calledFrom }) => calledFrom === undefined));
});

test('none, where a line of the user blocked most', () => {
  const rows = rowsAfter([
    [6, 1000],
    [4, 100],
  ]);
  assert.ok(rows.every(({ calledFrom }) => calledFrom === undefined));
});
