import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exportDataOf, exported, selfByLine, Sums } from '../../support/export-data';
import { traceArbitrary } from '../../support/random-cycles';

type Column<Value> = readonly Value[];

/** As the Firefox Profiler's types of a processed profile of version 60 have it, what the test looks at. */
interface FirefoxProfile {
  readonly meta: {
    readonly preprocessedProfileVersion: number;
    readonly categories: readonly {
      readonly color: string;
      readonly subcategories: readonly string[];
    }[];
    readonly markerSchema: readonly { readonly name: string }[];
  };
  readonly shared: {
    readonly stringArray: readonly string[];
    readonly sources: { readonly filename: Column<number>; readonly length: number };
    readonly funcTable: { readonly name: Column<number>; readonly source: Column<number | null> };
    readonly frameTable: { readonly func: Column<number>; readonly line: Column<number | null> };
    readonly stackTable: { readonly frame: Column<number>; readonly prefix: Column<number | null> };
  };
  readonly counters: readonly {
    readonly samples: { readonly time: Column<number>; readonly count: Column<number> };
    readonly mainThreadIndex: number;
  }[];
  readonly threads: readonly FirefoxThread[];
}

interface FirefoxThread {
  readonly name: string;
  readonly pid: string;
  readonly tid: number;
  readonly samples: {
    readonly stack: Column<number>;
    readonly time: Column<number>;
    readonly weight: Column<number>;
    readonly weightType: string;
    readonly length: number;
  };
  readonly markers: {
    readonly data: Column<{
      readonly type: string;
      readonly cause: { readonly stack: number };
    } | null>;
    readonly name: Column<number>;
    readonly startTime: Column<number>;
    readonly endTime: Column<number>;
    readonly length: number;
  };
}

const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6);

function parsed(bytes: Buffer): FirefoxProfile {
  const profile = JSON.parse(bytes.toString()) as FirefoxProfile;
  const tables = [
    ...Object.values(profile.shared),
    ...profile.threads.flatMap(({ samples, markers }) => [samples, markers]),
    ...profile.counters.map(({ samples }) => samples),
  ];
  for (const table of tables) {
    if (Array.isArray(table)) continue;
    const { length, ...columns } = table as { length: number };
    for (const [name, column] of Object.entries(columns)) {
      if (Array.isArray(column)) assert.equal(column.length, length, name);
    }
  }
  return profile;
}

/** `file:line` of the innermost frame of a stack. */
function lineOfStack({ shared }: FirefoxProfile, stack: number): string {
  const frame = shared.stackTable.frame[stack] ?? assert.fail('no such stack');
  const source = shared.funcTable.source[shared.frameTable.func[frame] ?? -1];
  const text = shared.sources.filename[source ?? -1];
  const file = text === undefined ? '' : (shared.stringArray[text] ?? assert.fail('no such text'));
  return `${file}:${shared.frameTable.line[frame] ?? 0}`;
}

describe('Firefox Profiler export', () => {
  it('has the holds and waits of every thread, and their sums', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const firefox = parsed(exported(data, 'firefox').bytes);
        assert.equal(firefox.threads.length, data.profile.threads.length);
        for (const [row, thread] of firefox.threads.entries()) {
          const expected = data.profile.threads[row];
          const { samples, markers } = thread;
          const held = samples.weight.reduce((sum, weight) => sum + nanoseconds(weight), 0);
          const lengthOf = (name: string): number =>
            markers.name.reduce((sum, text, at) => {
              if (firefox.shared.stringArray[text] !== name) return sum;
              const from = nanoseconds(markers.startTime[at] ?? NaN);
              return sum + nanoseconds(markers.endTime[at] ?? NaN) - from;
            }, 0);
          assert.deepEqual(
            [held, lengthOf('holding'), lengthOf('waiting'), thread.tid, thread.pid],
            [
              ...[expected?.holdNs, expected?.holdNs, expected?.waitNs],
              ...[expected?.tid, String(expected?.pid)],
            ],
          );
          assert.equal(samples.weightType, 'tracing-ms');
        }
      }),
    );
  });

  it('puts waits on the lines where the profile has them', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const firefox = parsed(exported(data, 'firefox').bytes);
        const sums = new Sums();
        for (const { markers } of firefox.threads) {
          for (const [at, marker] of markers.data.entries()) {
            if (marker === null) continue;
            assert.ok(firefox.meta.markerSchema.some(({ name }) => name === marker.type));
            const line = lineOfStack(firefox, marker.cause.stack);
            const from = nanoseconds(markers.startTime[at] ?? NaN);
            if (/:[1-9]/.test(line)) {
              sums.add(line, nanoseconds(markers.endTime[at] ?? NaN) - from);
            }
          }
        }
        const expected = selfByLine(data.profile, 'wait').filter(([key]) => /:[1-9]/.test(key));
        assert.deepEqual(sums.rows(), expected);
      }),
    );
  });

  it('keeps to what the tool asks of its tables', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const firefox = parsed(exported(exportDataOf(trace), 'firefox').bytes);
        const { prefix } = firefox.shared.stackTable;
        for (const [stack, caller] of prefix.entries()) {
          assert.ok(caller === null || caller < stack, 'a caller comes before whom it calls');
        }
        const { categories } = firefox.meta;
        assert.equal(categories[0]?.color, 'grey');
        for (const { samples } of firefox.threads) {
          for (const [at, time] of samples.time.entries()) {
            assert.ok(at === 0 || time >= (samples.time[at - 1] ?? 0), 'samples are in order');
          }
        }
        for (const { mainThreadIndex, samples } of firefox.counters) {
          assert.ok(mainThreadIndex < Math.max(1, firefox.threads.length));
          let value = 0;
          for (const change of samples.count) {
            value += change;
            assert.ok(value > -1e-6 && value < 100 + 1e-6, 'a share in percent');
          }
        }
      }),
    );
  });
});
