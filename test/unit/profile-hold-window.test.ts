import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HoldWindow } from '../../server/profile/hold-window';

interface Hold {
  readonly start: number;
  readonly end: number;
  readonly lane: number;
  readonly unit: number;
}

const holdsArbitrary = fc
  .array(
    fc.record({
      gap: fc.nat(5),
      length: fc.integer({ min: 1, max: 20 }),
      lane: fc.nat(3),
      unit: fc.nat(6),
      /** A wait that ends after this hold: how far back it began, and how long before now it ended. */
      wait: fc.option(fc.tuple(fc.nat(400), fc.nat(30)), { nil: null }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let now = 0;
    return steps.map(({ gap, length, lane, unit, wait }) => {
      const start = now + gap;
      now = start + length;
      return { hold: { start, end: now, lane, unit }, wait };
    });
  });

function overlap(hold: Hold, from: number, to: number): number {
  return Math.max(Math.min(hold.end, to) - Math.max(hold.start, from), 0);
}

function chargedUnits(window: HoldWindow): Map<number, number> {
  const units = new Map<number, number>();
  for (let i = 0; i < window.sums.count; i++) {
    const unit = window.sums.touched[i] ?? 0;
    units.set(unit, window.sums.ns[unit] ?? 0);
  }
  window.sums.clear();
  return units;
}

describe('hold window', () => {
  it('charges any stretch as intersecting it with every hold does', () => {
    fc.assert(
      fc.property(holdsArbitrary, (steps) => {
        const window = new HoldWindow();
        const blocks = new Float64Array(4);
        const expected = new Float64Array(4);
        const holds: Hold[] = [];
        for (const { hold, wait } of steps) {
          window.push(hold.start, hold.end, hold.lane, hold.unit, blocks);
          holds.push(hold);
          if (wait === null) continue;
          const from = hold.end - wait[0];
          const to = Math.max(hold.end - wait[1] + 15, from);
          window.charge(from, to, blocks);
          const units = new Map<number, number>();
          for (const each of holds) {
            const ns = overlap(each, from, to);
            if (ns === 0) continue;
            units.set(each.unit, (units.get(each.unit) ?? 0) + ns);
            expected[each.lane] = (expected[each.lane] ?? 0) + ns;
          }
          assert.deepEqual(
            [...chargedUnits(window)].sort((a, b) => a[0] - b[0]),
            [...units].sort((a, b) => a[0] - b[0]),
          );
        }
        window.settle(blocks);
        assert.deepEqual(blocks, expected);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps totals and whole stretches exact when old holds are folded', () => {
    fc.assert(
      fc.property(holdsArbitrary, (steps) => {
        // Folds the older three quarters, by neighbours of four, whenever 16 holds are kept.
        const window = new HoldWindow(16, 4);
        const blocks = new Float64Array(4);
        const expected = new Float64Array(4);
        for (const { hold } of steps) {
          window.push(hold.start, hold.end, hold.lane, hold.unit, blocks);
        }
        const end = steps.at(-1)?.hold.end ?? 0;
        window.charge(0, end, blocks);
        const units = new Map<number, number>();
        for (const { hold } of steps) {
          units.set(hold.unit, (units.get(hold.unit) ?? 0) + hold.end - hold.start);
          expected[hold.lane] = (expected[hold.lane] ?? 0) + hold.end - hold.start;
        }
        assert.deepEqual(
          [...chargedUnits(window)].sort((a, b) => a[0] - b[0]),
          [...units].sort((a, b) => a[0] - b[0]),
        );
        window.settle(blocks);
        assert.deepEqual(blocks, expected);
      }),
      { numRuns: 300 },
    );
  });

  it('holds its memory when few lanes and units hold very often', () => {
    const window = new HoldWindow(1024, 256);
    const blocks = new Float64Array(4);
    for (let i = 0; i < 100_000; i++) window.push(i * 3, i * 3 + 2, i % 3, i % 2, blocks);
    assert.ok(window.count <= 1024);
    window.charge(0, 300_000, blocks);
    const units = chargedUnits(window);
    assert.deepEqual([units.get(0), units.get(1)], [100_000, 100_000]);
  });

  it('holds its memory when many lanes and units hold in turn', () => {
    const window = new HoldWindow(4096, 64);
    const blocks = new Float64Array(8);
    for (let i = 0; i < 300_000; i++) window.push(i * 3, i * 3 + 2, i % 7, i % 100, blocks);
    assert.ok(window.count <= 4096, `${window.count} holds are kept`);
    window.charge(0, 900_000, blocks);
    assert.equal(chargedUnits(window).get(99), 6000);
  });
});
