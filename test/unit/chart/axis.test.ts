import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tickLabel, ticks, tickStep } from '../../../extension/chart/axis';

describe('axis of time', () => {
  it('steps by 1, 2 or 5 times a power of ten', () => {
    const steps = [1, 1.5, 2, 2.1, 5, 5.5, 10, 11, 99, 101, 6_000_000].map(tickStep);
    assert.deepEqual(steps, [1, 2, 2, 5, 5, 10, 10, 20, 100, 200, 10_000_000]);
  });

  it('places round times within the span, all of them, not too many', () => {
    const span = fc.record({
      t0: fc.integer({ min: 0, max: 1e15 }),
      length: fc.integer({ min: 10, max: 1e15 }),
      count: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(span, ({ t0, length, count }) => {
        const { stepNs, times } = ticks(t0, t0 + length, count);
        assert.ok(times.length <= count + 1);
        assert.ok(times.every((time) => time >= t0 && time <= t0 + length && time % stepNs === 0));
        const missing = Math.floor((t0 + length) / stepNs) * stepNs;
        if (missing >= t0) assert.equal(times.at(-1), missing);
      }),
    );
  });

  it('labels with one unit and as many decimals as the step needs', () => {
    assert.equal(tickLabel(2_000_000_000, 500_000_000, 4e9), '2.0 s');
    assert.equal(tickLabel(1_845_000_000, 5_000_000, 1.9e9), '1.845 s');
    assert.equal(tickLabel(3_000_000_000, 1_000_000_000, 4e9), '3 s');
    assert.equal(tickLabel(250_000, 50_000, 2e6), '0.25 ms');
    assert.equal(tickLabel(40, 20, 900), '40 ns');
  });

  it('never labels two times alike', () => {
    const span = fc.record({
      t0: fc.integer({ min: 0, max: 1e12 }),
      length: fc.integer({ min: 10, max: 1e12 }),
    });
    fc.assert(
      fc.property(span, ({ t0, length }) => {
        const { stepNs, times } = ticks(t0, t0 + length, 8);
        const labels = times.map((time) => tickLabel(time, stepNs, t0 + length));
        assert.equal(new Set(labels).size, labels.length);
      }),
    );
  });
});
