import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openRun } from '../../server/trace/run-reader';
import { CollectingSink, comparable, stackText } from '../support/collect-events';
import { declareAll, plannedTrace, writeEvent } from '../support/random-trace';
import { TraceWriter } from '../support/trace-writer';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-roundtrip-'));
after(() => rmSync(folder, { recursive: true }));

const path = join(folder, '1.trace');
/** 0.37 ns a tick. */
const TSC = { clock: 1, anchor1: [10n ** 12n + 10n ** 9n, 5_370_000_000n] } as const;
const ORIGIN = 10n ** 12n;

function readAll(file: string): ReturnType<typeof comparable> {
  const reader = openRun(file);
  const sink = new CollectingSink();
  const state = reader.read(sink, true);
  reader.close();
  return comparable(sink, state);
}

test('random cycles and samples come out as they were written', () => {
  fc.assert(
    fc.property(plannedTrace(60), fc.constantFrom(64, 300, 65536), (plan, chunkLimit) => {
      const writer = new TraceWriter({ startTicks: ORIGIN, chunkLimit, ...TSC });
      declareAll(writer, plan);
      for (const event of plan.events) writeEvent(writer, event, ORIGIN);
      writeFileSync(path, writer.bytes());
      const sink = new CollectingSink();
      const state = openRun(path).read(sink, true);
      const ns = (ticks: bigint): number => Math.round(Number(ticks) * 0.37);
      for (let gil = 0; gil < plan.gils; gil++) {
        const expected = plan.events.flatMap((event) =>
          event.kind === 'cycle' && event.gil === gil
            ? [
                {
                  gil,
                  thread: event.cycle.thread,
                  waitStart: ns(event.cycle.waitStart),
                  acquired: ns(event.cycle.acquired),
                  released: ns(event.cycle.released),
                  stack: event.frames.map((f) => `${f.file}:${f.line} ${f.function}`).join(' > '),
                  flags:
                    (event.cycle.contended ? 1 : 0) |
                    (event.cycle.afterForced ? 2 : 0) |
                    (event.switchWaitEnd === null ? 0 : 16) |
                    (event.cycle.otherState ? 32 : 0),
                  switchWaitEnd: event.switchWaitEnd === null ? 0 : ns(event.switchWaitEnd),
                },
              ]
            : [],
        );
        const got = sink.allCycles
          .filter((cycle) => cycle.gil === gil)
          .map((cycle) => ({ ...cycle, stack: stackText(state.stacks, cycle.stack) }));
        assert.deepEqual(got, expected);
      }
      const samples = plan.events.flatMap((event) =>
        event.kind === 'sample' ? [{ ...event.sample, at: ns(event.sample.at) }] : [],
      );
      assert.deepEqual(
        sink.allSamples.map(({ gil, thread, at }) => ({ gil, thread, at })),
        samples,
      );
      const [process] = state.processes;
      assert.ok(process);
      assert.deepEqual(process.messages, []);
      assert.equal(process.lostEvents, 0);
    }),
    { numRuns: 150 },
  );
});

test('reading in steps while the file grows gives what one reading gives', () => {
  const cuts = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(plannedTrace(50), cuts, fc.constantFrom(80, 500), (plan, cutAt, chunkLimit) => {
      const writer = new TraceWriter({ startTicks: ORIGIN, chunkLimit, ...TSC });
      declareAll(writer, plan);
      writeFileSync(path, writer.bytes());
      const reader = openRun(path);
      const sink = new CollectingSink();
      plan.events.forEach((event, i) => {
        writeEvent(writer, event, ORIGIN);
        if (!cutAt[i]) return;
        writeFileSync(path, writer.bytes());
        reader.read(sink, false);
      });
      writeFileSync(path, writer.bytes());
      reader.read(sink, false);
      const state = reader.read(sink, true);
      assert.deepEqual(comparable(sink, state), readAll(path));
    }),
    { numRuns: 60 },
  );
});

test('how a stream is cut into chunks makes no difference', () => {
  fc.assert(
    fc.property(plannedTrace(60), (plan) => {
      const results = [64, 200, 65536].map((chunkLimit) => {
        const writer = new TraceWriter({ startTicks: ORIGIN, chunkLimit, ...TSC });
        declareAll(writer, plan);
        for (const event of plan.events) writeEvent(writer, event, ORIGIN);
        writeFileSync(path, writer.bytes());
        return readAll(path);
      });
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[2], results[0]);
    }),
    { numRuns: 60 },
  );
});
