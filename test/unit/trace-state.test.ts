import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import type { TraceState } from '../../server/trace/events';
import { RELEASE_NODE, THREAD, THREAD_ENTRY_BYTES } from '../../server/trace/format';
import { openRun, RunReader } from '../../server/trace/run-reader';
import { CollectingSink, stackText } from '../support/collect-events';
import { MemoryRun } from '../support/memory-run';
import type { TraceOptions } from '../support/trace-rows';
import { TraceWriter } from '../support/trace-writer';

const root = mkdtempSync(join(tmpdir(), 'gilscope-state-'));
after(() => rmSync(root, { recursive: true }));

let folder = root;
beforeEach(() => (folder = mkdtempSync(join(root, 'run-'))));

/** A monotonic clock: ticks are nanoseconds, and the run starts at 1000. */
const START = { startTicks: 1000n, anchor1: [2000n, 6000n] } as const;

function save(writer: TraceWriter, name = '100.trace'): void {
  writeFileSync(join(folder, name), writer.bytes());
}

function readFinal(): { sink: CollectingSink; state: TraceState } {
  const sink = new CollectingSink();
  return { sink, state: openRun(folder).read(sink, true) };
}

function oneThread(options: TraceOptions = START): TraceWriter {
  const writer = new TraceWriter(options);
  writer.addGil();
  writer.addThread({ tid: 100, name: 'MainThread', startTicks: 1000n });
  return writer;
}

function readLive(reader: RunReader): TraceState {
  return reader.read(new CollectingSink(), false);
}

test('the hold that is going on is told until its cycle is read', () => {
  const writer = oneThread();
  const stack = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  writer.cycle(0, { thread: 0, waitStart: 1010n, acquired: 1020n, released: 1100n, stack });
  const next = { thread: 0, waitStart: 1200n, acquired: 1250n, stack, contended: true };
  writer.openHold(0, next);
  save(writer);
  const reader = openRun(folder);
  const during = readLive(reader);
  const hold = during.gils[0]?.openHold;
  assert.ok(hold);
  assert.equal(stackText(during.stacks, hold.stack), '/a.py:3 f');
  assert.deepEqual(
    { ...hold, stack: 0 },
    {
      thread: 0,
      waitStartNs: 200,
      acquiredNs: 250,
      flags: 1,
      stack: 0,
    },
  );
  writer.cycle(0, { ...next, released: 1300n });
  save(writer);
  assert.equal(readLive(reader).gils[0]?.openHold, null);
});

test('a hold counts as going on only if all cycles before it were read', () => {
  const writer = oneThread();
  writer.cycle(0, { thread: 0, waitStart: 1010n, acquired: 1020n, released: 1100n });
  writer.openHold(0, { thread: 0, waitStart: 1200n, acquired: 1250n });
  const bytes = writer.bytes();
  // As if the reader had come between the record and the next acquisition's count: two ahead.
  bytes.writeBigUInt64LE(3n, 4096 + 16);
  writeFileSync(join(folder, '100.trace'), bytes);
  assert.equal(readFinal().state.gils[0]?.openHold, null);
});

test('a wait that is going on is told unless it is older than the last release', () => {
  const writer = oneThread();
  writer.addThread({ tid: 101 });
  const stack = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  writer.cycle(0, { thread: 1, waitStart: 1010n, acquired: 1020n, released: 1100n, stack });
  writer.cycle(0, { thread: 0, waitStart: 1010n, acquired: 1110n, released: 1200n, stack });
  writer.openWait(1, 0, 1100n, { afterForced: true });
  writer.openWait(0, 0, 1199n);
  save(writer);
  const { state } = readFinal();
  assert.equal(state.threads[0]?.openWait, null);
  const wait = state.threads[1]?.openWait;
  assert.ok(wait);
  assert.equal(stackText(state.stacks, wait.stack), '/a.py:3 f');
  assert.deepEqual({ ...wait, stack: 0 }, { gil: 0, startNs: 100, afterForced: true, stack: 0 });
});

test('a wait with another thread state has no stack', () => {
  const writer = oneThread();
  const stack = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  writer.cycle(0, { thread: 0, waitStart: 1010n, acquired: 1020n, released: 1100n, stack });
  writer.openWait(0, 0, 1150n, { otherState: true });
  save(writer);
  assert.equal(readFinal().state.threads[0]?.openWait?.stack, 0);
});

test('nothing is told before the rate of the clock is known, then everything', () => {
  const tsc = { clock: 1, startTicks: 5000n, anchor0: [5000n, 100n] } as const;
  const writer = oneThread(tsc);
  writer.cycle(0, { thread: 0, waitStart: 5010n, acquired: 5020n, released: 5100n });
  save(writer);
  const reader = openRun(folder);
  const sink = new CollectingSink();
  assert.equal(reader.read(sink, false).processes.length, 0);
  assert.equal(sink.allCycles.length, 0);
  writer.setAnchor('anchor1', [5400n, 300n]);
  save(writer);
  reader.read(sink, false);
  assert.deepEqual([sink.allCycles[0]?.acquired, sink.allCycles[0]?.released], [10, 50]);
});

test('of a process killed before its second anchor the latest one gives the rate', () => {
  const tsc = { clock: 1, startTicks: 5000n, anchor0: [5000n, 100n] } as const;
  const writer = oneThread({ ...tsc, anchorLatest: [5100n, 125n], heartbeatTicks: 5200n });
  writer.cycle(0, { thread: 0, waitStart: 5010n, acquired: 5020n, released: 5100n });
  save(writer);
  const { sink, state } = readFinal();
  assert.equal(sink.allCycles[0]?.released, 25);
  assert.deepEqual([state.processes[0]?.endNs, state.processes[0]?.ended], [50, true]);
});

test('where no reading of the clock tells its rate, the process says that its times are off by a factor', () => {
  const tsc = { clock: 1, startTicks: 5000n, anchor0: [5000n, 100n] } as const;
  const withoutRate = (): TraceWriter => {
    const writer = oneThread({ ...tsc, heartbeatTicks: 5200n });
    writer.cycle(0, { thread: 0, waitStart: 5010n, acquired: 5020n, released: 5100n });
    return writer;
  };
  save(withoutRate());
  const { sink, state } = readFinal();
  assert.equal(sink.allCycles[0]?.released, 100);
  assert.deepEqual(
    state.processes.map(({ clockUnknown }) => clockUnknown),
    [true],
  );
  // Another process that knows the rate of the same clock is word enough; one with another clock is not.
  for (const [clock, unknown] of [
    [1, false],
    [2, true],
  ] as const) {
    const run = new MemoryRun([
      withoutRate().bytes(),
      oneThread({
        ...tsc,
        clock,
        pid: 200,
        anchor0: [6000n, 350n],
        anchor1: [7000n, 600n],
      }).bytes(),
    ]);
    const { processes } = new RunReader(run).read(new CollectingSink(), true);
    assert.deepEqual(
      processes.map(({ pid, clockUnknown = false }) => [pid, clockUnknown]),
      [
        [100, unknown],
        [200, false],
      ],
    );
  }
});

test('processes share one time axis, also with other clocks', () => {
  const parent = oneThread({
    clock: 1,
    startTicks: 4000n,
    anchor0: [5000n, 100_000n],
    anchor1: [7000n, 101_000n],
  });
  // The same clock: 1000 ticks after the parent's anchor are 500 ns, its own anchors notwithstanding.
  const child = oneThread({
    ...START,
    clock: 1,
    pid: 200,
    startTicks: 6000n,
    anchor0: [6000n, 100_500n],
    anchor1: [9000n, 103_000n],
  });
  // Nanoseconds of another epoch: 300 ns after the parent's anchor, which is 500 ns after the start.
  const other = oneThread({
    clock: 0,
    pid: 300,
    startTicks: 90_000n,
    anchor0: [90_000n, 100_300n],
    anchor1: [95_000n, 105_300n],
  });
  for (const [writer, at] of [
    [parent, 4100n],
    [child, 6000n],
    [other, 90_000n],
  ] as const)
    writer.cycle(0, { thread: 0, waitStart: at, acquired: at + 20n, released: at + 100n });
  save(parent, '100.trace');
  save(child, '200.trace');
  save(other, '300.trace');
  const { sink, state } = readFinal();
  const byPid = new Map(
    sink.allCycles.map((cycle) => [
      state.processes[state.gils[cycle.gil]?.process ?? -1]?.pid,
      [cycle.acquired, cycle.released],
    ]),
  );
  assert.deepEqual(byPid.get(100), [60, 100]);
  assert.deepEqual(byPid.get(200), [1010, 1050]);
  assert.deepEqual(byPid.get(300), [820, 900]);
});

test('equal stacks of two processes and of the sampler are one node; relative names become absolute', () => {
  const frames = (file: string) => [
    { file, line: 1, function: '<module>' },
    { file: '<string>', line: 4, function: 'g' },
  ];
  for (const [pid, file] of [
    [100, 'app/script.py'],
    [200, '/home/u/app/script.py'],
  ] as const) {
    const writer = oneThread({ ...START, pid });
    writer.meta('folder', '/home/u');
    const stack = writer.stack('sampler', frames(file));
    writer.sample({ gil: 0, thread: 0, at: 1050n, stack });
    const other = writer.stack(0, frames(file));
    writer.cycle(0, {
      thread: 0,
      waitStart: 1010n,
      acquired: 1020n,
      released: 1100n,
      stack: other,
    });
    save(writer, `${pid}.trace`);
  }
  const { sink, state } = readFinal();
  const nodes = new Set([...sink.allCycles, ...sink.allSamples].map((event) => event.stack));
  assert.equal(nodes.size, 1);
  const [node] = nodes;
  assert.equal(
    stackText(state.stacks, node ?? 0),
    '/home/u/app/script.py:1 <module> > <string>:4 g',
  );
  assert.equal(state.stacks.nodeCount, 3);
});

test('samples come before the cycle that contains them', () => {
  const writer = oneThread({ ...START, chunkLimit: 100 });
  for (let i = 0n; i < 30n; i++) {
    const acquired = 1020n + i * 100n;
    writer.sample({ gil: 0, thread: 0, at: acquired + 5n, stack: 0 });
    writer.cycle(0, { thread: 0, waitStart: acquired, acquired, released: acquired + 50n });
  }
  writer.sample({ gil: 0, thread: 0, at: 9000n, stack: RELEASE_NODE });
  save(writer);
  const { sink } = readFinal();
  assert.equal(sink.allSamples.at(-1)?.stack, RELEASE_NODE);
  let samplesUntil = -Infinity;
  for (const { kind, until } of sink.order) {
    if (kind === 'samples') samplesUntil = until;
    // The sample of each hold is 45 ns before its release.
    else assert.ok(samplesUntil >= until - 45, `samples to ${samplesUntil}, cycles to ${until}`);
  }
  const batches = sink.order.filter(({ kind }) => kind === 'samples').length;
  assert.ok(batches > 5, 'samples are handed on in steps, not all at once');
});

test('a process says what it is, and what it lost', () => {
  const writer = oneThread({ ...START, flags: 1 | 4, exitCode: -3, endTicks: 3000n, parentPid: 7 });
  writer.addThread({ tid: 101, name: 'né'.repeat(100), startTicks: 1100n, endTicks: 1900n });
  writer.meta('argument', '/usr/bin/python3');
  writer.meta('argument', 'script.py');
  writer.meta('message', 'something to know');
  const stack = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  const totals = {
    acquires: 10n,
    contended: 4n,
    forced: 2n,
    holdTicks: 500n,
    waitTicks: 60n,
    maxHoldTicks: 100n,
    maxWaitTicks: 30n,
  };
  writer.aggregate(0, 1, stack, totals);
  writer.setHeader64('lostSamples', 3n);
  save(writer);
  const { state } = readFinal();
  const [process] = state.processes;
  assert.ok(process);
  assert.deepEqual(process.argv, ['/usr/bin/python3', 'script.py']);
  assert.equal(process.executable, '/usr/bin/python3');
  assert.equal(process.python, '3.12.1');
  assert.equal(process.host, 'preloaded');
  assert.deepEqual([process.freeThreaded, process.gilSeen, process.ended], [true, false, true]);
  assert.deepEqual([process.exitCode, process.parentPid, process.endNs], [-3, 7, 2000]);
  assert.deepEqual([process.lostEvents, process.lostSamples], [10, 3]);
  assert.deepEqual(process.lostReasons, ['bounded']);
  assert.deepEqual(process.messages, ['something to know']);
  const lost = {
    acquires: 10,
    contended: 4,
    forced: 2,
    holdNs: 500,
    waitNs: 60,
    maxHoldNs: 100,
    maxWaitNs: 30,
  };
  assert.deepEqual(state.threads[1]?.lost, lost);
  const [row] = state.aggregates;
  assert.ok(row);
  assert.deepEqual({ ...row, stack: 0 }, { ...lost, gil: 0, thread: 1, stack: 0 });
  assert.equal(stackText(state.stacks, row.stack), '/a.py:3 f');
  // 119 bytes are 39 times `né` and a cut one.
  assert.equal(state.threads[1].name, `${'né'.repeat(39)}n`);
  assert.deepEqual([state.threads[1].startNs, state.threads[1].endNs], [100, 900]);
});

test('children that appear later are read, and the order of reading never changes an index', () => {
  const parent = oneThread();
  save(parent);
  const reader = openRun(folder);
  const before = readLive(reader);
  assert.deepEqual(
    before.processes.map(({ pid }) => pid),
    [100],
  );
  const child = oneThread({ ...START, pid: 50, startTicks: 1500n, anchor0: [1500n, 5500n] });
  child.cycle(0, { thread: 0, waitStart: 1510n, acquired: 1520n, released: 1600n });
  save(child, '50.trace');
  parent.addThread({ tid: 102 });
  save(parent);
  const sink = new CollectingSink();
  const state = reader.read(sink, false);
  assert.deepEqual(
    state.processes.map(({ pid }) => pid),
    [100, 50],
  );
  assert.deepEqual(state.threads.map(({ tid }) => tid).sort(), [100, 100, 102]);
  assert.equal(state.threads[0]?.process, 0);
  assert.deepEqual([sink.allCycles[0]?.acquired, sink.allCycles[0]?.gil], [520, 1]);
});

test('an entry prepared for a thread that never began is no thread', () => {
  const writer = oneThread();
  writer.addThread({ tid: 0 });
  const bytes = writer.bytes();
  const entry = bytes.indexOf(Buffer.from('MainThread')) - THREAD.name + THREAD_ENTRY_BYTES;
  bytes.writeUInt32LE(0, entry);
  writeFileSync(join(folder, '100.trace'), bytes);
  assert.deepEqual(
    readFinal().state.threads.map(({ tid }) => tid),
    [100],
  );
});

test('line tables in parts, every width of names, and code numbers that were used up', () => {
  const writer = oneThread();
  // 3000 entries of the location table, one line each: in several TABLE records.
  const table = Uint8Array.from({ length: 6000 }, (_, i) => (i % 2 === 0 ? 0x80 | (13 << 3) : 2));
  const code = { name: 'größe', firstLine: 10, tableKind: 3, table };
  const first = writer.code(0, { ...code, file: '/tmp/名前.py' });
  writer.skipCode(0);
  const second = writer.code(0, { ...code, file: '/tmp/𝒳.py', name: 'f' });
  const outer = writer.node(0, 0, first, 2 * 2999);
  const inner = writer.node(0, outer, second, -2);
  writer.cycle(0, { thread: 0, waitStart: 1010n, acquired: 1020n, released: 1100n, stack: inner });
  save(writer);
  const { sink, state } = readFinal();
  assert.deepEqual(state.processes[0]?.messages, []);
  const text = stackText(state.stacks, sink.allCycles[0]?.stack ?? 0);
  assert.equal(text, '/tmp/名前.py:3010 größe > /tmp/𝒳.py:10 f');
});

test('without the word of the launcher the traces tell command and start', () => {
  const writer = oneThread();
  for (const value of ['/usr/bin/python3', 'script.py', '--fast']) writer.meta('argument', value);
  save(writer);
  const reader = openRun(folder);
  assert.deepEqual(reader.manifest(), { command: [], startedAt: '', exit: null });
  reader.read(new CollectingSink(), true);
  const startedAt = new Date(1_700_000_000_000).toISOString();
  assert.deepEqual(reader.manifest(), { command: ['script.py', '--fast'], startedAt, exit: null });
});
