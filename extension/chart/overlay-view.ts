import { ticksOf } from './axis';
import { paintCause } from './cause-view';
import { css } from './colour';
import { visibleLanes, visibleRows } from './lanes-view';
import type { Palette } from './palette';
import { barHeight, rowOfLane } from './rows';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';
import { xAt } from './view';

/** Width of the column of names, CSS pixels. */
export function labelWidth(total: number): number {
  return Math.round(Math.min(200, Math.max(104, total * 0.2)));
}

/** CSS pixels between two marks of the axis, at least. */
export const TICK_PIXELS = 120;

/** Everything over the bars, on their canvas: one of its own would take as much memory again. */
export function paintOverlay(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  focused: boolean,
): void {
  const context = surface.over();
  const left = labelWidth(surface.cssWidth);
  paintGrid(context, surface, model, palette, left);
  paintGaps(context, surface, model, palette, left);
  paintMarks(context, surface, model, palette, left);
  paintSpan(context, surface, model, palette, left);
  paintCause(surface, model, palette, left);
  paintCursor(context, surface, model, palette, left, focused);
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
  for (const time of ticksOf(model, width / TICK_PIXELS).times) {
    context.fillRect(left + Math.round(model.xOf(time, width)), 0, 1, surface.cssHeight);
  }
}

/** Idle time that is drawn short. */
function paintGaps(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  if (model.scale.isReal) return;
  const width = surface.cssWidth - left;
  for (const chunk of model.scale.chunksIn(model.view)) {
    if (!chunk.gap) continue;
    const from = left + xAt(model.view, chunk.shownFrom, width);
    const to = Math.max(from + 2, left + xAt(model.view, chunk.shownTo, width));
    context.fillStyle = css(palette.foreground, 0.08);
    context.fillRect(from, 0, to - from, surface.cssHeight);
    context.strokeStyle = css(palette.foreground, 0.4);
    context.setLineDash([2, 3]);
    context.beginPath();
    for (const x of [from, to]) {
      context.moveTo(Math.round(x) + 0.5, 0);
      context.lineTo(Math.round(x) + 0.5, surface.cssHeight);
    }
    context.stroke();
    context.setLineDash([]);
  }
}

/** The selected span: what is beside it is dimmed. */
function paintSpan(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  if (model.span === null) return;
  const width = surface.cssWidth - left;
  const clamp = (x: number): number => Math.min(width, Math.max(0, x));
  const from = left + clamp(model.xOf(model.span.startNs, width));
  const to = left + clamp(model.xOf(model.span.endNs, width));
  context.fillStyle = css(palette.background, 0.55);
  context.fillRect(left, 0, from - left, surface.cssHeight);
  context.fillRect(to, 0, left + width - to, surface.cssHeight);
  context.fillStyle = css(palette.focus);
  context.fillRect(Math.round(from) - 1, 0, 1, surface.cssHeight);
  context.fillRect(Math.round(to), 0, 1, surface.cssHeight);
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
      const from = model.xOf(bin * binNs, width);
      const to = model.xOf((bin + 1) * binNs, width);
      if (to < 0 || from > width) continue;
      const start = Math.max(0, from);
      const end = Math.max(Math.min(width, to), start + 2);
      context.fillRect(left + start, y + 1, end - start, 2);
    }
  }
}

/** The segment under the cursor. */
function paintCursor(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
  focused: boolean,
): void {
  const { cursor } = model;
  const row = cursor === null ? null : rowOfLane(model.rows, cursor.lane);
  if (cursor === null || row === null) return;
  const width = surface.cssWidth - left;
  const from = Math.max(-2, model.xOf(cursor.segment?.startNs ?? cursor.atNs, width));
  const to = Math.min(width + 2, model.xOf(cursor.segment?.endNs ?? cursor.atNs, width));
  if (to < 0 || from > width) return;
  const y = row * model.pitch - model.top;
  context.lineWidth = 2;
  context.strokeStyle = css(focused ? palette.focus : palette.foreground);
  const length = Math.max(2, to - from) + 2;
  context.strokeRect(left + from - 1, y + 2, length, barHeight(model.pitch) + 4);
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
