import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyIndex } from '../../server/profile/key-index';
import { SeededRandom } from '../support/seeded-random';

describe('numbers of pairs', () => {
  it('are those in which the pairs first came, however they take turns', () => {
    const random = new SeededRandom(14);
    const keys = new KeyIndex();
    const numbers = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      const [first, second] = [random.below(40), random.below(40)];
      const pair = `${first} ${second}`;
      const known = numbers.get(pair);
      assert.equal(keys.find(first, second), known ?? -1, pair);
      const index = keys.of(first, second);
      assert.equal(index, known ?? numbers.size, pair);
      numbers.set(pair, index);
      assert.deepEqual([keys.firstOf(index), keys.secondOf(index)], [first, second]);
    }
    assert.equal(keys.count, numbers.size);
  });

  it('of a pair and its reverse differ, also of the largest keys', () => {
    const keys = new KeyIndex();
    const pairs = [
      [1, 2],
      [2, 1],
      [0xffffffff, 0],
      [0, 0xffffffff],
    ] as const;
    for (const round of [0, 1]) {
      const numbers = pairs.map(([first, second]) => keys.of(first, second));
      assert.deepEqual(numbers, [0, 1, 2, 3], `round ${round}`);
    }
  });
});
