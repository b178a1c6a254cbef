// Measures the trace reader on a synthetic trace: events a second, where a cycle is three events (request, acquired,
// released), and the cost of packing and of reading the packed profile. `node scripts/bench-reader.mjs [EVENTS]`.
import { build } from 'esbuild';
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { cpuUsage } from 'node:process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const EVENTS_PER_CYCLE = 3;
const CHUNK = 65536;
const THREADS = 16;
const STACKS = 2000;
const START = 1_000_000_000_000n;

async function loadReader(folder) {
  const outfile = join(folder, 'reader.cjs');
  const source = (name) => JSON.stringify(join(root, 'server', 'trace', name));
  const contents = `
    export * from ${source('run-reader.ts')};
    export * from ${source('container-writer.ts')};
    export * from ${source('format.ts')};`;
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile,
  });
  return createRequire(import.meta.url)(outfile);
}

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
function writeDefinitions(chunk, start, { TAG, LINE_TABLE }) {
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
  for (let node = 1; node <= STACKS; node++) {
    chunk[at++] = TAG.node;
    for (const v of [21, node, node > 20 ? node % 20 : 0, 1, (node * 2) % 400]) u32(v);
  }
  return at;
}

function writeCycles(file, count, format) {
  const random = randomNumbers(12345);
  let seq = 0;
  let now = START + 1000n;
  let thread = 0;
  let at = file.begin(format.CHUNK_KIND.gil, seq++, thread, now);
  at = writeDefinitions(file.chunk, at, format);
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
    const wait = changes ? 200 + (random() % 60000) : 20 + (bits % 100);
    const hold = 100 + (random() % 5000);
    const stack = 1 + (random() % STACKS);
    chunk[at++] = changes ? 5 : 0;
    chunk[at++] = 1 | (changes ? 1 << 2 : 0) | (1 << 4) | (1 << 6);
    if (changes) {
      thread = (bits >>> 8) % THREADS;
      at = chunk.writeUInt16LE(thread, at);
    }
    at = chunk.writeUInt16LE(gap, at);
    at = changes ? chunk.writeUInt16LE(Math.min(wait, 65535), at) : chunk.writeUInt8(wait, at);
    at = chunk.writeUInt16LE(hold, at);
    at = chunk.writeUInt16LE(stack, at);
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

/** Writes a trace of `cycles` cycles of 16 threads and 2000 stacks. */
function writeTrace(path, cycles, format) {
  const file = new TraceFile(path, format);
  writeThreads(file, format);
  const end = writeCycles(file, cycles, format);
  writeHead(file, cycles, end, format);
  closeSync(file.file);
}

/** Seconds of processor time so far: a loaded machine does not disturb it as much as the time of day. */
function cpuSeconds() {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** The best of some readings of a run, in seconds of processor time. */
function timeRead(reader, path, cycles, times) {
  let best = Infinity;
  for (let i = 0; i < times; i++) {
    let seen = 0;
    const before = cpuSeconds();
    const run = reader.openRun(path);
    run.read({ samples() {}, cycles: (batch) => (seen += batch.count) }, true);
    best = Math.min(best, cpuSeconds() - before);
    run.close();
    if (seen !== cycles) throw new Error(`read ${seen} cycles instead of ${cycles}`);
  }
  return best;
}

/**
 * @param {number} events
 * @returns rates in events a second of one core, sizes in bytes, times in seconds of processor time
 */
export async function benchReader(events = 10_000_000) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-bench-reader-'));
  try {
    const reader = await loadReader(folder);
    const cycles = Math.ceil(events / EVENTS_PER_CYCLE);
    const trace = join(folder, '1000.trace');
    const packed = join(folder, 'packed.gilscope');
    writeTrace(trace, cycles, reader);
    const manifest = { format: 'gilscope-run', version: 1, command: [], startedAt: '', exit: null };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(manifest));
    const readS = timeRead(reader, folder, cycles, 5);
    const before = cpuSeconds();
    await reader.packRun(reader.openRunSource(folder), packed);
    const packS = cpuSeconds() - before;
    const readPackedS = timeRead(reader, packed, cycles, 3);
    const traceBytes = statSync(trace).size;
    return {
      events: cycles * EVENTS_PER_CYCLE,
      traceBytes,
      bytesPerCycle: traceBytes / cycles,
      readS,
      eventsPerSecond: (cycles * EVENTS_PER_CYCLE) / readS,
      packS,
      packedBytes: statSync(packed).size,
      readPackedS,
      packedEventsPerSecond: (cycles * EVENTS_PER_CYCLE) / readPackedS,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await benchReader(Number(process.argv[2] ?? 10_000_000));
  const million = (value) => `${(value / 1e6).toFixed(1)} million`;
  const lines = [
    `${million(result.events)} events, ${million(result.traceBytes)} bytes, ${result.bytesPerCycle.toFixed(1)} bytes a cycle`,
    `read: ${result.readS.toFixed(3)} s, ${million(result.eventsPerSecond)} events/s`,
    `pack: ${result.packS.toFixed(2)} s, ${million(result.packedBytes)} bytes`,
    `read packed: ${result.readPackedS.toFixed(3)} s, ${million(result.packedEventsPerSecond)} events/s`,
  ];
  console.log(lines.join('\n'));
}
