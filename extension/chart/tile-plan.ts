import { TILE_BINS } from '../../server/protocol-chart';
import type { LocatedTile, TileAddress, TileStore } from './tile-store';
import { runLength, timeAt, xAt, type View } from './view';

/**
 * Pixels [fromX, toX) of a page of lanes and the tile that fills them. Pixel `fromX + i` covers the bins `first[i]` to
 * `last[i]`, of which the first and the last only by `firstWeight[i]` and `lastWeight[i]` 256ths.
 */
export interface Piece {
  readonly data: Uint8Array;
  readonly fromX: number;
  readonly toX: number;
  /** How much of its first pixel it fills; the rest is the last pixel of the piece before. */
  readonly firstShare: number;
  readonly first: Uint16Array;
  readonly last: Uint16Array;
  readonly firstWeight: Uint16Array;
  readonly lastWeight: Uint16Array;
}

export interface PagePlan {
  readonly pieces: readonly Piece[];
  /** Tiles that would make the picture better. */
  readonly missing: readonly TileAddress[];
}

/** A border of tiles this close to one of pixels is on it. Pixels. */
const ON_PIXEL = 1e-6;

/** The same pieces, `by` pixels to the right. */
export function shifted({ pieces, missing }: PagePlan, by: number): PagePlan {
  if (by === 0) return { pieces, missing };
  return {
    pieces: pieces.map((piece) => ({ ...piece, fromX: piece.fromX + by, toX: piece.toX + by })),
    missing,
  };
}

/**
 * Which tile fills which pixels of a page; a pixel on the border of two is filled by both.
 * @param slack Bins of so many wanted ones are good enough.
 */
export function planPage(
  store: TileStore,
  page: number,
  view: View,
  wallNs: number,
  level: number,
  width: number,
  slack = 1,
): PagePlan {
  const wall = runLength(wallNs);
  const tileNs = (wall / 2 ** level) * TILE_BINS;
  const pieces: Piece[] = [];
  const missing: TileAddress[] = [];
  // Pixels are taken by their middles, `x`; `border` is where the piece before ended, if there was one.
  let border: number | null = null;
  for (let x = 0; x < width;) {
    const middleNs = Math.min(timeAt(view, x + 0.5, width), wall * (1 - 1e-15));
    const index = Math.floor(middleNs / tileNs);
    const found = store.find(page, middleNs, level);
    const isGood =
      found !== null && (found.exact || (slack > 1 && isNear(found, (wall / 2 ** level) * slack)));
    if (!isGood && missing.at(-1)?.index !== index) missing.push({ level, index, page });
    const wantedEndNs = (index + 1) * tileNs;
    const endNs =
      found === null ? wantedEndNs : Math.min(wantedEndNs, found.startNs + TILE_BINS * found.binNs);
    const endX = xAt(view, endNs, width);
    const nextX = Math.min(width, Math.max(x + 1, Math.ceil(endX - 0.5)));
    if (found !== null) {
      const fromX = border === null ? x : Math.min(x, Math.floor(border + ON_PIXEL));
      const toX = Math.min(width, Math.max(nextX, Math.ceil(endX - ON_PIXEL)));
      const firstShare = border === null ? 1 : Math.min(1, Math.max(0, fromX + 1 - border));
      pieces.push(fillPiece(found, view, width, fromX, toX, firstShare));
    }
    border = found === null ? null : endX;
    x = nextX;
  }
  return { pieces, missing };
}

/** Of the newest revision, with bins that are short enough. */
function isNear({ newest, binNs }: LocatedTile, longestNs: number): boolean {
  return newest && binNs <= longestNs * (1 + 1e-9);
}

function fillPiece(
  { data, startNs, binNs }: LocatedTile,
  view: View,
  width: number,
  fromX: number,
  toX: number,
  firstShare: number,
): Piece {
  const count = toX - fromX;
  const first = new Uint16Array(count);
  const last = new Uint16Array(count);
  const firstWeight = new Uint16Array(count);
  const lastWeight = new Uint16Array(count);
  const perPixel = (view.t1 - view.t0) / width / binNs;
  const origin = (view.t0 - startNs) / binNs;
  for (let index = 0; index < count; index++) {
    const from = Math.min(TILE_BINS, Math.max(0, origin + (fromX + index) * perPixel));
    const to = Math.min(TILE_BINS, Math.max(0, origin + (fromX + index + 1) * perPixel));
    const a = Math.min(TILE_BINS - 1, Math.floor(from));
    const b = Math.min(TILE_BINS - 1, Math.max(a, Math.ceil(to) - 1));
    first[index] = a;
    last[index] = b;
    firstWeight[index] = Math.max(1, Math.round((Math.min(to, a + 1) - from) * 256));
    lastWeight[index] = Math.max(1, Math.round((to - Math.max(from, b)) * 256));
  }
  return { data, fromX, toX, firstShare, first, last, firstWeight, lastWeight };
}
