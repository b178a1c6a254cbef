import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapLines } from '../../server/profile/line-map';

function map(before: string, after: string): number[] {
  return [...mapLines(Array.from(before), Array.from(after))];
}

void test('an unchanged text maps to itself', () => {
  assert.deepEqual(map('abc', 'abc'), [0, 1, 2]);
  assert.deepEqual(map('', ''), []);
});

void test('lines follow what is inserted, removed and changed around them', () => {
  const table: [before: string, after: string, expected: number[]][] = [
    ['abc', 'xabc', [1, 2, 3]],
    ['abc', 'abcx', [0, 1, 2]],
    ['abc', 'axbc', [0, 2, 3]],
    ['abc', 'ac', [0, -1, 1]],
    ['abc', 'axc', [0, -1, 2]],
    ['abc', '', [-1, -1, -1]],
    ['abcdef', 'xbcydez', [-1, 1, 2, 4, 5, -1]],
    // Repeated lines between two changed ones.
    ['1aab2', '3aaba4', [-1, 1, 2, 3, -1]],
    // A moved block cannot be matched crosswise: one of the two stays without a partner.
    ['xabcy', 'xcaby', [0, 2, 3, -1, 4]],
  ];
  for (const [before, after, expected] of table) {
    assert.deepEqual(map(before, after), expected, `${before} → ${after}`);
  }
});

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 30 });

void test('only equal lines are matched, and never crosswise', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      let last = -1;
      for (const [from, to] of [...mapLines(before, after)].entries()) {
        if (to < 0) continue;
        assert.equal(before[from], after[to]);
        assert.ok(to > last);
        last = to;
      }
    }),
  );
});

void test('after an edit of one place, everything around it is matched', () => {
  fc.assert(
    fc.property(text, text, fc.nat(), fc.nat(), (before, inserted, at, count) => {
      const start = before.length === 0 ? 0 : at % (before.length + 1);
      const removed = count % (before.length - start + 1);
      const after = [...before.slice(0, start), ...inserted, ...before.slice(start + removed)];
      const mapped = [...mapLines(before, after)];
      const kept = mapped.filter((line) => line >= 0).length;
      assert.ok(kept >= before.length - removed);
    }),
  );
});

void test('a large text with one edit is mapped without a large table', () => {
  const before = Array.from({ length: 20_000 }, (_, line) => `line ${line % 50}`);
  const after = [...before.slice(0, 9_000), 'new', ...before.slice(9_000)];
  const mapped = mapLines(before, after);
  assert.equal(mapped[8_999], 8_999);
  assert.equal(mapped[9_000], 9_001);
  assert.equal(mapped[19_999], 20_000);
});
