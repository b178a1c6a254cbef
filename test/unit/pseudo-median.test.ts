import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pseudoMedian } from '../../scripts/testing/pseudo-median.mjs';

/** Critical values of Wilcoxon's signed ranks, one-sided 5 %, by the number of pairs. */
const CRITICAL = [
  [10, 10],
  [15, 30],
  [20, 60],
  [25, 100],
  [50, 466],
] as const;

/** All means of pairs, smallest first, one by one. */
function pairMeans(numbers: readonly number[]): number[] {
  const means = numbers.flatMap((one, at) => numbers.slice(at).map((other) => (one + other) / 2));
  return means.sort((a, b) => a - b);
}

test('the middle and the ends are those of all pairs, ranked by the table', () => {
  for (const [count, critical] of CRITICAL) {
    const many = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: count,
      maxLength: count,
    });
    fc.assert(
      fc.property(many, (numbers) => {
        const means = pairMeans(numbers);
        const at = (rank: number): number => means[rank - 1] as number;
        const half = means.length / 2;
        const middle = (at(Math.ceil(half)) + at(Math.floor(half) + 1)) / 2;
        const found = pseudoMedian(numbers);
        assert.ok(found);
        const expected = [middle, at(critical + 1), at(means.length - critical)];
        [found.middle, found.low, found.high].forEach((value, index) => {
          assert.ok(Math.abs(value - (expected[index] as number)) < 1e-9);
        });
      }),
    );
  }
});

test('nine numbers say nothing sure', () => {
  assert.equal(pseudoMedian([1, 2, 3, 4, 5, 6, 7, 8, 9]), null);
});
