import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Place } from '../../../server/protocol';
import { EXPORT_COSTS } from '../../../server/protocol-export';
import { exportDataOf, exported, lineKey, selfByLine, Sums } from '../../support/export-data';
import { traceArbitrary } from '../../support/random-cycles';

/** As speedscope's own specification of its file has it. */
interface SpeedscopeFile {
  readonly $schema: string;
  readonly activeProfileIndex: number;
  readonly shared: {
    readonly frames: readonly {
      readonly name: string;
      readonly file?: string;
      readonly line?: number;
    }[];
  };
  readonly profiles: readonly (Sampled | Evented)[];
}
interface Sampled {
  readonly type: 'sampled';
  readonly name: string;
  readonly unit: string;
  readonly startValue: number;
  readonly endValue: number;
  readonly samples: readonly (readonly number[])[];
  readonly weights: readonly number[];
}
interface Evented {
  readonly type: 'evented';
  readonly name: string;
  readonly startValue: number;
  readonly endValue: number;
  readonly events: readonly {
    readonly type: 'O' | 'C';
    readonly frame: number;
    readonly at: number;
  }[];
}

function parsed(bytes: Buffer): SpeedscopeFile {
  return JSON.parse(bytes.toString()) as SpeedscopeFile;
}

describe('speedscope export', () => {
  it('has a profile for each cost, whose stacks sum up to the lines', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const file = parsed(exported(data, 'speedscope').bytes);
        const { frames } = file.shared;
        const sampled = file.profiles.filter((profile) => profile.type === 'sampled');
        assert.ok(sampled.length > 0);
        for (const cost of EXPORT_COSTS) {
          const profile = sampled.find(({ name }) => name.startsWith(cost));
          const sums = new Sums();
          for (const [index, stack] of profile?.samples.entries() ?? []) {
            const frame = frames[stack.at(-1) ?? -1];
            assert.ok(frame);
            const place: Place = {
              file: frame.file ?? '',
              line: frame.line ?? 0,
              function: / \(/.test(frame.name) ? frame.name.replace(/ \(.*/, '') : '',
            };
            sums.add(lineKey(place), profile?.weights[index] ?? NaN);
          }
          assert.deepEqual(sums.rows(), selfByLine(data.profile, cost));
          const total = sums.rows().reduce((ns, [, own]) => ns + own, 0);
          assert.equal((profile?.endValue ?? 0) - (profile?.startValue ?? 0), total);
          assert.equal(profile?.samples.length, profile?.weights.length);
        }
      }),
    );
  });

  it('has each thread over time, its state as the innermost frame', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const file = parsed(exported(data, 'speedscope').bytes);
        const evented = file.profiles.filter((profile) => profile.type === 'evented');
        const lived = data.profile.threads.filter((row) => row.endNs > row.startNs);
        assert.equal(evented.length, lived.length);
        for (const [index, thread] of lived.entries()) {
          const profile = evented[index];
          assert.ok(profile);
          const sums = timeOfInnermost(profile, file.shared.frames);
          assert.equal(sums.get('[holding]') ?? 0, thread.holdNs);
          assert.equal(sums.get('[waiting]') ?? 0, thread.waitNs);
          assert.equal(sums.get('[off]') ?? 0, thread.offNs);
          assert.ok([...sums.keys()].every((name) => name.startsWith('[')));
          assert.deepEqual([profile.startValue, profile.endValue], [thread.startNs, thread.endNs]);
        }
      }),
    );
  });
});

/** As speedscope plays the events: frames nest, times never decrease. */
function timeOfInnermost(
  { events }: Evented,
  frames: SpeedscopeFile['shared']['frames'],
): Map<string, number> {
  const sums = new Map<string, number>();
  const stack: number[] = [];
  let lastNs = 0;
  for (const { type, frame, at } of events) {
    assert.ok(at >= lastNs);
    const innermost = stack.at(-1);
    if (innermost !== undefined && at > lastNs) {
      const { name } = frames[innermost] ?? assert.fail('no such frame');
      sums.set(name, (sums.get(name) ?? 0) + at - lastNs);
    }
    lastNs = at;
    if (type === 'O') stack.push(frame);
    else assert.equal(stack.pop(), frame, 'frames nest');
  }
  assert.deepEqual(stack, []);
  return sums;
}
