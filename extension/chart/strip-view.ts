import { tickLabel, ticksOf } from './axis';
import { css } from './colour';
import { formatDuration } from './format';
import type { Overview } from './overview';
import { TICK_PIXELS } from './overlay-view';
import type { Palette } from './palette';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';

/** Marks of the axis with their times; the time under the pointer in place of what it covers. */
export function paintAxis(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const context = surface.begin();
  const width = surface.cssWidth - left;
  const { t1 } = model.realView;
  const { stepNs, times } = ticksOf(model, width / TICK_PIXELS);
  context.font = `11px ${palette.font}`;
  context.textBaseline = 'middle';
  let free = left;
  for (const time of times) {
    const x = left + Math.round(model.xOf(time, width));
    context.fillStyle = css(palette.foreground, 0.25);
    context.fillRect(x, surface.cssHeight - 6, 1, 6);
    context.fillStyle = css(palette.dim);
    const label = tickLabel(time, stepNs, t1);
    const end = x + context.measureText(label).width + 12;
    if (x < free || end - 8 > surface.cssWidth) continue;
    context.fillText(label, x + 4, surface.cssHeight / 2);
    free = end;
  }
  paintSpanLength(context, surface, model, palette, left);
  if (model.hover !== null) paintHoverTime(context, surface, model, palette, left);
}

/** How long the selected span is, as a bracket. */
function paintSpanLength(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const { span } = model;
  if (span === null) return;
  const width = surface.cssWidth - left;
  const from = left + Math.max(0, model.xOf(span.startNs, width));
  const to = left + Math.min(width, model.xOf(span.endNs, width));
  if (to < left || from > left + width) return;
  context.fillStyle = css(palette.focus);
  context.fillRect(from, surface.cssHeight - 3, Math.max(1, to - from), 3);
  chip(context, surface, palette, left, (from + to) / 2, formatDuration(span.endNs - span.startNs));
}

function paintHoverTime(
  context: CanvasRenderingContext2D,
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  if (model.hover === null) return;
  const { t1 } = model.realView;
  const fineNs = (model.view.t1 - model.view.t0) / (surface.cssWidth - left);
  const stepNs = 10 ** Math.floor(Math.log10(Math.max(1, fineNs)));
  chip(context, surface, palette, left, model.hover.x, tickLabel(model.hover.atNs, stepNs, t1));
}

/** A text on a ground of its own, about a place of the axis. */
function chip(
  context: CanvasRenderingContext2D,
  surface: Surface,
  palette: Palette,
  left: number,
  middle: number,
  label: string,
): void {
  const width = context.measureText(label).width + 8;
  const x = Math.min(surface.cssWidth - width, Math.max(left, middle - width / 2));
  context.fillStyle = css(palette.foreground);
  context.fillRect(x, 1, width, surface.cssHeight - 4);
  context.fillStyle = css(palette.background);
  context.fillText(label, x + 4, surface.cssHeight / 2);
}

/** The whole run: how much the GILs were held above the middle, how many threads waited below. */
export function paintStrip(
  surface: Surface,
  model: TimelineModel,
  overview: Overview,
  palette: Palette,
  left: number,
): void {
  const context = surface.begin();
  const width = Math.floor(surface.cssWidth - left);
  const middle = Math.round(surface.cssHeight * 0.45);
  context.fillStyle = css(palette.foreground, 0.25);
  context.fillRect(left, middle, width, 1);
  if (overview.isEmpty) return;
  const below = surface.cssHeight - middle - 2;
  const bins = overview.binCount;
  const gils = Math.max(1, new Set(model.meta?.lanes.map((lane) => lane.gil)).size);
  const whole = overview.peak(0, bins);
  const queue = Math.max(1, whole.wait + whole.lock);
  const bar = (value: number, full: number): number =>
    value <= 0 ? 0 : Math.max(1, Math.min(full, Math.round(value * full)));
  const peaks = Array.from({ length: width }, (_, x) => {
    const from = Math.floor((x / width) * bins);
    return overview.peak(from, Math.max(from + 1, Math.floor(((x + 1) / width) * bins)));
  });
  context.fillStyle = css(palette.hold);
  peaks.forEach((peak, x) => {
    const hold = bar(peak.hold / gils, middle - 2);
    context.fillRect(left + x, middle - hold, 1, hold);
  });
  context.fillStyle = css(palette.wait);
  peaks.forEach((peak, x) => {
    context.fillRect(left + x, middle + 1, 1, bar(peak.wait / queue, below));
  });
  context.fillStyle = css(palette.lock);
  peaks.forEach((peak, x) => {
    const wait = bar(peak.wait / queue, below);
    const lock = Math.min(bar(peak.lock / queue, below), below - wait);
    context.fillRect(left + x, middle + 1 + wait, 1, lock);
  });
}

/** The part of the overview that the timeline shows. */
export function paintWindow(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const context = surface.begin();
  const width = surface.cssWidth - left;
  if (model.span !== null) {
    const start = left + (model.span.startNs / model.wallNs) * width;
    const end = left + (model.span.endNs / model.wallNs) * width;
    context.fillStyle = css(palette.focus, 0.25);
    context.fillRect(start, 0, Math.max(2, end - start), surface.cssHeight);
  }
  if (model.isWhole) return;
  const { t0, t1 } = model.realView;
  const from = (t0 / model.wallNs) * width;
  const to = Math.max(from + 3, (t1 / model.wallNs) * width);
  context.fillStyle = css(palette.background, 0.65);
  context.fillRect(left, 0, from, surface.cssHeight);
  context.fillRect(left + to, 0, width - to, surface.cssHeight);
  context.strokeStyle = css(palette.focus);
  context.lineWidth = 1;
  context.strokeRect(left + from + 0.5, 0.5, to - from - 1, surface.cssHeight - 1);
}
