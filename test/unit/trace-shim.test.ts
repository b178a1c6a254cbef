import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOCK_KIND } from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { CollectingSink, stackText } from '../support/collect-events';
import { MemoryRun } from '../support/memory-run';
import { TraceWriter } from '../support/trace-writer';

test("the interpreter's own frame between a class and its __init__ is left out", () => {
  const writer = new TraceWriter({ startTicks: 1000n, anchor1: [2000n, 6000n] });
  writer.addGil();
  writer.addThread({ tid: 100, name: 'MainThread', startTicks: 1000n });
  const caller = { file: '/a.py', line: 3, function: '<module>' };
  const shim = { file: '__init__', line: 0, function: '__init__' };
  const inner = { file: '/a.py', line: 9, function: 'C.__init__' };
  const own = { file: '__init__', line: 1, function: '__init__' };
  const nodes = [
    writer.stack(0, [caller, shim, inner]),
    writer.stack(0, [caller, shim]),
    writer.stack(0, [caller, own]),
  ];
  for (const createdStack of nodes) writer.lock(0, { kind: LOCK_KIND.lock, createdStack });
  const { stacks, locks } = new RunReader(new MemoryRun([writer.bytes()])).read(
    new CollectingSink(),
    true,
  );
  assert.deepEqual(
    locks.map(({ createdStack }) => stackText(stacks, createdStack)),
    [
      '/a.py:3 <module> > /a.py:9 C.__init__',
      '/a.py:3 <module>',
      '/a.py:3 <module> > __init__:1 __init__',
    ],
  );
});
