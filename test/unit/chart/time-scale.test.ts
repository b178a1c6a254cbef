import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimeScale } from '../../../extension/chart/time-scale';

const WALL = 10_000;
/** Spans in order and apart, at least 200 long. */
const spansArbitrary = fc
  .uniqueArray(fc.integer({ min: 0, max: 48 }), { maxLength: 12 })
  .map((starts) =>
    starts
      .toSorted((a, b) => a - b)
      .filter((start, index, all) => index === 0 || start - (all[index - 1] ?? 0) > 1)
      .map((start) => ({ startNs: start * 200, endNs: start * 200 + 200 + (start % 3) * 50 })),
  );

describe('time scale', () => {
  it('is real time where nothing is collapsed', () => {
    const scale = TimeScale.collapsed(WALL, [], 10);
    assert.ok(scale.isReal);
    assert.deepEqual([scale.toShown(123), scale.toReal(9999)], [123, 9999]);
    assert.deepEqual(scale.chunksIn({ t0: 5, t1: 9 }), [
      { realFrom: 5, realTo: 9, shownFrom: 5, shownTo: 9, gap: false },
    ]);
  });

  it('goes there and back, in order, and is shorter by what is collapsed', () => {
    fc.assert(
      fc.property(spansArbitrary, fc.integer({ min: 0, max: WALL }), (spans, timeNs) => {
        const scale = TimeScale.collapsed(WALL, spans, 20);
        const saved = spans.reduce((sum, { startNs, endNs }) => sum + endNs - startNs - 20, 0);
        assert.equal(scale.lengthNs, WALL - saved);
        assert.ok(Math.abs(scale.toReal(scale.toShown(timeNs)) - timeNs) < 1e-6);
        assert.ok(scale.toShown(timeNs + 1) >= scale.toShown(timeNs));
        assert.equal(scale.toReal(scale.lengthNs), WALL);
        // Outside of the gaps a nanosecond is drawn as one.
        const isInGap = spans.some(({ startNs, endNs }) => timeNs >= startNs && timeNs < endNs);
        const step = scale.toShown(timeNs + 0.5) - scale.toShown(timeNs);
        if (!isInGap && timeNs < WALL) assert.ok(Math.abs(step - 0.5) < 1e-6);
      }),
    );
  });

  it('leaves no time out between its chunks', () => {
    fc.assert(
      fc.property(spansArbitrary, (spans) => {
        const scale = TimeScale.collapsed(WALL, spans, 20);
        const chunks = scale.chunksIn({ t0: 0, t1: scale.lengthNs });
        assert.deepEqual(
          chunks.map(({ realFrom }) => realFrom),
          [0, ...chunks.slice(0, -1).map(({ realTo }) => realTo)],
        );
        assert.equal(chunks.at(-1)?.realTo, WALL);
        assert.equal(chunks.filter(({ gap }) => gap).length, spans.length);
      }),
    );
  });
});
