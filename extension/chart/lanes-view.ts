import { TILE_LANES } from '../../server/protocol-chart';
import { packColumns, packNative, paintLane } from './lane-painter';
import type { Palette } from './palette';
import { barHeight, type Row } from './rows';
import type { Surface } from './surface';
import { planPage, shifted, type PagePlan } from './tile-plan';
import type { TileAddress, TileStore } from './tile-store';
import type { TimelineModel } from './timeline-model';
import { levelFor, xAt, type View } from './view';

/** While the view moves, bins of two pixels will do: tiles of each level would come too late to be seen. */
const MOVING_SLACK = 2;

/** Rows that are in sight, with their index. */
export function visibleRows(
  model: TimelineModel,
  height: number,
): readonly (readonly [number, Row])[] {
  const first = Math.max(0, Math.floor(model.top / model.pitch));
  const last = Math.ceil((model.top + height) / model.pitch);
  return model.rows.slice(first, last).map((row, index) => [first + index, row]);
}

/** Lanes that are in sight: row and lane. */
export function visibleLanes(
  model: TimelineModel,
  height: number,
): readonly (readonly [number, number])[] {
  return visibleRows(model, height).flatMap(([index, row]) =>
    row.kind === 'lane' ? [[index, row.lane] as const] : [],
  );
}

/**
 * Paints the bars of all lanes in sight, `left` CSS pixels from the edge; answers with the tiles that are missing,
 * nearest the middle first.
 * @param moving coarser tiles will do
 */
export function paintLanes(
  surface: Surface,
  model: TimelineModel,
  store: TileStore,
  palette: Palette,
  left: number,
  moving = false,
): readonly TileAddress[] {
  const { ratio } = surface;
  const leftPixels = Math.round(left * ratio);
  const width = Math.max(1, surface.canvas.width - leftPixels);
  const level = levelFor(model.view, model.wallNs, width, model.levelMax);
  const plans = new Map<number, PagePlan>();
  const stretches = stretchesOf(model, width);
  const columns = new Uint32Array(width);
  const native = new Uint8Array(width);
  const perPixel = (model.view.t1 - model.view.t0) / width;
  const phase = Math.round((model.view.t0 / perPixel) % 1e6);
  const height = Math.round(barHeight(model.pitch) * ratio);
  surface.beginRows(leftPixels);
  for (const [row, lane] of visibleLanes(model, surface.cssHeight)) {
    const page = Math.floor(lane / TILE_LANES);
    let plan = plans.get(page);
    if (plan === undefined) {
      plan = planStretches(store, page, model.wallNs, level, stretches, moving ? MOVING_SLACK : 1);
      plans.set(page, plan);
    }
    const inPage = lane % TILE_LANES;
    columns.fill(0);
    for (const piece of plan.pieces) packColumns(piece, inPage, columns);
    const isNative = plan.pieces.some(({ data }) => store.native.has(data, inPage));
    if (isNative) {
      native.fill(0);
      for (const piece of plan.pieces) packNative(piece, inPage, native);
    }
    const top = Math.round((row * model.pitch - model.top + 4) * ratio);
    surface.paintRows(top, height, (band, bandTop) => {
      const box = { top: top - bandTop, height, ratio, phase };
      paintLane(band, columns, box, palette.lanes, isNative ? native : null);
    });
  }
  surface.endRows();
  return [...plans.values()].flatMap((plan) => middleFirst(plan.missing));
}

/** Pixels [fromX, toX) that show a stretch of real time to one scale. */
interface Stretch {
  readonly fromX: number;
  readonly toX: number;
  readonly view: View;
}

/** What the pixels show; where idle time is collapsed it has none. */
function stretchesOf(model: TimelineModel, width: number): readonly Stretch[] {
  if (model.scale.isReal) return [{ fromX: 0, toX: width, view: model.view }];
  const perPixel = (model.view.t1 - model.view.t0) / width;
  return model.scale.chunksIn(model.view).flatMap((chunk) => {
    if (chunk.gap) return [];
    const fromX = Math.max(0, Math.round(xAt(model.view, chunk.shownFrom, width)));
    const toX = Math.min(width, Math.round(xAt(model.view, chunk.shownTo, width)));
    if (toX <= fromX) return [];
    const realAt = (x: number): number =>
      model.view.t0 + x * perPixel - chunk.shownFrom + chunk.realFrom;
    return [{ fromX, toX, view: { t0: Math.max(0, realAt(fromX)), t1: realAt(toX) } }];
  });
}

function planStretches(
  store: TileStore,
  page: number,
  wallNs: number,
  level: number,
  stretches: readonly Stretch[],
  slack: number,
): PagePlan {
  const plans = stretches.map(({ fromX, toX, view }) =>
    shifted(planPage(store, page, view, wallNs, level, toX - fromX, slack), fromX),
  );
  return {
    pieces: plans.flatMap(({ pieces }) => pieces),
    missing: plans.flatMap(({ missing }) => missing),
  };
}

function middleFirst(tiles: readonly TileAddress[]): readonly TileAddress[] {
  const middle = ((tiles[0]?.index ?? 0) + (tiles.at(-1)?.index ?? 0)) / 2;
  return tiles.toSorted((a, b) => Math.abs(a.index - middle) - Math.abs(b.index - middle));
}

/** Shares of one lane in the pixel at `x`, packed as in a tile; 0 where nothing is known. */
export function sharesAt(
  model: TimelineModel,
  store: TileStore,
  lane: number,
  x: number,
  width: number,
): number {
  const page = Math.floor(lane / TILE_LANES);
  const pixel = Math.floor(x);
  const view = { t0: model.timeOf(pixel, width), t1: model.timeOf(pixel + 1, width) };
  const level = levelFor(model.view, model.wallNs, width, model.levelMax);
  const columns = new Uint32Array(1);
  for (const piece of planPage(store, page, view, model.wallNs, level, 1).pieces) {
    packColumns(piece, lane % TILE_LANES, columns);
  }
  return columns[0] ?? 0;
}
