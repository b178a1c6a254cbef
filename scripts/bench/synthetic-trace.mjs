// A trace as the probe would have left it, made without a program: for measuring what reads it.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = 65536;
const THREADS = 16;
const START = 1_000_000_000_000n;

/** Small numbers as in real traces: most gaps, waits and holds are of one to three bytes. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

class TraceFile {
  chunks = 1;
  constructor(path, format) {
    this.file = openSync(path, 'w');
    this.format = format;
    this.chunk = Buffer.alloc(CHUNK);
  }

  begin(kind, seq, thread, base) {
    const { CHUNK: at, CHUNK_MAGIC } = this.format;
    this.chunk.fill(0);
    this.chunk.writeUInt32LE(CHUNK_MAGIC, at.magic);
    this.chunk.writeUInt32LE(kind, at.kind);
    this.chunk.writeUInt32LE(seq, at.seq);
    this.chunk.writeUInt32LE(thread, at.thread);
    this.chunk.writeBigUInt64LE(base, at.baseTicks);
    return this.format.CHUNK_HEADER_BYTES;
  }

  end(used) {
    this.chunk.writeUInt32LE(used, this.format.CHUNK.used);
    writeSync(this.file, this.chunk, 0, CHUNK, this.chunks++ * CHUNK);
  }
}

function writeThreads(file, format) {
  const { THREAD, THREAD_ENTRY_BYTES } = format;
  let at = file.begin(format.CHUNK_KIND.threads, 0, 0, 0n);
  for (let i = 0; i < THREADS; i++, at += THREAD_ENTRY_BYTES) {
    file.chunk.writeUInt32LE(1, at + THREAD.state);
    file.chunk.writeUInt32LE(1000 + i, at + THREAD.tid);
    file.chunk.writeBigUInt64LE(START, at + THREAD.startTicks);
  }
  file.end(at);
}

/** One code object of 200 lines, and stacks of two frames in it. */
function writeDefinitions(chunk, start, stacks, { TAG, LINE_TABLE }) {
  const table = Buffer.concat(Array.from({ length: 200 }, () => Buffer.from([0xe8, 2])));
  const file = Buffer.from('/home/user/program.py');
  const name = Buffer.from('work');
  let at = start;
  const u32 = (value) => (at = chunk.writeUInt32LE(value, at));
  chunk[at++] = TAG.code;
  for (const v of [29 + file.length + name.length + table.length, 1, 1]) u32(v);
  for (const v of [LINE_TABLE.locations, 1, 1, 0]) chunk[at++] = v;
  for (const v of [file.length, name.length, table.length]) u32(v);
  for (const bytes of [file, name, table]) at += bytes.copy(chunk, at);
  for (let node = 1; node <= stacks; node++) {
    chunk[at++] = TAG.node;
    for (const v of [21, node, node > 20 ? node % 20 : 0, 1, (node * 2) % 400]) u32(v);
  }
  return at;
}

function writeCycles(file, count, stacks, format) {
  /** Of each thread: it goes from one to the next, as a loop does. */
  const stackOf = new Uint16Array(THREADS);
  const random = randomNumbers(12345);
  let seq = 0;
  let now = START + 1000n;
  let thread = 0;
  let at = file.begin(format.CHUNK_KIND.gil, seq++, thread, now);
  at = writeDefinitions(file.chunk, at, stacks, format);
  let elapsed = 0;
  for (let i = 0; i < count; i++) {
    if (at > CHUNK - 64) {
      file.end(at);
      now += BigInt(elapsed);
      elapsed = 0;
      at = file.begin(format.CHUNK_KIND.gil, seq++, thread, now);
    }
    const { chunk } = file;
    const bits = random();
    const changes = (bits & 3) !== 0;
    const gap = 60 + (random() % 400);
    const wait = changes ? 200 + (random() % 6000) : 20 + (bits % 100);
    const hold = 100 + (random() % 5000);
    chunk[at++] = changes ? 5 : 0;
    chunk[at++] = 1 | (changes ? 1 << 2 : 0) | (1 << 4) | (1 << 6);
    if (changes) {
      thread = (bits >>> 8) % THREADS;
      at = chunk.writeUInt16LE(thread, at);
    }
    stackOf[thread] = (stackOf[thread] + 1 + (random() % 4 === 0)) % stacks;
    at = chunk.writeUInt16LE(gap, at);
    at = changes ? chunk.writeUInt16LE(Math.min(wait, 65535), at) : chunk.writeUInt8(wait, at);
    at = chunk.writeUInt16LE(hold, at);
    at = chunk.writeUInt16LE(1 + stackOf[thread], at);
    elapsed += gap + hold;
  }
  file.end(at);
  return now + BigInt(elapsed);
}

function writeHead(file, cycles, end, format) {
  const { HEADER, GIL } = format;
  const head = Buffer.alloc(CHUNK);
  head.write(format.TRACE_MAGIC, HEADER.magic, 'latin1');
  const u32 = {
    version: format.TRACE_VERSION,
    byteOrder: format.BYTE_ORDER_MARK,
    headerBytes: format.HEADER_BYTES,
    chunkBytes: format.CHUNK_BYTES,
    gilEntryBytes: format.GIL_ENTRY_BYTES,
    threadEntryBytes: format.THREAD_ENTRY_BYTES,
    gilCount: 1,
    threadCount: THREADS,
    chunkCount: file.chunks,
    pid: 1000,
    pythonHex: 0x030c01f0,
    clock: format.CLOCK.tsc,
  };
  for (const [field, value] of Object.entries(u32)) head.writeUInt32LE(value, HEADER[field]);
  const anchorNs = 7_000_000_000n;
  const u64 = {
    anchor0Ticks: START,
    anchor0Ns: anchorNs,
    anchor1Ticks: START + 150_000_000n,
    anchor1Ns: anchorNs + 50_000_000n,
    startTicks: START,
    endTicks: end,
  };
  for (const [field, value] of Object.entries(u64)) head.writeBigUInt64LE(value, HEADER[field]);
  head.writeBigUInt64LE(BigInt(cycles), format.GIL_TABLE_OFFSET + GIL.cycles);
  head.writeBigUInt64LE(BigInt(cycles), format.GIL_TABLE_OFFSET + GIL.acquireSeq);
  writeSync(file.file, head, 0, CHUNK, 0);
}

/**
 * Makes a run folder of one process with `cycles` cycles of 16 threads, each of which goes round through its stacks.
 * `format`: the exports of server/trace/format.ts
 */
export function writeSyntheticRun(folder, cycles, format, stacks = 2000) {
  const file = new TraceFile(join(folder, '1000.trace'), format);
  writeThreads(file, format);
  const end = writeCycles(file, cycles, stacks, format);
  writeHead(file, cycles, end, format);
  closeSync(file.file);
  const manifest = { format: 'gilscope-run', version: 1, command: [], startedAt: '', exit: null };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(manifest));
}
