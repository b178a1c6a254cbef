/** What damage to traces and profile files once did, each found by scripts/fuzz.mjs or while it was written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SourceFiles } from '../../server/lsp/source-files';
import { createEngine } from '../../server/profile/engine';
import { reportText } from '../../server/profile/report-text';
import { readSourceFile } from '../../server/profile/worker-sources';
import {
  CHUNK,
  CHUNK_BYTES,
  CHUNK_KIND,
  GIL_TABLE_OFFSET,
  GIL,
  HEADER,
} from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { parseManifest } from '../../server/trace/run-source';
import { FuzzInputs } from '../support/fuzz-inputs';
import { loadSeeds } from '../support/fuzz-seeds';
import { MemoryRun } from '../support/memory-run';
import { TraceWriter } from '../support/trace-writer';

const scratch = mkdtempSync(join(tmpdir(), 'gilscope-damage-'));
after(() => rmSync(scratch, { recursive: true }));

const FACTS = { command: [], startedAt: '', exit: { code: 0, signal: null }, live: false };

/** One thread with a few holds and samples, and what the process says of itself. */
function sound(): Buffer {
  const writer = new TraceWriter({ startTicks: 1000n, endTicks: 9000n });
  writer.addGil();
  writer.addThread({ tid: 7 });
  writer.meta('argument', 'python');
  const stack = writer.stack('sampler', [{ file: '/a.py', line: 3, function: 'f' }]);
  for (let at = 1000n; at < 5000n; at += 1000n) {
    writer.sample({ gil: 0, thread: 0, at: at + 50n, stack });
    writer.cycle(0, { thread: 0, waitStart: at, acquired: at, released: at + 500n });
  }
  return writer.bytes();
}

/** Where the chunk of a kind begins. */
function chunkOf(bytes: Buffer, kind: number): number {
  for (let at = CHUNK_BYTES; at < bytes.length; at += CHUNK_BYTES) {
    if (bytes.readUInt32LE(at + CHUNK.kind) === kind) return at;
  }
  throw new Error(`no chunk of kind ${kind}`);
}

function profileOf(bytes: Buffer) {
  const engine = createEngine();
  const state = new RunReader(new MemoryRun([bytes])).read(engine, true);
  return engine.snapshot(state, FACTS).profile;
}

const messagesOf = (bytes: Buffer): string =>
  profileOf(bytes)
    .processes.flatMap(({ messages }) => messages)
    .join('\n');

test('the sound trace says nothing of damage', () => {
  assert.equal(messagesOf(sound()), '');
});

test('what a process says of itself is damaged: that is said', () => {
  const bytes = sound();
  bytes.writeUInt32LE(0x7fffffff, chunkOf(bytes, CHUNK_KIND.meta) + CHUNK.used);
  assert.match(messagesOf(bytes), /damaged \(chunk \d+ says .*\): what follows of its command/);
});

test('chunks of an owner that is not there: that is said', () => {
  for (const kind of [CHUNK_KIND.sampler, CHUNK_KIND.meta, CHUNK_KIND.gil]) {
    const bytes = sound();
    bytes.writeUInt32LE(11, chunkOf(bytes, kind) + CHUNK.owner);
    assert.match(messagesOf(bytes), /belongs to nothing that is known/);
  }
});

test('samples that are not there, and a chunk cut in its header: that is said', () => {
  const bytes = sound();
  bytes.writeUInt32LE(64, chunkOf(bytes, CHUNK_KIND.sampler) + CHUNK.used);
  bytes.writeBigUInt64LE(4n, HEADER.samplesTaken);
  assert.match(messagesOf(bytes), /its last 4 samples are missing/);
  const short = sound();
  short.writeUInt32LE(1, chunkOf(short, CHUNK_KIND.sampler) + CHUNK.used);
  assert.match(messagesOf(short), /says that it is 1 bytes long/);
  const last = sound().length - CHUNK_BYTES;
  assert.match(messagesOf(sound().subarray(0, last + 40)), /its last 1 chunks are missing/);
});

test('cycles that damage took are not said to be in the totals', () => {
  const bytes = sound();
  bytes.writeBigUInt64LE(40n, GIL_TABLE_OFFSET + GIL.cycles);
  const { lost } = profileOf(bytes);
  assert.equal(lost.events, 36);
  assert.match(lost.reason ?? '', /36 GIL cycles are missing from all numbers/);
  assert.doesNotMatch(lost.reason ?? '', /only in the totals/);
});

test('a program is not said to have run no Python where its events are damaged', () => {
  const bytes = sound();
  bytes.writeBigUInt64LE(4n, GIL_TABLE_OFFSET + GIL.cycles);
  bytes.fill(0x80, chunkOf(bytes, CHUNK_KIND.gil) + 64, chunkOf(bytes, CHUNK_KIND.gil) + 70);
  const text = reportText(profileOf(bytes), { folder: null });
  assert.match(text, /Nothing of the GIL could be read/);
  assert.doesNotMatch(text, /No thread took the GIL/);
});

test('a description of the run with other things in place of texts', () => {
  const manifest = parseManifest(
    '{"format":"gilscope-run","version":1,"command":["a",{},null],"startedAt":[],' +
      '"exit":{"code":1e400,"signal":9},"unrecorded":[{},"one"],"running":["x",4],"stopped":{"5":"SIGTERM","6":7}}',
    'p.gilscope',
  );
  const exit = { code: null, signal: null };
  const stopped = { 5: 'SIGTERM' };
  const rest = { unrecorded: ['one'], running: [4], stopped };
  const expected = { command: ['a'], startedAt: '', exit, ...rest };
  assert.deepEqual(manifest, expected);
});

const pipe = join(scratch, 'pipe.py');
const skip = spawnSync('mkfifo', [pipe]).status === 0 ? false : 'no named pipes here';

test('a source that is a pipe or a device is not read: it would never end', { skip }, async () => {
  const files = new SourceFiles({ stored: {}, recordedUntilMs: null, onUnknownText: () => null });
  await files.learn([pipe, '/dev/zero']);
  for (const file of [pipe, '/dev/zero']) {
    assert.equal(files.sourceOf(file), null);
    assert.equal(readSourceFile(file, null), null);
  }
});

const seed = Number(process.env['GILSCOPE_FUZZ_SEED'] ?? 1);

test('damage of every kind to the kept profiles', async () => {
  const seeds = await loadSeeds(join(scratch, 'none'), scratch);
  const inputs = new FuzzInputs(seeds, seed, join(scratch, 'damaged.gilscope'));
  const outcomes = new Set<string>();
  for (let index = 0; index < 300; index++) {
    const input = inputs.input(index);
    try {
      outcomes.add(input.judge());
    } catch (error) {
      const what = `input ${index} of ${inputs.randomSeed}, ${input.kind} of ${input.seed}`;
      throw new Error(what, { cause: error });
    }
  }
  assert.deepEqual([...outcomes].sort(), ['refused', 'said', 'whole']);
});
