import { LANE_STATES, TILE_BINS, TILE_STATE_BYTES } from '../../server/protocol-chart';
import type { Piece } from './tile-plan';

const STATES = LANE_STATES.length;

/** 32-bit pixels as ImageData has them. */
export interface LaneColours {
  readonly holding: number;
  readonly waiting: number;
  readonly waitingHatch: number;
  readonly lock: number;
  readonly lockHatch: number;
  readonly off: number;
  readonly native: number;
  readonly nativeStripe: number;
}

/** Pixels to paint into; rows of `width`. */
export interface Raster {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Where a lane lies in the raster, in its pixels. */
export interface LaneBox {
  readonly top: number;
  readonly height: number;
  /** Pixels of the raster to a CSS pixel. */
  readonly ratio: number;
  /** Shift of the hatch, so that it moves with the content. */
  readonly phase: number;
}

/**
 * Shares of a lane in each pixel column, packed as in a tile: holding, waiting, off, lock from the lowest byte up.
 * A state that occurs in any bin of the pixel is at least 1.
 */
export function packColumns(piece: Piece, laneInPage: number, columns: Uint32Array): void {
  const { data, first, last, firstWeight, lastWeight, fromX } = piece;
  const base = laneInPage * TILE_BINS * STATES;
  const bins = new Uint32Array(data.buffer, data.byteOffset + base, TILE_BINS);
  const before = columns[fromX] ?? 0;
  for (let index = 0; index < first.length; index++) {
    const a = first[index] ?? 0;
    const b = last[index] ?? 0;
    const one = bins[a] ?? 0;
    columns[fromX + index] =
      a === b || (b === a + 1 && one === bins[b])
        ? one
        : mixBins(data, base, a, b, firstWeight[index] ?? 1, lastWeight[index] ?? 1);
  }
  if (piece.firstShare < 1) {
    columns[fromX] = mixColumns(before, columns[fromX] ?? 0, piece.firstShare);
  }
}

/**
 * The shares of a lane on a CPU without the GIL, 0 … 255, in each pixel column: part of what is off. At least 1 where
 * there is any.
 */
export function packNative(piece: Piece, laneInPage: number, columns: Uint8Array): void {
  const { data, first, last, firstWeight, lastWeight, fromX } = piece;
  const base = TILE_STATE_BYTES + laneInPage * TILE_BINS;
  for (let index = 0; index < first.length; index++) {
    const a = first[index] ?? 0;
    const b = last[index] ?? 0;
    let total = firstWeight[index] ?? 1;
    let sum = (data[base + a] ?? 0) * total;
    for (let bin = a + 1; bin <= b; bin++) {
      const weight = bin === b ? (lastWeight[index] ?? 1) : 256;
      sum += (data[base + bin] ?? 0) * weight;
      total += weight;
    }
    const share = sum > 0 ? Math.max(1, Math.round(sum / total)) : 0;
    columns[fromX + index] = index === 0 ? Math.max(share, columns[fromX] ?? 0) : share;
  }
}

/** `share` of the second column, the rest of the first; what occurs in either stays at least 1. */
function mixColumns(before: number, after: number, share: number): number {
  let packed = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const [one, two] = [(before >>> shift) & 255, (after >>> shift) & 255];
    const mixed = Math.round(one * (1 - share) + two * share);
    if (one > 0 || two > 0) packed |= Math.max(1, mixed) << shift;
  }
  return packed >>> 0;
}

function mixBins(
  data: Uint8Array,
  base: number,
  a: number,
  b: number,
  firstWeight: number,
  lastWeight: number,
): number {
  const total = firstWeight + lastWeight + (b - a - 1) * 256;
  let packed = 0;
  for (let state = 0; state < STATES; state++) {
    const at = base + state;
    let sum =
      (data[at + a * STATES] ?? 0) * firstWeight + (data[at + b * STATES] ?? 0) * lastWeight;
    for (let bin = a + 1; bin < b; bin++) sum += (data[at + bin * STATES] ?? 0) * 256;
    if (sum > 0) packed |= Math.max(1, Math.round(sum / total)) << (state * 8);
  }
  return packed >>> 0;
}

/** Heights in raster pixels, from the bottom of the lane. */
export interface ColumnShape {
  readonly off: number;
  readonly hold: number;
  readonly wait: number;
  readonly lock: number;
  readonly native: number;
}

/** Of 255. Less is a thread that was only looked after while it slept: a line of its own would say that it computed. */
const LEAST_NATIVE = 13;

/**
 * How a column of shares is drawn: `off` is a thin line at the bottom; above it, native code to a quarter of the height,
 * holding to the full one and the two kinds of waiting to half of it, stacked. Whatever occurs has at least a CSS pixel.
 */
export function columnShape(
  packed: number,
  height: number,
  ratio: number,
  nativeShare = 0,
): ColumnShape {
  const line = Math.max(1, Math.round(2 * ratio));
  const room = height - line;
  const least = Math.max(1, Math.round(ratio));
  const part = (share: number, full: number): number =>
    share === 0 ? 0 : Math.max(least, Math.round((share / 255) * full));
  const native = nativeShare < LEAST_NATIVE ? 0 : part(nativeShare, room / 4);
  let hold = part(packed & 255, room);
  let wait = part((packed >>> 8) & 255, room / 2);
  let lock = part(packed >>> 24, room / 2);
  // What is rare has its pixel at the cost of what is not.
  let excess = hold + wait + lock + native - room;
  if (excess > 0 && hold > least) {
    const before = hold;
    hold = Math.max(least, hold - excess);
    excess -= before - hold;
  }
  if (excess > 0 && lock > least) {
    const before = lock;
    lock = Math.max(least, lock - excess);
    excess -= before - lock;
  }
  if (excess > 0) wait -= excess;
  return { off: ((packed >>> 16) & 255) === 0 ? 0 : line, hold, wait, lock, native };
}

/** Paints one lane; neighbouring columns that are equal are filled together. */
export function paintLane(
  raster: Raster,
  columns: Uint32Array,
  box: LaneBox,
  colours: LaneColours,
  native: Uint8Array | null = null,
): void {
  let x = 0;
  while (x < raster.width) {
    const packed = columns[x] ?? 0;
    const share = native?.[x] ?? 0;
    let end = x + 1;
    while (end < raster.width && columns[end] === packed && (native?.[end] ?? 0) === share) end++;
    if (packed !== 0) paintRun({ raster, fromX: x, toX: end }, packed, share, box, colours);
    x = end;
  }
}

/** Columns of a raster, [fromX, toX). */
interface Span {
  readonly raster: Raster;
  readonly fromX: number;
  readonly toX: number;
}

function paintRun(
  span: Span,
  packed: number,
  native: number,
  box: LaneBox,
  colours: LaneColours,
): void {
  const shape = columnShape(packed, box.height, box.ratio, native);
  const bottom = box.top + box.height;
  const line = Math.max(1, Math.round(2 * box.ratio));
  if (shape.off > 0) fillRows(span, bottom - shape.off, bottom, colours.off);
  const nativeTop = bottom - line - shape.native;
  if (shape.native > 0) {
    fillRows(span, nativeTop, bottom - line, colours.native);
    stripeColumns(span, nativeTop, bottom - line, colours.nativeStripe, box);
  }
  const holdTop = nativeTop - shape.hold;
  if (shape.hold > 0) fillRows(span, holdTop, nativeTop, colours.holding);
  const waitTop = holdTop - shape.wait;
  if (shape.wait > 0) {
    fillRows(span, waitTop, holdTop, colours.waiting);
    hatchRows(span, waitTop, holdTop, colours.waitingHatch, box, 1);
  }
  const lockTop = waitTop - shape.lock;
  if (shape.lock > 0) {
    fillRows(span, lockTop, waitTop, colours.lock);
    hatchRows(span, lockTop, waitTop, colours.lockHatch, box, -1);
  }
}

/** `fill` is quick on long rows, and slow on the short ones of a dense picture. */
const SHORT = 12;

function fillRows({ raster, fromX, toX }: Span, fromY: number, toY: number, colour: number): void {
  const { pixels, width } = raster;
  const last = Math.min(raster.height, toY);
  if (toX - fromX === 1) {
    const end = last * width;
    for (let at = Math.max(0, fromY) * width + fromX; at < end; at += width) pixels[at] = colour;
    return;
  }
  for (let y = Math.max(0, fromY); y < last; y++) {
    const start = y * width + fromX;
    const end = y * width + toX;
    if (toX - fromX > SHORT) pixels.fill(colour, start, end);
    else for (let at = start; at < end; at++) pixels[at] = colour;
  }
}

/** Upright lines, for native code. */
function stripeColumns(
  { raster, fromX, toX }: Span,
  fromY: number,
  toY: number,
  colour: number,
  box: LaneBox,
): void {
  const period = Math.round(4 * box.ratio);
  const thick = Math.max(1, Math.round(box.ratio));
  for (let y = Math.max(0, fromY); y < Math.min(raster.height, toY); y++) {
    for (let x = fromX; x < toX; x++) {
      const step = (((x + box.phase) % period) + period) % period;
      if (step < thick) raster.pixels[y * raster.width + x] = colour;
    }
  }
}

/** Diagonal lines, one way for the GIL and the other for locks; only where they can be seen. */
function hatchRows(
  { raster, fromX, toX }: Span,
  fromY: number,
  toY: number,
  colour: number,
  box: LaneBox,
  direction: 1 | -1,
): void {
  if (toY - fromY < 3 * box.ratio) return;
  const period = Math.round(8 * box.ratio);
  const thick = Math.max(1, Math.round(1.5 * box.ratio));
  const { pixels, width } = raster;
  const first = Math.max(0, fromY);
  const last = Math.min(raster.height, toY);
  // How far the first pixel of the row is behind the start of a line; a row further it is one more, or one less.
  let behind = (fromX + box.phase + direction * (first - box.top)) % period;
  if (behind < 0) behind += period;
  for (let y = first; y < last; y++) {
    const end = y * width + toX;
    for (let at = y * width + fromX, step = behind; at < end; at++) {
      if (step < thick) pixels[at] = colour;
      step = step + 1 === period ? 0 : step + 1;
    }
    behind += direction;
    if (behind === period) behind = 0;
    else if (behind < 0) behind = period - 1;
  }
}
