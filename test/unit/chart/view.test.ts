import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clampView,
  levelFor,
  panBy,
  reveal,
  timeAt,
  xAt,
  zoomAt,
} from '../../../extension/chart/view';

const WALL = 60e9;
const views = fc
  .tuple(fc.integer({ min: 0, max: 59e9 }), fc.integer({ min: 1000, max: 1e9 }))
  .map(([t0, span]) => ({ t0, t1: t0 + span }));

describe('view of the run', () => {
  it('stays inside the run, whatever is asked', () => {
    const wild = fc.record({ t0: fc.double({ noNaN: true }), t1: fc.double({ noNaN: true }) });
    fc.assert(
      fc.property(wild, (view) => {
        const { t0, t1 } = clampView(view, WALL, 200);
        assert.ok(t0 >= 0 && t1 <= WALL * (1 + 1e-12) && t1 - t0 >= 199);
      }),
    );
  });

  it('keeps the time under the pointer where it is while zooming', () => {
    const factors = fc.double({ min: 0.2, max: 4, noNaN: true });
    fc.assert(
      fc.property(views, factors, fc.integer({ min: 0, max: 1000 }), (view, factor, x) => {
        const atNs = timeAt(view, x, 1000);
        const next = zoomAt(view, factor, atNs, WALL, 200);
        const atEdge = next.t0 === 0 || Math.abs(next.t1 - WALL) < 1;
        if (!atEdge) assert.ok(Math.abs(xAt(next, atNs, 1000) - x) < 0.01);
      }),
    );
  });

  it('moves by the time asked for, and stops at the ends', () => {
    assert.deepEqual(panBy({ t0: 10, t1: 20 }, 5, 100), { t0: 15, t1: 25 });
    assert.deepEqual(panBy({ t0: 10, t1: 20 }, -50, 100), { t0: 0, t1: 10 });
    assert.deepEqual(panBy({ t0: 10, t1: 20 }, 500, 100), { t0: 90, t1: 100 });
  });

  it('keeps nanoseconds apart late in a long run', () => {
    const view = { t0: 3_600e9, t1: 3_600e9 + 100 };
    assert.equal(xAt(view, 3_600e9 + 37, 1000), 370);
  });

  it('takes the coarsest level whose bins are not wider than a pixel', () => {
    const pixels = fc.integer({ min: 200, max: 4000 });
    fc.assert(
      fc.property(views, pixels, (view, width) => {
        const level = levelFor(view, WALL, width, 40);
        const pixelNs = (view.t1 - view.t0) / width;
        assert.ok(WALL / 2 ** level <= pixelNs * (1 + 1e-6));
        if (level > 9) assert.ok(WALL / 2 ** (level - 1) > pixelNs * (1 - 1e-6));
      }),
    );
  });

  it('shows a span without moving more than it must', () => {
    const view = { t0: 100, t1: 200 };
    assert.equal(reveal(view, 120, 130, 1000), view);
    const moved = reveal(view, 500, 510, 1000);
    assert.deepEqual(moved, { t0: 455, t1: 555 });
    const wider = reveal(view, 300, 700, 1000);
    assert.ok(wider.t0 <= 300 && wider.t1 >= 700);
  });
});
