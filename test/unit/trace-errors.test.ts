import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import type { TraceState } from '../../server/trace/events';
import { openRun } from '../../server/trace/run-reader';
import { TraceError } from '../../server/trace/trace-error';
import { CollectingSink } from '../support/collect-events';
import { TraceWriter } from '../support/trace-writer';

const root = mkdtempSync(join(tmpdir(), 'gilscope-errors-'));
after(() => rmSync(root, { recursive: true }));

let folder = root;
let file = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'run-'));
  file = join(folder, '100.trace');
});

const CYCLES = 200;

/** Two hundred cycles in many chunks, with a stack. */
function sound(change: (writer: TraceWriter) => void = () => undefined): Buffer {
  const writer = new TraceWriter({ startTicks: 1000n, anchor1: [2000n, 6000n], chunkLimit: 300 });
  writer.addGil();
  writer.addThread({ tid: 100, startTicks: 1000n });
  const stack = writer.stack(0, [{ file: '/a.py', line: 3, function: 'f' }]);
  for (let i = 0; i < CYCLES; i++) {
    if (i === CYCLES / 2) change(writer);
    const at = 1020n + BigInt(i) * 100n;
    writer.cycle(0, { thread: 0, waitStart: at, acquired: at, released: at + 50n, stack });
  }
  return writer.bytes();
}

function readBytes(bytes: Uint8Array): { cycles: number; state: TraceState } {
  writeFileSync(file, bytes);
  const sink = new CollectingSink();
  const state = openRun(folder).read(sink, true);
  return { cycles: sink.allCycles.length, state };
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => readBytes(bytes),
    (error) => {
      assert.ok(error instanceof TraceError);
      assert.ok(error.message.startsWith(file), error.message);
      assert.match(error.message, message);
      assert.match(error.message, /\. [A-Z].*\.$/, 'it says what to do next');
      return true;
    },
  );
}

test('a process that was killed before it began its trace', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(70_000)]) {
    assert.deepEqual(readBytes(bytes).state.processes, []);
    assert.throws(() => openRun(file).read(new CollectingSink(), true), /before its first event/);
    writeFileSync(join(folder, '99.trace'), sound());
    const { cycles, state } = readBytes(bytes);
    assert.equal(cycles, CYCLES);
    assert.equal(state.processes.length, 1);
    assert.match(state.processes[0]?.messages.join() ?? '', /missing: .*before its first event/);
    rmSync(join(folder, '99.trace'));
  }
});

/** What is before the damage is read, and the rest is counted and told. */
function keepsHalf(bytes: Uint8Array, message: RegExp): void {
  const { cycles, state } = readBytes(bytes);
  const [process] = state.processes;
  assert.ok(process);
  assert.equal(process.messages.length, 1, process.messages.join());
  assert.match(process.messages[0] ?? '', message);
  assert.equal(cycles, CYCLES / 2);
  assert.equal(process.lostEvents, CYCLES / 2);
}

test('files that are no trace are refused with one error', () => {
  refuses(Buffer.from('#!/usr/bin/python3\n'.repeat(1000)), /not a GILscope trace/);
  refuses(sound().subarray(0, 2000), /cut short in its header/);
});

test('headers that make no sense are refused', () => {
  const changed = (at: number, value: number): Buffer => {
    const bytes = sound();
    bytes.writeUInt32LE(value, at);
    return bytes;
  };
  refuses(changed(8, 99), /version 99, this GILscope reads versions 1 to 3/);
  refuses(changed(12, 0x04030201), /byte order/);
  refuses(changed(20, 4096), /chunkBytes is 4096 instead of 65536/);
  refuses(changed(32, 481), /claims 481 GILs/);
  refuses(changed(64, 9), /unknown clock/);
});

test('paths that are not there, and folders without traces, are told', () => {
  assert.throws(() => openRun(join(folder, 'none')), /none: .*no such file or folder\. Check/);
  assert.throws(() => openRun(folder).read(new CollectingSink(), true), /there is no trace in it/);
  mkdirSync(file);
  assert.throws(() => openRun(folder).read(new CollectingSink(), true), TraceError);
});

test('while a program runs, a file without header is waited for', () => {
  writeFileSync(file, '');
  const reader = openRun(folder);
  const sink = new CollectingSink();
  assert.equal(reader.read(sink, false).processes.length, 0);
  writeFileSync(file, Buffer.alloc(4 << 20));
  assert.equal(reader.read(sink, false).processes.length, 0);
  writeFileSync(file, sound());
  assert.equal(reader.read(sink, false).processes.length, 1);
  assert.equal(sink.allCycles.length, CYCLES);
});

test('one bad trace among good ones costs only its own process', () => {
  writeFileSync(join(folder, '101.trace'), 'nonsense'.repeat(100));
  const { cycles, state } = readBytes(sound());
  assert.equal(cycles, CYCLES);
  assert.match(state.processes[0]?.messages.join() ?? '', /A process is missing: .*101\.trace/);
});

test('a cut file keeps its first chunks and counts the rest', () => {
  const bytes = sound();
  const { cycles, state } = readBytes(bytes.subarray(0, 65536 * 5));
  const [process] = state.processes;
  assert.ok(process);
  assert.ok(cycles > 20 && cycles < CYCLES);
  assert.equal(cycles + process.lostEvents, CYCLES);
  assert.match(process.messages.join(), /cut short: its last \d+ chunks are missing/);
});

test('damage in the middle of a stream keeps what is before it', () => {
  const raw = (...bytes: number[]) => sound((writer) => writer.raw(0, bytes));
  keepsHalf(raw(0x82, 3, 0, 0, 0), /impossible length of 3/);
  keepsHalf(raw(0x82, 0, 0, 0, 0x7f), /impossible length/);
  keepsHalf(raw(0x40, 0, 1, 1, 1, 77, 1, 0, 0, 0, 0, 0, 0, 0), /impossible/);
  keepsHalf(raw(0, 0, 1, 1, 1, 77), /impossible/);
  keepsHalf(raw(4, 0, 9, 0, 1, 1, 1, 1), /impossible/);
  keepsHalf(raw(0, 0x30, 1, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0), /impossible/);
});

test('stacks in a circle, or of undefined code, are damage', () => {
  const node = (...values: number[]) =>
    sound((writer) => writer.raw(0, [0x82, 21, ...values.flatMap((v) => [0, 0, 0, v]), 0, 0, 0]));
  keepsHalf(node(2, 2, 1, 0), /stack 2 has an undefined caller 2/);
  keepsHalf(node(2, 0, 9, 0), /stack 2 has undefined code 9/);
  keepsHalf(node(9, 0, 1, 0), /stack 9 is out of sequence/);
});

test('a chunk that is too long, or is missing, ends its stream', () => {
  const bytes = sound();
  // Chunk 1 holds the threads' table; 2, 3, … are the GIL's.
  bytes.writeUInt32LE(70_000, 5 * 65536 + 16);
  const tooLong = readBytes(bytes);
  assert.match(tooLong.state.processes[0]?.messages.join() ?? '', /chunk 5 says .* 70000 bytes/);
  bytes.fill(0, 5 * 65536, 6 * 65536);
  const missing = readBytes(bytes);
  const [process] = missing.state.processes;
  assert.ok(process);
  assert.equal(missing.cycles, tooLong.cycles);
  assert.equal(missing.cycles + process.lostEvents, CYCLES);
  assert.match(process.messages.join(), /a chunk is missing/);
});

test('counts that claim far more than is there cost no time or memory', () => {
  const bytes = sound();
  bytes.writeUInt32LE(0xffffffff, 36);
  bytes.writeUInt32LE(0xffffffff, 40);
  const { cycles, state } = readBytes(bytes);
  assert.equal(cycles, CYCLES);
  assert.ok(state.threads.length <= 255);
});
