import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LOCK_FLAG, LOCK_ROW, type TraceState } from '../../server/trace/events';
import { LOCK_KIND, TAG } from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { CollectingSink, stackText } from '../support/collect-events';
import { MemoryRun } from '../support/memory-run';
import { TraceWriter } from '../support/trace-writer';

/** A monotonic clock: ticks are nanoseconds, and the run starts at 1000. */
const START = { startTicks: 1000n, anchor1: [2000n, 6000n] } as const;

function twoThreads(): TraceWriter {
  const writer = new TraceWriter(START);
  writer.addGil();
  writer.addThread({ tid: 100, name: 'MainThread', startTicks: 1000n });
  writer.addThread({ tid: 101, name: 'other', startTicks: 1000n });
  return writer;
}

function read(writer: TraceWriter, final = true): { sink: CollectingSink; state: TraceState } {
  const sink = new CollectingSink();
  const run = new MemoryRun([writer.bytes()]);
  return { sink, state: new RunReader(run).read(sink, final) };
}

test('a wait, a hold and an order of locks', () => {
  const writer = twoThreads();
  const made = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  const inner = writer.lock(0, { kind: LOCK_KIND.lock, createdStack: made, acquires: 5n });
  const outer = writer.lock(0, { kind: LOCK_KIND.rLock, contended: 1n, waitTicks: 300n });
  const here = writer.stack(0, [{ file: '/a.py', line: 9, function: 'g' }]);
  const row = { stack: here, otherStack: made };
  const wait = { lock: outer, thread: 1, start: 1100n, end: 1400n, other: 1, flags: 1 };
  writer.lockRow(0, TAG.lockWait, { ...row, ...wait });
  const order = { lock: inner, thread: 0, start: 1410n, end: 1410n, other: outer + 1 };
  writer.lockRow(0, TAG.lockOrder, { ...row, ...order });
  const hold = { lock: inner, thread: 0, start: 1410n, end: 1500n, other: 2, weight: 7, flags: 4 };
  writer.lockRow(0, TAG.lockHold, { ...row, ...hold });
  const { sink, state } = read(writer);
  const text = (node: number): string => stackText(state.stacks, node);
  assert.deepEqual(
    sink.allLocks.map((found) => [found.kind, found.lock, found.thread, found.start, found.end]),
    [
      [LOCK_ROW.wait, 1, 1, 100, 400],
      [LOCK_ROW.order, 0, 0, 410, 410],
      [LOCK_ROW.hold, 0, 0, 410, 500],
    ],
  );
  assert.deepEqual(
    sink.allLocks.map((found) => [found.otherThread, found.flags, found.weight]),
    [
      [1, LOCK_FLAG.acquired, 1],
      [2, 0, 1],
      [2, LOCK_FLAG.sampled, 7],
    ],
  );
  for (const found of sink.allLocks) {
    assert.equal(text(found.stack), '/a.py:9 g');
    assert.equal(text(found.otherStack), '/a.py:3 f');
  }
  assert.deepEqual(
    state.locks.map((lock) => [lock.kind, lock.acquires, lock.contended, lock.waitNs]),
    [
      ['Lock', 5, 0, 0],
      ['RLock', 0, 1, 300],
    ],
  );
  assert.equal(text(state.locks[0]?.createdStack ?? 0), '/a.py:3 f');
});

test('the hold and the wait that are going on', () => {
  const writer = twoThreads();
  const hold = { thread: 0, start: 1200n, flags: 2 };
  const lock = writer.lock(0, { kind: LOCK_KIND.lock, hold });
  writer.lock(0, { kind: LOCK_KIND.lock, hold: { thread: 1, start: 1200n }, gone: true });
  writer.openLockWait(1, 0, lock, 1300n, 1);
  const { state } = read(writer, false);
  const open = { thread: 0, startNs: 200, stack: 0, startEstimated: true };
  assert.deepEqual(state.locks[0]?.openHold, open);
  assert.equal(state.locks[1]?.openHold, null, 'a lock that is gone is not held');
  const wait = { lock: 0, startNs: 300, stack: 0, ownerThread: 0 };
  assert.deepEqual(state.threads[1]?.openLockWait, wait);
  assert.equal(state.threads[0]?.openLockWait, null);
});

test('a hold that is over is not going on', () => {
  const writer = twoThreads();
  const lock = writer.lock(0, { kind: LOCK_KIND.lock, hold: { thread: 0, start: 1200n } });
  writer.lockRow(0, TAG.lockHold, { lock, thread: 0, start: 1200n, end: 1300n });
  assert.equal(read(writer).state.locks[0]?.openHold, null);
});

test('damaged records end the stream with a message, and what is before them counts', () => {
  const good = { lock: 0, thread: 0, start: 1100n, end: 1200n };
  for (const bad of [
    { ...good, lock: 1 },
    { ...good, start: 1300n, end: 1250n },
    { ...good, stack: 9 },
    { ...good, otherStack: 9 },
    { ...good, flags: 64 },
    { ...good, start: 2n ** 63n, end: 2n ** 63n },
  ]) {
    const writer = twoThreads();
    writer.lock(0, { kind: LOCK_KIND.lock });
    writer.lockRow(0, TAG.lockHold, good);
    writer.lockRow(0, TAG.lockWait, bad);
    writer.lockRow(0, TAG.lockHold, { ...good, start: 1300n, end: 1400n });
    const { sink, state } = read(writer);
    assert.equal(
      sink.allLocks.length,
      1,
      JSON.stringify(bad, (_, v: unknown) => String(v)),
    );
    assert.match(state.processes[0]?.messages.join() ?? '', /damaged/);
  }
});

test('a hold that begins before the one before it ended is cut', () => {
  const writer = twoThreads();
  writer.lock(0, { kind: LOCK_KIND.lock });
  for (const [start, end] of [
    [1100n, 1200n],
    [1150n, 1300n],
  ] as const)
    writer.lockRow(0, TAG.lockHold, { lock: 0, thread: 0, start, end });
  const { sink } = read(writer);
  assert.deepEqual(
    sink.allLocks.map((row) => [row.start, row.end]),
    [
      [100, 200],
      [200, 300],
    ],
  );
});

test('random rows are read as written', () => {
  const rows = fc.array(
    fc.record({
      lock: fc.nat(2),
      thread: fc.nat(1),
      start: fc.nat(10_000),
      length: fc.nat(500),
      isHold: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 200, max: 2000 }), (planned, chunkLimit) => {
      const writer = new TraceWriter({ ...START, chunkLimit });
      writer.addGil();
      for (const tid of [100, 101]) writer.addThread({ tid, startTicks: 1000n });
      for (const kind of [1, 2, 3]) writer.lock(0, { kind });
      const ends = [-Infinity, -Infinity, -Infinity];
      const expected: unknown[] = [];
      for (const { lock, thread, start, length, isHold } of planned) {
        const from = isHold ? Math.max(start, ends[lock] ?? 0) : start;
        const end = from + length;
        if (isHold) ends[lock] = end;
        const ticks = { start: BigInt(start + 1000), end: BigInt(end + 1000) };
        writer.lockRow(0, isHold ? TAG.lockHold : TAG.lockWait, { lock, thread, ...ticks });
        expected.push([isHold ? LOCK_ROW.hold : LOCK_ROW.wait, lock, thread, from, end]);
      }
      const { sink } = read(writer);
      const found = sink.allLocks.map((row) => [
        row.kind,
        row.lock,
        row.thread,
        row.start,
        row.end,
      ]);
      assert.deepEqual(found, expected);
    }),
    { numRuns: 100 },
  );
});
