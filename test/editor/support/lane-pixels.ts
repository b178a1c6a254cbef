import assert from 'node:assert/strict';
import { LANE_STATES } from '../../../server/protocol-chart';
import type { FakeLane } from '../../support/fake-run';
import type { Pixels } from './chart-driver';

/** Colours of the dark theme: each state and the hatch of it, as charts are specified. */
const COLOURS: readonly (readonly (readonly [number, number, number])[])[] = [
  [[74, 163, 255]],
  [
    [232, 89, 12],
    [161, 69, 19],
  ],
  [[92, 97, 105]],
  [
    [255, 224, 102],
    [177, 156, 77],
  ],
];

/** Where a lane is in the picture, and what part of the run it shows. */
export interface LanePicture {
  readonly lane: FakeLane;
  readonly top: number;
  readonly height: number;
  readonly t0: number;
  readonly t1: number;
}

/** Rows of a column that have the colour of a state. */
function rowsOf(pixels: Pixels, x: number, picture: LanePicture, state: number): number[] {
  const rows: number[] = [];
  for (let y = 0; y < picture.height; y++) {
    const at = ((picture.top + y) * pixels.width + x) * 4;
    const near = COLOURS[state]?.some((colour) =>
      colour.every((channel, index) => Math.abs((pixels.data[at + index] ?? 0) - channel) <= 3),
    );
    if (near === true && pixels.data[at + 3] === 255) rows.push(y);
  }
  return rows;
}

/** The share of each state between two times, by going through all segments that meet them. */
function shares({ edges, states }: FakeLane, from: number, to: number): number[] {
  const sums = LANE_STATES.map(() => 0);
  states.forEach((state, index) => {
    const overlap = Math.min(to, edges[index + 1] ?? 0) - Math.max(from, edges[index] ?? 0);
    if (overlap > 0) sums[state] = (sums[state] ?? 0) + overlap / (to - from);
  });
  return sums;
}

/** Whether a line over all lanes goes through a column: it is in the gap above each bar, too. */
function isOverdrawn({ data, width }: Pixels, x: number, { top }: LanePicture): boolean {
  return (data[((top - 4) * width + x) * 4 + 3] ?? 0) > 0;
}

/** Columns with lines of the grid and the pointer, at most: one in so many. */
const OVERDRAWN = 20;

/** Fails unless each column shows what its time holds, within a pixel to each side. Returns how many were pure. */
export function assertLane(pixels: Pixels, picture: LanePicture): number {
  const pixelNs = (picture.t1 - picture.t0) / pixels.width;
  let pure = 0;
  let overdrawn = 0;
  for (let x = 0; x < pixels.width; x++) {
    if (isOverdrawn(pixels, x, picture)) {
      overdrawn++;
      continue;
    }
    const from = picture.t0 + x * pixelNs;
    const exact = shares(picture.lane, from, from + pixelNs);
    const around = shares(picture.lane, from - pixelNs, from + 2 * pixelNs);
    for (const state of LANE_STATES.keys()) {
      const rows = rowsOf(pixels, x, picture, state);
      const name = `${LANE_STATES[state] ?? ''} at column ${x}`;
      if ((exact[state] ?? 0) > 1e-9) assert.ok(rows.length > 0, `${name} is not drawn`);
      if ((around[state] ?? 0) === 0) assert.equal(rows.length, 0, `${name} is not there`);
      if ((around[state] ?? 0) > 1 - 1e-9) {
        pure++;
        assertPure(rows, state, picture.height, name);
      }
    }
  }
  assert.ok(overdrawn <= 2 + pixels.width / OVERDRAWN, `${overdrawn} columns are drawn over`);
  return pure;
}

/** Holding fills the lane, waiting half of it, off is a line of two pixels at its bottom. */
function assertPure(rows: readonly number[], state: number, height: number, name: string): void {
  const room = height - 2;
  const expected = [room, Math.round(room / 2), 2, Math.round(room / 2)][state] ?? 0;
  const bottom = LANE_STATES[state] === 'off' ? height : room;
  assert.deepEqual(
    rows,
    Array.from({ length: expected }, (_, index) => bottom - expected + index),
    name,
  );
}
