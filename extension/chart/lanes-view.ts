import { TILE_LANES } from '../../server/protocol';
import { packColumns, paintLane } from './lane-painter';
import type { Palette } from './palette';
import { barHeight, type Row } from './rows';
import type { Surface } from './surface';
import { planPage, type PagePlan } from './tile-plan';
import type { TileAddress, TileStore } from './tile-store';
import type { TimelineModel } from './timeline-model';
import { levelFor } from './view';

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

/** Paints the bars of all lanes in sight; answers with the tiles that are missing, nearest the middle first. */
export function paintLanes(
  surface: Surface,
  model: TimelineModel,
  store: TileStore,
  palette: Palette,
): readonly TileAddress[] {
  const raster = surface.raster();
  const { ratio } = surface;
  const level = levelFor(model.view, model.wallNs, raster.width, model.levelMax);
  const plans = new Map<number, PagePlan>();
  const columns = new Uint32Array(raster.width);
  const perPixel = (model.view.t1 - model.view.t0) / raster.width;
  const phase = Math.round((model.view.t0 / perPixel) % 1e6);
  const height = Math.round(barHeight(model.pitch) * ratio);
  for (const [row, lane] of visibleLanes(model, surface.cssHeight)) {
    const page = Math.floor(lane / TILE_LANES);
    let plan = plans.get(page);
    if (plan === undefined) {
      plan = planPage(store, page, model.view, model.wallNs, level, raster.width);
      plans.set(page, plan);
    }
    columns.fill(0);
    for (const piece of plan.pieces) packColumns(piece, lane % TILE_LANES, columns);
    const top = Math.round((row * model.pitch - model.top + 4) * ratio);
    paintLane(raster, columns, { top, height, ratio, phase }, palette.lanes);
  }
  surface.put();
  return [...plans.values()].flatMap((plan) => middleFirst(plan.missing));
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
  const span = (model.view.t1 - model.view.t0) / width;
  const view = { t0: model.view.t0 + pixel * span, t1: model.view.t0 + (pixel + 1) * span };
  const level = levelFor(model.view, model.wallNs, width, model.levelMax);
  const columns = new Uint32Array(1);
  for (const piece of planPage(store, page, view, model.wallNs, level, 1).pieces) {
    packColumns(piece, lane % TILE_LANES, columns);
  }
  return columns[0] ?? 0;
}
