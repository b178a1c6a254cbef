import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SpanHolds } from '../../../server/profile/span-holds';

function sorted(starts: readonly number[], fromNs: number, toNs: number): number[] {
  const holds = new SpanHolds();
  for (const [lane, start] of starts.entries()) holds.add(start, start + 1, lane, 0);
  holds.sort(fromNs, toNs);
  return [...holds.lane.subarray(0, holds.count)].map((lane) => starts[lane] ?? NaN);
}

it('sorts holds where the buckets before are not filled yet', () => {
  assert.deepEqual(sorted([7, 6, 5], 0, 8), [5, 6, 7]);
});

it('sorts any holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { maxLength: 40 }), (starts) => {
      assert.deepEqual(
        sorted(starts, 0, 101),
        starts.toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 1000 },
  );
});
