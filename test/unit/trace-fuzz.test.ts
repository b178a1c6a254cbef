/**
 * Random damage to traces: whatever the bytes, the reader ends, with an error it means or with numbers that a profile
 * can be made of. GILSCOPE_FUZZ sets how many traces each test tries, GILSCOPE_FUZZ_SEED where it begins.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CycleBatch, LockBatch, SampleBatch, TraceState } from '../../server/trace/events';
import { CHUNK_BYTES, RELEASE_NODE } from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import { TraceError } from '../../server/trace/trace-error';
import { MemoryRun } from '../support/memory-run';
import { declareAll, plannedTrace, writeEvent } from '../support/random-trace';
import { TraceWriter } from '../support/trace-writer';

const runs = Number(process.env['GILSCOPE_FUZZ'] ?? 1000);
const seed = Number(process.env['GILSCOPE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

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

/** Checks what a profile relies on, and that what is said exists. */
class CheckingSink {
  private readonly releasedByGil = new Map<number, number>();
  private readonly releasedByThread = new Map<string, number>();
  private sampledAt = -Infinity;
  highestThread = -1;
  highestGil = -1;
  highestLock = -1;
  highestStack = 0;

  cycles(batch: CycleBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const { thread, waitStart, acquired, released, stack, switchWaitEnd } = batch;
      const row = [waitStart[i], acquired[i], released[i], thread[i], stack[i], switchWaitEnd[i]];
      const [start = NaN, taken = NaN, left = NaN, who = NaN, node = NaN, kept = NaN] = row;
      const key = `${batch.gil}/${who}`;
      const before = this.releasedByGil.get(batch.gil) ?? -Infinity;
      const own = this.releasedByThread.get(key) ?? -Infinity;
      const sound = own <= start && start <= taken && before <= taken && taken <= left;
      if (
        !sound ||
        !Number.isInteger(start) ||
        !Number.isInteger(left) ||
        !(kept <= start || kept === 0)
      )
        assert.fail(`cycle ${JSON.stringify(row)} after ${before} and ${own}`);
      this.releasedByGil.set(batch.gil, left);
      this.releasedByThread.set(key, left);
      this.highestThread = Math.max(this.highestThread, who);
      this.highestStack = Math.max(this.highestStack, node);
    }
    this.highestGil = Math.max(this.highestGil, batch.gil);
  }

  samples(batch: SampleBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.at[i] ?? NaN;
      const stack = batch.stack[i] ?? NaN;
      assert.ok(at >= this.sampledAt || i === 0, `sample at ${at} after ${this.sampledAt}`);
      this.sampledAt = at;
      this.highestThread = Math.max(this.highestThread, batch.thread[i] ?? NaN);
      this.highestGil = Math.max(this.highestGil, batch.gil[i] ?? NaN);
      if (stack !== RELEASE_NODE) this.highestStack = Math.max(this.highestStack, stack);
    }
  }

  locks(batch: LockBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const [start = NaN, end = NaN] = [batch.start[i], batch.end[i]];
      assert.ok(Number.isInteger(start) && Number.isInteger(end) && start <= end);
      this.highestThread = Math.max(this.highestThread, batch.thread[i] ?? NaN);
      this.highestThread = Math.max(this.highestThread, (batch.otherThread[i] ?? NaN) - 1);
      this.highestStack = Math.max(this.highestStack, batch.stack[i] ?? NaN);
      this.highestStack = Math.max(this.highestStack, batch.otherStack[i] ?? NaN);
      this.highestLock = Math.max(this.highestLock, batch.lock[i] ?? NaN);
    }
  }

  check(state: TraceState): void {
    assert.ok(this.highestLock < state.locks.length);
    assert.ok(this.highestThread < state.threads.length);
    assert.ok(this.highestGil < state.gils.length);
    assert.ok(this.highestStack < state.stacks.nodeCount);
    // `includes` sees the holes that `every` skips.
    const rows: readonly unknown[] = [...state.threads, ...state.gils, ...state.processes];
    assert.ok(!rows.includes(undefined));
    for (const thread of state.threads) {
      assert.ok(state.processes[thread.process] !== undefined);
      assert.ok(Number.isInteger(thread.startNs));
      assert.ok(thread.endNs === null || thread.endNs >= thread.startNs);
      assert.ok(thread.openWait === null || Number.isInteger(thread.openWait.startNs));
    }
    for (const process of state.processes) {
      assert.ok(Number.isInteger(process.endNs) && process.endNs >= process.startNs);
      assert.ok(process.lostEvents >= 0 && process.lostSamples >= 0);
    }
    for (let node = 1; node < state.stacks.nodeCount; node++)
      assert.ok(state.stacks.parentOf(node) < node, 'callers come first: no circles');
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
