import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boxesIn, neighbourBox, shadeOf } from '../../../extension/chart/flame-boxes';
import type { Flame } from '../../../server/protocol-analysis';

const place = (line: number) => ({ file: '/a.py', line, function: `f${line}` });
/** main calls a (60 of 100) and b (30); a calls c (20). */
const FLAME: Flame = {
  from: [0, 0, 60, 0],
  to: [100, 60, 90, 20],
  depth: [0, 1, 1, 2],
  frame: [0, 1, 2, 3],
  frames: [place(1), place(2), place(3), place(4)],
  totalNs: 100,
};

describe('boxes of a flame graph', () => {
  const boxes = boxesIn(FLAME, { from: 0, to: 100 });
  const [main, a, b, c] = boxes;

  it('shows what is in the range and wide enough', () => {
    assert.equal(boxes.length, 4);
    const right = boxesIn(FLAME, { from: 60, to: 90 });
    assert.deepEqual(
      right.map(({ frame }) => frame.line),
      [1, 3],
    );
    const far = boxesIn({ ...FLAME, to: [1e6, 60, 90, 20] }, { from: 0, to: 1e6 });
    assert.deepEqual(
      far.map(({ frame }) => frame.line),
      [1],
    );
  });

  it('can be walked by arrow keys, and ends at its borders', () => {
    assert.ok(main && a && b && c);
    assert.equal(neighbourBox(boxes, main, 'child'), a);
    assert.equal(neighbourBox(boxes, a, 'next'), b);
    assert.equal(neighbourBox(boxes, b, 'next'), b);
    assert.equal(neighbourBox(boxes, b, 'previous'), a);
    assert.equal(neighbourBox(boxes, a, 'child'), c);
    assert.equal(neighbourBox(boxes, b, 'child'), b);
    assert.equal(neighbourBox(boxes, c, 'parent'), a);
    assert.equal(neighbourBox(boxes, main, 'parent'), main);
  });

  it('gives the same function the same shade', () => {
    assert.equal(shadeOf(place(1)), shadeOf({ ...place(1), line: 9 }));
    assert.ok(new Set(FLAME.frames.map(shadeOf)).size > 1);
  });
});
