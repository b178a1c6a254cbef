import type {
  CpuBatch,
  CycleBatch,
  EventSink,
  LockBatch,
  SampleBatch,
  StackTable,
  TraceState,
} from '../../server/trace/events';

/** A decoded cycle as a plain object. */
export interface CollectedCycle {
  readonly gil: number;
  readonly thread: number;
  readonly waitStart: number;
  readonly acquired: number;
  readonly released: number;
  readonly stack: number;
  readonly flags: number;
  readonly switchWaitEnd: number;
}

export interface CollectedSample {
  readonly gil: number;
  readonly thread: number;
  readonly at: number;
  readonly stack: number;
}

export interface CollectedLockRow {
  readonly kind: number;
  readonly lock: number;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
  readonly stack: number;
  readonly otherThread: number;
  readonly otherStack: number;
  readonly flags: number;
  readonly weight: number;
}

export interface CollectedReading {
  readonly gil: number;
  readonly thread: number;
  readonly at: number;
  readonly cpuNs: number;
  readonly heldNs: number;
}

/** Keeps every event as a plain object, and in `order` which batch came when. */
export class CollectingSink implements EventSink {
  readonly allCycles: CollectedCycle[] = [];
  readonly allSamples: CollectedSample[] = [];
  readonly allLocks: CollectedLockRow[] = [];
  readonly allReadings: CollectedReading[] = [];
  readonly order: { readonly kind: 'cycles' | 'samples'; readonly until: number }[] = [];

  cycles(batch: CycleBatch): void {
    for (let i = 0; i < batch.count; i++) {
      this.allCycles.push({
        gil: batch.gil,
        thread: batch.thread[i] ?? -1,
        waitStart: batch.waitStart[i] ?? NaN,
        acquired: batch.acquired[i] ?? NaN,
        released: batch.released[i] ?? NaN,
        stack: batch.stack[i] ?? -1,
        flags: batch.flags[i] ?? -1,
        switchWaitEnd: batch.switchWaitEnd[i] ?? NaN,
      });
    }
    this.order.push({ kind: 'cycles', until: this.allCycles.at(-1)?.released ?? NaN });
  }

  cpu(batch: CpuBatch): void {
    for (let i = 0; i < batch.count; i++) {
      this.allReadings.push({
        gil: batch.gil,
        thread: batch.thread[i] ?? -1,
        at: batch.at[i] ?? NaN,
        cpuNs: batch.cpuNs[i] ?? NaN,
        heldNs: batch.heldNs[i] ?? NaN,
      });
    }
  }

  locks(batch: LockBatch): void {
    for (let i = 0; i < batch.count; i++) {
      this.allLocks.push({
        kind: batch.kind[i] ?? -1,
        lock: batch.lock[i] ?? -1,
        thread: batch.thread[i] ?? -1,
        start: batch.start[i] ?? NaN,
        end: batch.end[i] ?? NaN,
        stack: batch.stack[i] ?? -1,
        otherThread: batch.otherThread[i] ?? -1,
        otherStack: batch.otherStack[i] ?? -1,
        flags: batch.flags[i] ?? -1,
        weight: batch.weight[i] ?? NaN,
      });
    }
  }

  samples(batch: SampleBatch): void {
    for (let i = 0; i < batch.count; i++) {
      this.allSamples.push({
        gil: batch.gil[i] ?? -1,
        thread: batch.thread[i] ?? -1,
        at: batch.at[i] ?? NaN,
        stack: batch.stack[i] ?? -1,
      });
    }
    this.order.push({ kind: 'samples', until: this.allSamples.at(-1)?.at ?? NaN });
  }
}

/** A stack as text, outermost frame first: `/a.py:1 f > /a.py:7 g`. */
export function stackText(stacks: StackTable, node: number): string {
  const frames: string[] = [];
  for (let at = node; at !== 0; at = stacks.parentOf(at)) {
    const location = stacks.locations[stacks.locationOf(at)];
    frames.unshift(location ? `${location.file}:${location.line} ${location.function}` : '?');
  }
  return frames.join(' > ');
}

/** Events and state with stacks as text, to compare readings that interned them in another order. */
export function comparable(sink: CollectingSink, state: TraceState): unknown {
  const text = (node: number): string => stackText(state.stacks, node);
  const byPlace = (a: { gil: number }, b: { gil: number }): number => a.gil - b.gil;
  return {
    cycles: sink.allCycles.map((cycle) => ({ ...cycle, stack: text(cycle.stack) })).sort(byPlace),
    samples: sink.allSamples.map((sample) => ({ ...sample, stack: text(sample.stack) })),
    processes: state.processes,
    threads: state.threads.map(({ openWait, openLockWait, ...rest }) => ({
      ...rest,
      openLockWait: openLockWait && { ...openLockWait, stack: text(openLockWait.stack) },
      openWait: openWait && { ...openWait, stack: text(openWait.stack) },
    })),
    gils: state.gils.map(({ openHold, ...rest }) => ({
      ...rest,
      openHold: openHold && { ...openHold, stack: text(openHold.stack) },
    })),
    aggregates: state.aggregates.map((row) => ({ ...row, stack: text(row.stack) })),
  };
}
