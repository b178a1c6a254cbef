import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  LANE_STATES,
  TILE_BINS,
  TILE_LANES,
  TILE_STATE_BYTES,
} from '../../../server/protocol-chart';
import {
  columnShape,
  packColumns,
  packNative,
  paintLane,
} from '../../../extension/chart/lane-painter';
import { TileStore } from '../../../extension/chart/tile-store';
import { planPage } from '../../../extension/chart/tile-plan';
import { levelFor, type View } from '../../../extension/chart/view';
import { FakeTiles, randomRun, type FakeLane, type FakeRun } from '../../support/fake-run';

/** Shares 0 … 255 of each state between two times, by going through all segments. */
function directShares({ edges, states }: FakeLane, fromNs: number, toNs: number): number[] {
  const shares = LANE_STATES.map(() => 0);
  states.forEach((state, index) => {
    const from = Math.max(fromNs, edges[index] ?? 0);
    const to = Math.min(toNs, edges[index + 1] ?? 0);
    if (to > from) shares[state] = (shares[state] ?? 0) + ((to - from) / (toNs - fromNs)) * 255;
  });
  return shares;
}

function columnsOf(run: FakeRun, lane: number, view: View, width: number): Uint32Array {
  const tiles = new FakeTiles(run);
  const answers: (() => void)[] = [];
  const store = new TileStore(
    (tile) =>
      answers.push(() => {
        const data = tiles.tile(tile.level, tile.index, tile.page);
        store.receive({ ...tile, revision: 1, data });
      }),
    () => 0,
  );
  store.advance(1, run.wallNs, false);
  const level = levelFor(view, run.wallNs, width, 40);
  store.want(planPage(store, 0, view, run.wallNs, level, width).missing);
  for (let next = answers.shift(); next !== undefined; next = answers.shift()) next();
  const plan = planPage(store, 0, view, run.wallNs, level, width);
  assert.equal(plan.missing.length, 0);
  const columns = new Uint32Array(width);
  for (const piece of plan.pieces) packColumns(piece, lane, columns);
  return columns;
}

const unpack = (packed: number): number[] =>
  LANE_STATES.map((_state, index) => (packed >>> (index * 8)) & 255);

describe('columns of a lane', () => {
  const run = randomRun(3, 4000, 11);

  it('agree with the segments, at any zoom and place', () => {
    const view = fc
      .tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 18 }))
      .map(([start, zoom]) => {
        const span = run.wallNs / 2 ** (zoom / 2);
        const t0 = Math.min(start * run.wallNs, run.wallNs - span);
        return { t0, t1: t0 + span };
      });
    fc.assert(
      fc.property(view, fc.integer({ min: 0, max: 2 }), (shown, lane) => {
        const width = 317;
        const columns = columnsOf(run, lane, shown, width);
        const pixelNs = (shown.t1 - shown.t0) / width;
        const direct = run.lanes[lane];
        assert.ok(direct);
        columns.forEach((packed, x) => {
          const from = shown.t0 + x * pixelNs;
          const exact = directShares(direct, from, from + pixelNs);
          // A bin is at most a pixel wide, so a share can have moved by a pixel to either side.
          const around = directShares(direct, from - pixelNs, from + 2 * pixelNs);
          unpack(packed).forEach((share, state) => {
            const most = (around[state] ?? 0) * 3;
            assert.ok(share <= most + 2, `x ${x} state ${state}: ${share} of at most ${most}`);
            if ((exact[state] ?? 0) > 0) assert.ok(share >= 1, `x ${x} state ${state} is lost`);
          });
        });
        const sum = (state: number): number =>
          columns.reduce((total, packed) => total + (unpack(packed)[state] ?? 0), 0);
        const whole = directShares(direct, shown.t0, shown.t1);
        whole.forEach((share, state) => {
          const error = Math.abs(sum(state) / width - share);
          assert.ok(error < 4, `state ${state} over the whole view is off by ${error} of 255`);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('give what occurs at least a CSS pixel, and never more than the lane', () => {
    const shares = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(shares, fc.constantFrom(1, 1.5, 2), fc.nat(255), (all, ratio, part) => {
        const [hold, wait, off, lock] = all;
        fc.pre(hold + wait + off + lock <= 258);
        const native = Math.min(part, off);
        const packed = (hold | (wait << 8) | (off << 16) | (lock << 24)) >>> 0;
        const height = Math.round(14 * ratio);
        const shape = columnShape(packed, height, ratio, native);
        const least = Math.round(ratio);
        const parts = [
          [hold, shape.hold],
          [wait, shape.wait],
          [off, shape.off],
          [lock, shape.lock],
          // An average, not an event: below a twentieth it would call a sleeper native.
          [native < 13 ? 0 : native, shape.native],
        ] as const;
        for (const [share, drawn] of parts) {
          assert.equal(drawn >= least, share > 0, `${share} is drawn ${drawn} high`);
        }
        const line = Math.max(1, Math.round(2 * ratio));
        assert.ok(shape.hold + shape.wait + shape.lock + shape.native + line <= height);
      }),
      { examples: [[[163, 1, 13, 71], 1.5, 13]] },
    );
  });

  it('paint holding full, waiting to half, off as a line, native code on it', () => {
    const colours = {
      holding: 1,
      waiting: 2,
      waitingHatch: 2,
      lock: 3,
      lockHatch: 3,
      off: 4,
      native: 5,
      nativeStripe: 6,
    };
    const raster = { pixels: new Uint32Array(6 * 20), width: 6, height: 20 };
    const columns = Uint32Array.of(255, 255 << 8, 255 << 16, 0, 255 << 16, 255 << 16);
    const native = Uint8Array.of(0, 0, 0, 0, 255, 255);
    paintLane(raster, columns, { top: 3, height: 14, ratio: 1, phase: 0 }, colours, native);
    const column = (x: number): number[] =>
      Array.from({ length: 20 }, (_, y) => raster.pixels[y * 6 + x] ?? -1);
    const rows = (from: number, to: number, colour: number): number[] =>
      Array.from({ length: 20 }, (_, y) => (y >= from && y < to ? colour : 0));
    assert.deepEqual(column(0), rows(3, 15, 1));
    assert.deepEqual(column(1), rows(9, 15, 2));
    assert.deepEqual(column(2), rows(15, 17, 4));
    assert.deepEqual(column(3), rows(0, 0, 0));
    const line = rows(15, 17, 4);
    const over = (colour: number): number[] => line.map((at, y) => rows(12, 15, colour)[y] || at);
    assert.deepEqual(column(4), over(6));
    assert.deepEqual(column(5), over(5));
  });

  it('have the share of native code of their bins, by their weights', () => {
    const data = new Uint8Array(TILE_STATE_BYTES + TILE_LANES * TILE_BINS);
    data.set([255, 0, 100, 1], TILE_STATE_BYTES + TILE_BINS);
    const piece = {
      data,
      fromX: 1,
      toX: 5,
      firstShare: 1,
      first: Uint16Array.of(0, 0, 1, 3),
      last: Uint16Array.of(0, 2, 1, 5),
      firstWeight: Uint16Array.of(256, 128, 256, 1),
      lastWeight: Uint16Array.of(256, 64, 256, 256),
    };
    const columns = new Uint8Array(5);
    packNative(piece, 1, columns);
    // (255 × 128 + 0 × 256 + 100 × 64) / 448; the last has 1 of 513, which still shows.
    assert.deepEqual([...columns], [0, 255, Math.round(39040 / 448), 0, 1]);
  });
});
