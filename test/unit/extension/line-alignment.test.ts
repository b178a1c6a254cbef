import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { alignLines } from '../../../extension/line-alignment';

const few = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 10 });

describe('alignment of two texts', () => {
  it('pairs equal lines, in order, each once', () => {
    fc.assert(
      fc.property(few, few, (before, after) => {
        const origins = alignLines(before, after);
        const pairs = [...origins.entries()].filter(([, old]) => old >= 0);
        for (const [line, old] of pairs) assert.equal(after[line], before[old]);
        for (const [i, [, old]] of pairs.entries()) {
          assert.ok(i === 0 || old > (pairs[i - 1]?.[1] ?? -1));
        }
      }),
    );
  });

  it('finds every line of a text in itself', () => {
    fc.assert(
      fc.property(few, (lines) => {
        assert.deepEqual(
          alignLines(lines, lines),
          lines.map((_, i) => i),
        );
      }),
    );
  });

  it('finds unique lines around what was removed and added', () => {
    const before = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
    const after = [...before.slice(0, 500), 'new', ...before.slice(700, 1500), 'end'];
    const origins = alignLines(before, after);
    assert.equal(origins[500], -1);
    assert.equal(origins[499], 499);
    assert.equal(origins[501], 700);
    assert.equal(origins[1300], 1499);
    assert.equal(origins.at(-1), -1);
  });
});
