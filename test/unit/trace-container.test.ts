import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { packRun } from '../../server/trace/container-writer';
import { openRun, openRunSource } from '../../server/trace/run-reader';
import { TraceError } from '../../server/trace/trace-error';
import { CollectingSink, comparable } from '../support/collect-events';
import { declareAll, plannedTrace, writeEvent, type PlannedTrace } from '../support/random-trace';
import { TraceWriter } from '../support/trace-writer';

const root = mkdtempSync(join(tmpdir(), 'gilscope-container-'));
after(() => rmSync(root, { recursive: true }));

let folder = root;
let file = root;
beforeEach(() => {
  const own = mkdtempSync(join(root, 'case-'));
  folder = join(own, 'run');
  file = join(own, 'profile.gilscope');
  mkdirSync(folder);
});

const MANIFEST = {
  format: 'gilscope-run',
  version: 1,
  command: ['script.py', 'ü'],
  startedAt: '2026-01-01T00:00:00.000Z',
  exit: { code: null, signal: 'SIGKILL' },
};

function save(plan: PlannedTrace, pid: number, chunkLimit: number): void {
  const options = { clock: 1, anchor0: [100n, BigInt(pid)], anchor1: [300n, 200n] } as const;
  const writer = new TraceWriter({ ...options, startTicks: 100n, pid, chunkLimit });
  declareAll(writer, plan);
  writer.meta('folder', '/home');
  for (const event of plan.events) writeEvent(writer, event, 100n);
  writer.openWait(0, 0, 2n ** 50n);
  writeFileSync(join(folder, `${pid}.trace`), writer.bytes());
  writeFileSync(join(folder, 'run.json'), JSON.stringify(MANIFEST));
}

function read(path: string): unknown {
  const reader = openRun(path);
  const sink = new CollectingSink();
  const state = reader.read(sink, true);
  return { manifest: reader.manifest(), ...(comparable(sink, state) as object) };
}

const [example] = fc.sample(plannedTrace(80), { numRuns: 1, seed: 4 });

function saveExample(): void {
  assert.ok(example);
  save(example, 1, 500);
  save(example, 2, 65536);
}

test('a packed profile reads as the run folder does', async () => {
  await fc.assert(
    fc.asyncProperty(plannedTrace(60), fc.constantFrom(64, 500, 65536), async (plan, limit) => {
      save(plan, 1, limit);
      save(plan, 2, limit);
      await packRun(openRunSource(folder), file);
      assert.deepEqual(read(file), read(folder));
    }),
    { numRuns: 25 },
  );
  assert.deepEqual(readdirSync(join(folder, '..')).sort(), ['profile.gilscope', 'run']);
});

test('only what is used is packed', async () => {
  saveExample();
  await packRun(openRunSource(folder), file);
  const size = (name: string): number => statSync(join(folder, name)).size;
  assert.ok(statSync(file).size < (size('1.trace') + size('2.trace')) / 10);
});

test('a single trace can be packed, and a trace that is none stays one', async () => {
  saveExample();
  await packRun(openRunSource(join(folder, '2.trace')), file);
  const state = openRun(file).read(new CollectingSink(), true);
  assert.deepEqual(
    state.processes.map(({ pid }) => pid),
    [2],
  );
  writeFileSync(join(folder, '3.trace'), 'not a trace at all'.repeat(10_000));
  await packRun(openRunSource(folder), file);
  const { processes } = openRun(file).read(new CollectingSink(), true);
  assert.equal(processes.length, 2);
  assert.match(processes[0]?.messages.join() ?? '', /3\.trace.*not a GILscope trace/);
});

test('a profile that cannot be written leaves nothing behind and says why', async () => {
  saveExample();
  const nowhere = join(folder, 'no', 'such', 'folder.gilscope');
  await assert.rejects(packRun(openRunSource(folder), nowhere), (error) => {
    assert.ok(error instanceof TraceError);
    assert.match(
      error.message,
      /cannot be written: no such file or folder\. Choose another folder/,
    );
    return true;
  });
  mkdirSync(file);
  await assert.rejects(packRun(openRunSource(folder), file), TraceError);
  assert.deepEqual(readdirSync(join(folder, '..')).sort(), ['profile.gilscope', 'run']);
});

test('a profile cut at any place gives one clear error', async () => {
  saveExample();
  await packRun(openRunSource(folder), file);
  const whole = readFileSync(file);
  const cut = join(folder, 'cut.gilscope');
  for (const length of [0, 5, 8, 30, 64, 100, whole.length >> 1, whole.length - 1]) {
    writeFileSync(cut, whole.subarray(0, length));
    assert.throws(
      () => read(cut),
      (error) => error instanceof TraceError && error.message.startsWith(cut),
      `${length} bytes`,
    );
  }
});

test('every changed byte is noticed', async () => {
  saveExample();
  await packRun(openRunSource(folder), file);
  const whole = readFileSync(file);
  const good = read(file);
  const changed = join(folder, 'changed.gilscope');
  const used = [...Array(36).keys(), ...Array.from({ length: 300 }, (_, i) => 64 + i * 37)];
  for (const at of used.filter((offset) => offset < whole.length)) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(changed, bytes);
    let got: unknown;
    try {
      got = read(changed);
    } catch (error) {
      assert.ok(error instanceof TraceError, `byte ${at}: ${String(error)}`);
      continue;
    }
    // What can still be read is told together with what is wrong.
    assert.notDeepEqual(got, good, `byte ${at}`);
    assert.match(JSON.stringify(got), /damaged|cut short/, `byte ${at}`);
  }
});

test('a profile of another version is refused', async () => {
  saveExample();
  await packRun(openRunSource(folder), file);
  const copy = join(folder, 'copy.gilscope');
  copyFileSync(file, copy);
  const bytes = readFileSync(copy);
  bytes.writeUInt32LE(2, 8);
  writeFileSync(copy, bytes);
  assert.throws(() => read(copy), /version 2, this GILscope reads version 1/);
});
