/** A profile that is kept while a child still writes its trace holds all up to a moment, and calls nothing damaged. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { analyseRun } from '../../server/cli/analyse';
import { packRun } from '../../server/trace/container-writer';
import { CHUNK_BYTES, LANES, LOCK_KIND, TAG } from '../../server/trace/format';
import { openRun } from '../../server/trace/run-reader';
import type { RunSource } from '../../server/trace/run-source';
import { CollectingSink } from '../support/collect-events';
import { seeded } from '../support/fake-run';
import { assertInvariants } from '../support/invariants';
import { TraceWriter } from '../support/trace-writer';

const root = mkdtempSync(join(tmpdir(), 'gilscope-growing-'));
after(() => rmSync(root, { recursive: true }));
const file = join(root, 'profile.gilscope');

const STEP_TICKS = 1000n;

/** A process that goes on: with each step there is more of something. */
class Program {
  readonly writer: TraceWriter;
  threads = 0;
  cycles = 0;
  private readonly gils: { locks: number; held: { thread: number; since: bigint } | null }[] = [];
  private laneLocks = 0;
  private now = STEP_TICKS;

  constructor(
    private readonly random: () => number,
    chunkLimit: number,
  ) {
    this.writer = new TraceWriter({ pid: 1, chunkLimit });
    this.addGil();
    this.addThread();
  }

  step(): void {
    this.now += STEP_TICKS;
    this.writer.setHeader64('heartbeatTicks', this.now);
    const gil = this.pick(this.gils.length);
    const kind = this.random();
    if (kind < 0.1) this.addThread();
    else if (kind < 0.13) this.addGil();
    else if (kind < 0.2) this.writer.meta('message', 'm');
    else if (kind < 0.3) this.wait(gil);
    else if (kind < 0.35) this.waitInLane();
    else this.turn(gil);
  }

  private pick(count: number): number {
    return Math.floor(this.random() * count);
  }

  private addThread(): void {
    this.writer.addThread({ tid: ++this.threads, name: 't', startTicks: this.now });
  }

  private addGil(): void {
    this.writer.addGil(this.gils.length);
    this.gils.push({ locks: 0, held: null });
  }

  /** Acquires, or releases: the threads take turns. */
  private turn(gil: number): void {
    const state = this.gils[gil];
    assert.ok(state);
    if (state.held === null) {
      const busy = this.gils.map(({ held }) => held?.thread);
      const thread = this.pick(this.threads);
      if (busy.includes(thread)) return;
      state.held = { thread, since: this.now };
      this.writer.openHold(gil, { thread, waitStart: this.now, acquired: this.now });
      return;
    }
    const { thread, since } = state.held;
    const stack = this.writer.stack(gil, [
      { file: '/a.py', line: 1 + this.pick(30), function: 'f' },
    ]);
    const sampled = this.writer.stack('sampler', [{ file: '/a.py', line: 1, function: 'f' }]);
    this.writer.sample({ gil, thread, at: this.now - 1n, stack: sampled });
    this.writer.cycle(gil, {
      thread,
      waitStart: since,
      acquired: since,
      released: this.now,
      stack,
    });
    state.held = null;
    this.cycles++;
  }

  private wait(gil: number): void {
    const state = this.gils[gil];
    assert.ok(state);
    this.writer.lock(gil, { kind: LOCK_KIND.lock });
    const [thread, start, end] = [this.pick(this.threads), this.now - 10n, this.now];
    this.writer.lockRow(gil, TAG.lockWait, { lock: state.locks++, thread, start, end });
  }

  private waitInLane(): void {
    const stack = this.writer.stack('laneStacks', [
      { file: '/b.py', line: 1 + this.pick(30), function: 'g' },
    ]);
    this.writer.lock(LANES, { kind: LOCK_KIND.lock });
    const [thread, start, end] = [this.pick(this.threads), this.now - 10n, this.now];
    this.writer.lockRow('lane 0', TAG.lockWait, {
      lock: this.laneLocks++,
      thread,
      start,
      end,
      stack,
    });
  }
}

/** As a run folder whose only trace has grown by a few steps at each reading, until `steps` are made. */
function growing(program: Program, random: () => number, steps: number): RunSource {
  let bytes = program.writer.bytes();
  const grow = (): void => {
    const now = Math.min(steps, Math.floor(random() * 4));
    for (let i = 0; i < now; i++) program.step();
    steps -= now;
    if (now > 0) bytes = program.writer.bytes();
  };
  const trace = {
    path: '/memory/1.trace',
    name: '1.trace',
    open: () => undefined,
    close: () => undefined,
    chunkCount: () => bytes.length / CHUNK_BYTES,
    read: (target: Uint8Array, chunk: number, from: number, length: number): number => {
      grow();
      const at = chunk * CHUNK_BYTES + from;
      const part = bytes.subarray(at, at + length);
      target.set(part);
      return part.length;
    },
  };
  return {
    path: '/memory',
    newTraces: () => [trace],
    manifest: () => ({ command: [], startedAt: '', exit: null }),
    close: () => undefined,
  };
}

for (const chunkLimit of [100, 500, CHUNK_BYTES]) {
  test(`packed at any moment while it grows, in chunks of ${chunkLimit} bytes`, async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seeded(seed);
      const program = new Program(random, chunkLimit);
      for (let i = 0; i < 60; i++) program.step();
      const before = { threads: program.threads, cycles: program.cycles };
      await packRun(growing(program, random, 200), file);
      const sink = new CollectingSink();
      const state = openRun(file).read(sink, true);
      const [process] = state.processes;
      assert.ok(process);
      const said = process.messages.filter((message) => message !== 'm');
      assert.deepEqual(said, [], `seed ${seed}`);
      assert.deepEqual([process.lostEvents, process.lostSamples], [0, 0], `seed ${seed}`);
      assert.ok(sink.allCycles.length >= before.cycles, `cycles of seed ${seed}`);
      assert.ok(state.threads.length >= before.threads, `threads of seed ${seed}`);
      assert.ok(sink.allSamples.length >= before.cycles, `samples of seed ${seed}`);
      assertInvariants(analyseRun(file, false).profile);
    }
  });
}
