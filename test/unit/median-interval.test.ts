import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianInterval } from '../../scripts/testing/median-interval.mjs';

test('ranks of the interval are those of the table of the sign test', () => {
  // Critical values for a one-sided 5 %: 5 → 0, 8 → 1, 11 → 2, 13 → 3, 16 → 4, 20 → 5 (rank of the low end less one).
  const ranks = [
    [5, 1],
    [7, 1],
    [8, 2],
    [10, 2],
    [11, 3],
    [12, 3],
    [13, 4],
    [16, 5],
    [20, 6],
  ] as const;
  for (const [count, rank] of ranks) {
    const numbers = Array.from({ length: count }, (_, at) => ((at * 7) % count) + 1).sort(
      (a, b) => b - a,
    );
    const ordered = [...numbers].sort((a, b) => a - b);
    assert.deepEqual(
      medianInterval(numbers),
      { low: ordered[rank - 1], high: ordered[count - rank] },
      `of ${count}`,
    );
  }
});

test('four numbers say nothing sure', () => {
  assert.equal(medianInterval([]), null);
  assert.equal(medianInterval([1, 2, 3, 4]), null);
});
