import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openRun } from '../../server/trace/run-reader';
import { CollectingSink } from '../support/collect-events';
import { TraceWriter } from '../support/trace-writer';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-cpu-'));
after(() => rmSync(folder, { recursive: true }));

test('readings of CPU clocks come before their cycles, in ns of the run', () => {
  // Half a nanosecond a tick.
  const anchors = { anchor0: [1000n, 10_000n], anchor1: [2001000n, 1_010_000n] } as const;
  const writer = new TraceWriter({ clock: 1, startTicks: 1000n, ...anchors });
  const gil = writer.addGil();
  const thread = writer.addThread({ tid: 7, startTicks: 1000n });
  const cycle = { thread, waitStart: 3000n, acquired: 3000n, released: 5000n };
  writer.cpu(gil, thread, 2900n, 12_345n, 0n);
  writer.cycle(gil, cycle);
  writer.cpu(gil, thread, 8900n, 22_345n, 2000n);
  writer.cpu(gil, 99, 8950n, 1n, 1n);
  writer.cycle(gil, { ...cycle, waitStart: 9000n, acquired: 9000n, released: 9500n });
  const path = join(folder, '1.trace');
  writeFileSync(path, writer.bytes());
  const sink = new CollectingSink();
  openRun(path).read(sink, true);
  assert.deepEqual(sink.allReadings, [
    { gil: 0, thread: 0, at: 950, cpuNs: 12_345, heldNs: 0 },
    { gil: 0, thread: 0, at: 3950, cpuNs: 22_345, heldNs: 1000 },
  ]);
  assert.equal(sink.allCycles.length, 2);
});

test('ends of children, in ns of the run; damaged ones are left out', () => {
  const writer = new TraceWriter({ startTicks: 100n, exitCode: 0 });
  for (const text of ['12 exit 3 600 7', '13 signal 9 700 8', '14 stopped 1 1 1', '']) {
    writer.meta('childEnd', text);
  }
  const path = join(folder, '2.trace');
  writeFileSync(path, writer.bytes());
  const { processes } = openRun(path).read(new CollectingSink(), true);
  assert.deepEqual(processes[0]?.childEnds, [
    { pid: 12, code: 3, signal: null, tid: 7, atNs: 500 },
    { pid: 13, code: null, signal: 'SIGKILL', tid: 8, atNs: 600 },
  ]);
});
