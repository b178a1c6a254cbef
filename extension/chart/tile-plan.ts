import { TILE_BINS } from '../../server/protocol';
import type { TileAddress, TileStore } from './tile-store';
import { runLength, timeAt, xAt, type View } from './view';

/**
 * Pixels [fromX, toX) of a page of lanes and the tile that fills them. Pixel `fromX + i` covers the bins `first[i]` to
 * `last[i]`, of which the first and the last only by `firstWeight[i]` and `lastWeight[i]` 256ths.
 */
export interface Piece {
  readonly data: Uint8Array;
  readonly fromX: number;
  readonly toX: number;
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

/** Which tile fills which pixels of a page; a pixel belongs to the tile that holds its middle. */
export function planPage(
  store: TileStore,
  page: number,
  view: View,
  wallNs: number,
  level: number,
  width: number,
): PagePlan {
  const tileNs = (runLength(wallNs) / 2 ** level) * TILE_BINS;
  const pieces: Piece[] = [];
  const missing: TileAddress[] = [];
  let x = 0;
  while (x < width) {
    const middle = Math.min(timeAt(view, x + 0.5, width), runLength(wallNs) * (1 - 1e-15));
    const index = Math.floor(middle / tileNs);
    const wantedEnd = pixelOf(view, (index + 1) * tileNs, x, width);
    const found = store.find(page, middle, level);
    if (found?.exact !== true) {
      const last = missing.at(-1);
      if (last?.index !== index) missing.push({ level, index, page });
    }
    let end = wantedEnd;
    if (found !== null) {
      end = Math.min(end, pixelOf(view, found.startNs + TILE_BINS * found.binNs, x, width));
      pieces.push(fillPiece(found.data, found.startNs, found.binNs, view, width, x, end));
    }
    x = end;
  }
  return { pieces, missing };
}

/** The first pixel after `x` whose middle is not before the time. */
function pixelOf(view: View, timeNs: number, x: number, width: number): number {
  return Math.min(width, Math.max(x + 1, Math.ceil(xAt(view, timeNs, width) - 0.5)));
}

function fillPiece(
  data: Uint8Array,
  startNs: number,
  binNs: number,
  view: View,
  width: number,
  fromX: number,
  toX: number,
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
  return { data, fromX, toX, first, last, firstWeight, lastWeight };
}
