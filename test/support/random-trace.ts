import fc from 'fast-check';
import type { CycleOptions, Frame, SampleOptions } from './trace-rows';
import type { TraceWriter } from './trace-writer';

/** A cycle or sample to be written, with times in ticks since the start of the trace. */
export type PlannedEvent =
  | {
      readonly kind: 'cycle';
      readonly gil: number;
      readonly frames: readonly Frame[];
      readonly cycle: Omit<CycleOptions, 'stack'>;
      /** Start of the wait as it must come out. */
      readonly switchWaitEnd: bigint | null;
    }
  | {
      readonly kind: 'sample';
      readonly frames: readonly Frame[];
      readonly sample: Omit<SampleOptions, 'stack'>;
    };

export interface PlannedTrace {
  readonly gils: number;
  readonly threads: number;
  readonly events: readonly PlannedEvent[];
}

const frame = fc.record({
  file: fc.constantFrom('/a.py', '/b/ü.py', '/c/漢.py', '<string>', '/d/𝒳.py'),
  line: fc.integer({ min: 1, max: 5 }),
  function: fc.constantFrom('f', 'gß', '<module>'),
});

const step = fc.record({
  gil: fc.nat({ max: 1 }),
  thread: fc.nat({ max: 300 }),
  gap: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 70_000 }), fc.nat({ max: 2 ** 31 - 1 })),
  wait: fc.oneof(fc.nat({ max: 300 }), fc.double({ min: 0, max: 2 ** 40, noNaN: true })),
  hold: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 70_000 }), fc.maxSafeNat()),
  frames: fc.array(frame, { maxLength: 3 }),
  flags: fc.nat({ max: 15 }),
  sampled: fc.boolean(),
});

/** Random histories of up to two GILs and a few hundred threads that a CPython could have had. */
export function plannedTrace(maxEvents: number): fc.Arbitrary<PlannedTrace> {
  return fc
    .record({
      start: fc.nat({ max: 1000 }),
      threads: fc.constantFrom(1, 3, 300),
      gils: fc.constantFrom(1, 2),
      steps: fc.array(step, { maxLength: maxEvents }),
    })
    .map(({ start, threads, gils, steps }) => ({
      gils,
      threads,
      events: planEvents(steps, BigInt(start), threads, gils),
    }));
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function planEvents(
  steps: readonly Step[],
  start: bigint,
  threads: number,
  gils: number,
): PlannedEvent[] {
  const lastByThread = new Map<string, bigint>();
  let now = start;
  return steps.flatMap((random): PlannedEvent[] => {
    const gil = random.gil % gils;
    // A thread stays with its GIL, as outside of sub-interpreters that threads enter and leave.
    const thread = threads === 1 ? 0 : (random.thread - (random.thread % 2) + gil) % threads;
    const acquired = now + BigInt(random.gap);
    const released = acquired + BigInt(random.hold % 2 ** 34);
    now = released;
    const key = `${gil}/${thread}`;
    const previous = lastByThread.get(key);
    const afterForced = (random.flags & 2) !== 0 && previous !== undefined;
    const asked = acquired - BigInt(Math.floor(random.wait));
    const floor = previous ?? start;
    const waitStart = afterForced ? floor : asked < floor ? floor : asked;
    const keeps = !afterForced && (random.flags & 4) !== 0 && previous !== undefined;
    const switchWait = keeps ? (waitStart - previous) / 2n : null;
    lastByThread.set(key, released);
    const flags = { contended: (random.flags & 1) !== 0, otherState: (random.flags & 8) !== 0 };
    const times = { thread, waitStart, acquired, released, afterForced, ...flags };
    const cycle = switchWait === null ? times : { ...times, switchWait };
    const switchWaitEnd = switchWait === null ? null : floor + switchWait;
    const { frames } = random;
    const event: PlannedEvent = { kind: 'cycle', gil, frames, cycle, switchWaitEnd };
    const at = (acquired + released) / 2n;
    const sample: PlannedEvent = { kind: 'sample', frames, sample: { gil, thread, at } };
    return random.sampled ? [sample, event] : [event];
  });
}

/** Adds GILs and threads, then the events with index in [from, to). */
export function declareAll(writer: TraceWriter, plan: PlannedTrace): void {
  for (let i = 0; i < plan.gils; i++) writer.addGil(i);
  for (let i = 0; i < plan.threads; i++) writer.addThread({ tid: 1000 + i, name: `T${i}` });
}

export function writeEvent(writer: TraceWriter, event: PlannedEvent, origin: bigint): void {
  if (event.kind === 'sample') {
    const stack = writer.stack('sampler', event.frames);
    writer.sample({ ...event.sample, at: origin + event.sample.at, stack });
    return;
  }
  const { cycle } = event;
  writer.cycle(event.gil, {
    ...cycle,
    waitStart: origin + cycle.waitStart,
    acquired: origin + cycle.acquired,
    released: origin + cycle.released,
    stack: writer.stack(event.gil, event.frames),
  });
}
