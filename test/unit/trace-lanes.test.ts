/** Threads without a GIL, each in its own lane. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LOCK_FLAG, LOCK_ROW, type TraceState } from '../../server/trace/events';
import { LANES, LOCK_KIND, PROCESS_FLAG, TAG } from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { CollectingSink, stackText } from '../support/collect-events';
import { MemoryRun } from '../support/memory-run';
import { TraceWriter } from '../support/trace-writer';

/** More than the traces of these tests need. */
const MEMORY_BYTES = 24 * 65536;
/** A monotonic clock: ticks are nanoseconds, and the run starts at 1000. */
const START = {
  ...{ startTicks: 1000n, anchor1: [2000n, 6000n] as const },
  flags: PROCESS_FLAG.freeThreaded | PROCESS_FLAG.gilSeen,
};

function twoThreads(flags = START.flags): TraceWriter {
  const writer = new TraceWriter({ ...START, flags });
  writer.addThread({ tid: 100, name: 'MainThread', startTicks: 1000n });
  writer.addThread({ tid: 101, name: 'other', startTicks: 1000n });
  return writer;
}

function read(writer: TraceWriter): { sink: CollectingSink; state: TraceState } {
  const sink = new CollectingSink();
  return { sink, state: new RunReader(new MemoryRun([writer.bytes()])).read(sink, true) };
}

test('rows of several lanes name the same stacks and locks', () => {
  const writer = twoThreads();
  const here = writer.stack('laneStacks', [{ file: '/a.py', line: 3, function: 'f' }]);
  const lock = writer.lock(LANES, { kind: LOCK_KIND.lock, createdStack: here, acquires: 2n });
  const list = writer.lock(LANES, { kind: LOCK_KIND.object, typeName: 'list' });
  const hold = { lock, stack: here, flags: 0 };
  // The later hold is in the chunk that comes first.
  writer.lockRow('lane 1', TAG.lockHold, { ...hold, thread: 1, start: 1300n, end: 1400n });
  writer.lockRow('lane 0', TAG.lockHold, { ...hold, thread: 0, start: 1100n, end: 1200n });
  const wait = { lock: list, thread: 1, start: 1500n, end: 1600n, other: 1, otherStack: here };
  writer.lockRow('lane 1', TAG.lockWait, {
    ...wait,
    flags: LOCK_FLAG.acquired | LOCK_FLAG.spun,
  });
  writer.openLockWait(0, LANES, lock, 1700n, 2);
  const { sink, state } = read(writer);
  assert.deepEqual(
    sink.allLocks.map((row) => [row.kind, row.lock, row.thread, row.start, row.end]),
    [
      [LOCK_ROW.hold, 0, 1, 300, 400],
      [LOCK_ROW.wait, 1, 1, 500, 600],
      [LOCK_ROW.hold, 0, 0, 100, 200],
    ],
  );
  const [first, second] = sink.allLocks;
  assert.equal(stackText(state.stacks, first?.stack ?? 0), '/a.py:3 f');
  assert.equal(stackText(state.stacks, second?.otherStack ?? 0), '/a.py:3 f');
  assert.equal(second?.flags, LOCK_FLAG.acquired | LOCK_FLAG.spun);
  assert.deepEqual(
    state.locks.map(({ kind, typeName, acquires }) => [kind, typeName, acquires]),
    [
      ['Lock', '', 2],
      ['object', 'list', 0],
    ],
  );
  const open = state.threads.map(({ openLockWait }) => openLockWait);
  assert.deepEqual(open, [{ lock: 0, startNs: 700, stack: 0, ownerThread: 1 }, null]);
  assert.deepEqual(
    state.processes.map(({ gilEnabled, endNs }) => [gilEnabled, endNs]),
    [[false, 600]], // an event is a sign of life
  );
});

test('a GIL that was switched on by an import, and one that was asked for', () => {
  const processOf = (writer: TraceWriter) => {
    const [process] = read(writer).state.processes;
    return process ?? assert.fail('there is a process');
  };
  const switched = twoThreads(START.flags | PROCESS_FLAG.gilEnabled);
  switched.meta('gilSwitchedOn', '1750 old_module');
  assert.equal(processOf(switched).gilEnabled, true);
  assert.deepEqual(processOf(switched).gilSwitchedOn, { atNs: 750, module: 'old_module' });
  const asked = processOf(twoThreads(START.flags | PROCESS_FLAG.gilEnabled));
  assert.deepEqual([asked.gilEnabled, asked.gilSwitchedOn], [true, null]);
  const unknown = twoThreads(START.flags | PROCESS_FLAG.gilEnabled);
  unknown.meta('gilSwitchedOn', '1750 ');
  assert.equal(processOf(unknown).gilSwitchedOn?.module, '');
});

test('read while it grows, at any moment, the rows are the same', () => {
  const lanes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(lanes, fc.integer({ min: 1, max: 20 }), (owners, every) => {
      const writer = new TraceWriter({ ...START, chunkLimit: 64 + 20 * 46 });
      for (let i = 0; i < 4; i++) writer.addThread({ tid: 100 + i, startTicks: 1000n });
      const lock = writer.lock(LANES, { kind: LOCK_KIND.rLock });
      const memory = new Uint8Array(MEMORY_BYTES);
      const reader = new RunReader(new MemoryRun([memory]));
      const sink = new CollectingSink();
      owners.forEach((owner, i) => {
        const line = i % 7;
        const stack = writer.stack('laneStacks', [{ file: '/a.py', line, function: 'f' }]);
        const start = 1000n + BigInt(10 * i);
        const row = { lock, thread: owner, start, end: start + 5n, stack, flags: 1 };
        writer.lockRow(`lane ${owner}`, TAG.lockWait, row);
        if (i % every > 0) return;
        memory.set(writer.bytes());
        reader.read(sink, false);
      });
      memory.set(writer.bytes());
      const { stacks } = reader.read(sink, true);
      const seen = sink.allLocks.map((row) => [
        row.start,
        row.thread,
        stackText(stacks, row.stack),
      ]);
      assert.deepEqual(
        seen.sort((a, b) => Number(a[0]) - Number(b[0])),
        owners.map((owner, i) => [10 * i, owner, `/a.py:${i % 7} f`]),
      );
    }),
    { numRuns: 50 },
  );
});

test('a lane that is damaged ends there, and the others go on', () => {
  const writer = twoThreads();
  const lock = writer.lock(LANES, { kind: LOCK_KIND.lock });
  const row = { lock, flags: 1 };
  writer.lockRow('lane 0', TAG.lockWait, { ...row, thread: 0, start: 1100n, end: 1200n });
  writer.raw('lane 0', [TAG.lockWait, 46, 0]);
  writer.lockRow('lane 1', TAG.lockWait, { ...row, thread: 1, start: 1300n, end: 1400n });
  const { sink, state } = read(writer);
  assert.deepEqual(
    sink.allLocks.map(({ thread }) => thread),
    [0, 1],
  );
  assert.ok(state.processes[0]?.messages.some((text) => text.includes('cut short')));
});
