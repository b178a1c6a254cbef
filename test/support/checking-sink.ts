import assert from 'node:assert/strict';
import {
  LOCK_ROW,
  type CycleBatch,
  type EventSink,
  type LockBatch,
  type SampleBatch,
  type TraceState,
} from '../../server/trace/events';
import { RELEASE_NODE } from '../../server/trace/format';

/** Checks what a profile relies on in the events of a reader, and that what they name exists. */
export class CheckingSink implements EventSink {
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
      const other = (batch.otherThread[i] ?? NaN) - 1;
      if (batch.kind[i] === LOCK_ROW.order) this.highestLock = Math.max(this.highestLock, other);
      else this.highestThread = Math.max(this.highestThread, other);
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
