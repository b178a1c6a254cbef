import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { apportion } from '../../server/profile/apportion';

describe('apportion', () => {
  it('gives the largest remainders what is left over', () => {
    assert.deepEqual(apportion(10, [1, 1, 1]), [4, 3, 3]);
    assert.deepEqual(apportion(7, [1, 2, 4]), [1, 2, 4]);
    assert.deepEqual(apportion(10, [1, 5, 1]), [2, 7, 1]);
    assert.deepEqual(apportion(1, [1, 3]), [0, 1]);
    assert.deepEqual(apportion(5, [0, 0]), [5, 0]);
    assert.deepEqual(apportion(0, [3, 4]), [0, 0]);
  });

  it('sums up to the whole, each part within 1 of its share, for the longest runs too', () => {
    const totals = fc.integer({ min: 0, max: 10 ** 15 });
    const weights = fc.array(fc.integer({ min: 0, max: 10 ** 6 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(totals, weights, (total, parts) => {
        const result = apportion(total, parts);
        const sum = parts.reduce((a, b) => a + b, 0);
        assert.equal(
          result.reduce((a, b) => a + BigInt(b), 0n),
          BigInt(total),
        );
        if (sum === 0) return;
        for (const [index, part] of result.entries()) {
          const share = (BigInt(total) * BigInt(parts[index] ?? 0)) / BigInt(sum);
          assert.ok(BigInt(part) === share || BigInt(part) === share + 1n);
        }
      }),
    );
  });
});
