/**
 * Random damage to traces: whatever the bytes, the reader ends, with an error it means or with numbers that a profile
 * can be made of. GILSCOPE_FUZZ sets how many traces each test tries, GILSCOPE_FUZZ_SEED where it begins.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHUNK_BYTES } from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { TraceError } from '../../server/trace/trace-error';
import { CheckingSink } from '../support/checking-sink';
import { MemoryRun } from '../support/memory-run';
import { declareAll, plannedTrace, writeEvent } from '../support/random-trace';
import { TraceWriter } from '../support/trace-writer';

const runs = Number(process.env['GILSCOPE_FUZZ'] ?? 1000);
const seed = Number(process.env['GILSCOPE_FUZZ_SEED'] ?? 1);

/** xorshift32: the same seed gives the same damage. */
class Random {
  constructor(private state: number) {
    if (this.state === 0) this.state = 1;
  }

  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

function readDamaged(traces: readonly Uint8Array[], live: boolean): void {
  const sink = new CheckingSink();
  try {
    const reader = new RunReader(new MemoryRun(traces));
    if (live) sink.check(reader.read(sink, false));
    sink.check(reader.read(sink, true));
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    assert.match(error.message, /^\/memory.*: .+\. [A-Z].+\.$/);
  }
}

function sampleTraces(): Buffer[] {
  const plans = fc.sample(plannedTrace(40), { numRuns: 20, seed: 11 });
  return plans.map((plan, i) => {
    const anchors = { anchor0: [1000n, 50n], anchor1: [1300n, 150n] } as const;
    const chunkLimit = [80, 400, CHUNK_BYTES][i % 3] ?? CHUNK_BYTES;
    const writer = new TraceWriter({ clock: 1, startTicks: 1000n, chunkLimit, ...anchors });
    declareAll(writer, plan);
    writer.meta('folder', '/home');
    for (const event of plan.events.slice(0, -1)) writeEvent(writer, event, 1000n);
    const totals = { acquires: 3n, contended: 1n, forced: 1n, holdTicks: 9n, waitTicks: 9n };
    writer.aggregate(0, 0, 0, { ...totals, maxHoldTicks: 5n, maxWaitTicks: 5n });
    writer.openHold(0, { thread: 0, waitStart: 2n ** 50n, acquired: 2n ** 50n });
    return writer.bytes().subarray(0, 6 * CHUNK_BYTES);
  });
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

/** Where damage matters: the fields of the header, of tables, of chunk headers, and the records. */
function place(random: Random, bytes: Buffer): number {
  const chunk = random.below(Math.ceil(bytes.length / CHUNK_BYTES));
  const inside = random.below(4);
  if (chunk === 0) return inside < 2 ? random.below(232) : 4096 + random.below(300);
  const used = Math.min(bytes.readUInt32LE(chunk * CHUNK_BYTES + 16), CHUNK_BYTES);
  return chunk * CHUNK_BYTES + (inside === 0 ? random.below(32) : random.below(Math.max(used, 64)));
}

function damage(random: Random, bytes: Buffer): Buffer {
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = Math.min(place(random, bytes), bytes.length - 4);
    const kind = random.below(8);
    if (kind < 3) bytes[at] = random.below(256);
    else if (kind < 5) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (kind < 7) bytes.writeUInt32LE(EXTREMES[random.below(EXTREMES.length)] ?? 0, at);
    else bytes.copyWithin(at, place(random, bytes), Math.min(at + random.below(64), bytes.length));
  }
  return random.below(20) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

test(`${runs} damaged traces, seed ${seed}`, () => {
  const sound = sampleTraces();
  for (let run = 0; run < runs; run++) {
    const random = new Random(seed + run);
    const traces = Array.from({ length: 1 + random.below(2) }, () =>
      damage(random, Buffer.from(sound[random.below(sound.length)] ?? [])),
    );
    try {
      readDamaged(traces, run % 2 === 0);
    } catch (error) {
      throw new Error(`seed ${seed + run}`, { cause: error });
    }
  }
});

test('streams of random bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 500 });
  fc.assert(
    fc.property(bytes, bytes, fc.boolean(), (cycles, samples, live) => {
      const writer = new TraceWriter({ startTicks: 1000n });
      writer.addGil();
      writer.addThread({ tid: 1 });
      writer.raw(0, [...cycles]);
      writer.raw('sampler', [...samples]);
      readDamaged([writer.bytes()], live);
    }),
    { numRuns: Math.ceil(runs / 10), seed },
  );
});
