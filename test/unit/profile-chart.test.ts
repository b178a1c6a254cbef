import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Chart } from '../../server/profile/chart';
import { TILE_STATE_BYTES, type Segment } from '../../server/protocol-chart';
import {
  chartOf,
  placeName,
  stretchesOf,
  unsampled,
  type PlacedStretch,
} from '../support/chart-stretches';
import { naiveShares } from '../support/naive-tile';
import { traceArbitrary } from '../support/random-cycles';

describe('chart', () => {
  it('fills tiles as intersecting every state with every bin does', () => {
    fc.assert(
      fc.property(traceArbitrary, fc.integer({ min: 9, max: 24 }), fc.nat(), (trace, level, at) => {
        const chart = chartOf(trace);
        const index = at % 2 ** (level - 9);
        const tile = chart.tile({ kind: 'tile', level, index, page: 0 });
        const { wallNs } = chart.meta();
        const shares = naiveShares(stretchesOf(trace, chart), wallNs, level, index);
        assert.equal(TILE_STATE_BYTES, shares.length);
        for (const [i, share] of shares.entries()) {
          const byte = tile[i] ?? 0;
          if (share === 0) assert.equal(byte, 0);
          else assert.ok(byte >= 1 && Math.abs(byte - Math.max(share * 255, 1)) <= 0.501);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds the segment at a moment, and those before and after it', () => {
    fc.assert(
      fc.property(unsampled, (trace) => {
        const chart = chartOf(trace);
        const all = stretchesOf(trace, chart);
        for (const [i, stretch] of all.entries()) {
          const ask = (step: 'at' | 'previous' | 'next'): Segment | null =>
            chart.segment({ kind: 'segment', lane: stretch.lane, atNs: stretch.from, step });
          const shown = (segment: Segment | null): PlacedStretch | null =>
            segment === null
              ? null
              : {
                  ...{ lane: segment.lane, state: segment.state, from: segment.startNs },
                  ...{ to: segment.endNs, place: placeName(segment.place) },
                };
          const neighbour = (other: PlacedStretch | undefined) =>
            other?.lane === stretch.lane ? other : null;
          assert.deepEqual(shown(ask('at')), stretch);
          assert.deepEqual(shown(ask('next')), neighbour(all[i + 1]));
          assert.deepEqual(shown(ask('previous')), neighbour(all[i - 1]));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('names who held during a wait, and ranks the waits', () => {
    fc.assert(
      fc.property(unsampled, (trace) => {
        const chart = chartOf(trace);
        const all = stretchesOf(trace, chart);
        const lanes = chart.meta().lanes;
        const waits = all.filter(({ state }) => state === 'waiting');
        const lengths = waits.map(({ from, to }) => to - from).sort((a, b) => b - a);
        for (const [rank, length] of [...lengths, null].entries()) {
          const wait = chart.longWait(rank);
          assert.equal(wait === null ? null : wait.endNs - wait.startNs, length);
          if (wait === null) continue;
          const held = new Map<number, number>();
          for (const { lane, state, from, to } of all) {
            if (state !== 'holding' || lanes[lane]?.gil !== lanes[wait.lane]?.gil) continue;
            const ns = Math.min(to, wait.endNs) - Math.max(from, wait.startNs);
            if (ns > 0) held.set(lane, (held.get(lane) ?? 0) + ns);
          }
          assert.deepEqual(new Map(wait.holders.map(({ lane, ns }) => [lane, ns])), held);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('marks the bins in which a line was the place', () => {
    const property = fc.property(unsampled, fc.integer({ min: 1, max: 40 }), (trace, bins) => {
      const chart = chartOf(trace);
      const { wallNs } = chart.meta();
      const marks = chart.marks({ kind: 'marks', file: '/a.py', line: 2, bins });
      const expected = new Map<number, Set<number>>();
      for (const { lane, from, to, place } of stretchesOf(trace, chart)) {
        if (place !== '/a.py:2') continue;
        for (let bin = 0; bin < bins; bin++) {
          // In whole numbers: [bin, bin + 1) × wall / bins meets [from, to).
          if (bin * wallNs >= to * bins || (bin + 1) * wallNs <= from * bins) continue;
          expected.set(lane, (expected.get(lane) ?? new Set()).add(bin));
        }
      }
      assert.deepEqual(new Map(marks.lanes.map((row) => [row.lane, new Set(row.bins)])), expected);
    });
    fc.assert(property, { numRuns: 300 });
    // A stretch that begins at the border of a bin whose width is no whole number.
    fc.assert(property, { numRuns: 300, seed: 2121682076 });
  });

  it('keeps the sums of a lane when it must draw neighbours as one', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const level = 9;
        const sums = (chart: Chart): number[] => {
          const { lanes, wallNs } = chart.meta();
          return lanes.map((_, lane) => {
            let heldNs = 0;
            let segment = chart.segment({ kind: 'segment', lane, atNs: -1, step: 'next' });
            while (segment !== null) {
              if (segment.state === 'holding') heldNs += segment.endNs - segment.startNs;
              const { endNs } = segment;
              segment =
                endNs >= wallNs
                  ? null
                  : chart.segment({ kind: 'segment', lane, atNs: endNs, step: 'at' });
              if (segment !== null && segment.endNs <= endNs) segment = null;
            }
            return heldNs;
          });
        };
        const merged = chartOf(trace, 0);
        assert.deepEqual(
          sums(merged),
          merged.meta().lanes.map((lane) => lane.holdNs),
        );
        assert.equal(merged.tile({ kind: 'tile', level, index: 0, page: 1 }).indexOf(1), -1);
      }),
      { numRuns: 200 },
    );
  });
});
