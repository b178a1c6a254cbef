import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentKeys } from '../../server/profile/recent-keys';
import { SeededRandom } from '../support/seeded-random';

describe('keys of late', () => {
  it('answer what was kept for a pair, never what was kept for another', () => {
    const random = new SeededRandom(14);
    const recent = new RecentKeys();
    const kept = new Map<string, number>();
    let found = 0;
    for (let step = 0; step < 5000; step++) {
      const first = random.below(20);
      const second = random.below(20);
      const pair = `${first} ${second}`;
      const answer = recent.find(first, second);
      if (answer >= 0) found++;
      if (answer >= 0) assert.equal(answer, kept.get(pair), pair);
      if (random.below(2) === 0) continue;
      assert.equal(recent.keep(first, second, step), step);
      kept.set(pair, step);
      assert.equal(recent.find(first, second), step);
    }
    assert.ok(found > 50, `${found} of 5000 were known`);
  });

  it('keep a pair beside its reverse, as two stacks in turns need', () => {
    const recent = new RecentKeys();
    recent.keep(1, 2, 12);
    recent.keep(2, 1, 21);
    assert.deepEqual([recent.find(1, 2), recent.find(2, 1)], [12, 21]);
  });
});
