import { ticks } from './axis';
import { css } from './colour';
import { visibleLanes, visibleRows } from './lanes-view';
import type { Palette } from './palette';
import { barHeight } from './rows';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';
import { xAt } from './view';

/** Width of the column of names, CSS pixels. */
export function labelWidth(total: number): number {
  return Math.round(Math.min(200, Math.max(90, total * 0.2)));
}

/** CSS pixels between two marks of the axis, at least. */
export const TICK_PIXELS = 120;

/** Everything above the bars: names, grid, marks, cursor, cross-hair. */
export function paintOverlay(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  focused: boolean,
): void {
  const context = surface.begin();
  const left = labelWidth(surface.cssWidth);
  paintGrid(context, surface, model, palette, left);
  paintMarks(context, surface, model, palette, left);
  paintSegments(context, surface, model, palette, left, focused);
  paintLabelGround(context, surface, model, palette, left);
  if (model.hover !== null) {
    context.fillStyle = css(palette.foreground, 0.45);
    context.fillRect(Math.round(model.hover.x), 0, 1, surface.cssHeight);
  }
}

function paintGrid(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const width = surface.cssWidth - left;
  context.fillStyle = css(palette.foreground, 0.1);
  for (const time of ticks(model.view.t0, model.view.t1, width / TICK_PIXELS).times) {
    context.fillRect(left + Math.round(xAt(model.view, time, width)), 0, 1, surface.cssHeight);
  }
}

/** Where the editor's line was the place of a segment: a bracket over the bar. */
function paintMarks(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const { marks } = model;
  if (marks === null) return;
  const width = surface.cssWidth - left;
  const binNs = model.wallNs / marks.bins;
  const byLane = new Map(marks.lanes.map((lane) => [lane.lane, lane.bins]));
  context.fillStyle = css(palette.mark);
  for (const [row, lane] of visibleLanes(model, surface.cssHeight)) {
    const y = row * model.pitch - model.top;
    for (const bin of byLane.get(lane) ?? []) {
      const from = xAt(model.view, bin * binNs, width);
      const to = xAt(model.view, (bin + 1) * binNs, width);
      if (to < 0 || from > width) continue;
      const start = Math.max(0, from);
      const end = Math.max(Math.min(width, to), start + 2);
      context.fillRect(left + start, y + 1, end - start, 2);
    }
  }
}

/** The segment under the cursor, and the holders of the wait that is pointed at. */
function paintSegments(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
  focused: boolean,
): void {
  const width = surface.cssWidth - left;
  const box = (
    lane: number,
    startNs: number,
    endNs: number,
  ): readonly [number, number, number] | null => {
    const row = model.rows.findIndex((each) => each.kind === 'lane' && each.lane === lane);
    const from = Math.max(-2, xAt(model.view, startNs, width));
    const to = Math.min(width + 2, xAt(model.view, endNs, width));
    if (row < 0 || to < 0 || from > width) return null;
    return [left + from, row * model.pitch - model.top, Math.max(2, to - from)];
  };
  const shown = model.hover?.segment ?? model.cursor?.segment ?? null;
  context.lineWidth = 1;
  context.strokeStyle = css(palette.foreground, 0.9);
  context.setLineDash([3, 2]);
  for (const holder of shown?.holders ?? []) {
    if (shown === null) break;
    const place = box(holder.lane, shown.startNs, shown.endNs);
    if (place === null) continue;
    context.strokeRect(place[0] - 0.5, place[1] + 2.5, place[2] + 1, model.pitch - 5);
  }
  context.setLineDash([]);
  const { cursor } = model;
  if (cursor === null) return;
  const from = cursor.segment?.startNs ?? cursor.atNs;
  const place = box(cursor.lane, from, cursor.segment?.endNs ?? from);
  if (place === null) return;
  context.lineWidth = 2;
  context.strokeStyle = css(focused ? palette.focus : palette.foreground);
  context.strokeRect(place[0] - 1, place[1] + 2, place[2] + 2, barHeight(model.pitch) + 4);
}

/** Ground of the column of names and of the headings; the texts themselves are elements (see LaneLabels). */
function paintLabelGround(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  context.fillStyle = css(palette.background);
  context.fillRect(0, 0, left - 1, surface.cssHeight);
  for (const [index, row] of visibleRows(model, surface.cssHeight)) {
    const y = index * model.pitch - model.top;
    if (row.kind === 'process') {
      context.fillStyle = css(palette.foreground, 0.07);
      context.fillRect(0, y, surface.cssWidth, model.pitch - 1);
    } else if (model.cursor?.lane === row.lane || model.hover?.lane === row.lane) {
      context.fillStyle = css(palette.foreground, model.cursor?.lane === row.lane ? 0.1 : 0.06);
      context.fillRect(0, y, left - 1, model.pitch);
    }
  }
  context.fillStyle = css(palette.grid);
  context.fillRect(left - 1, 0, 1, surface.cssHeight);
}
