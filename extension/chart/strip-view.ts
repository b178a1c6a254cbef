import { tickLabel, ticks } from './axis';
import { css } from './colour';
import type { Overview } from './overview';
import { TICK_PIXELS } from './overlay-view';
import type { Palette } from './palette';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';
import { isWhole, xAt } from './view';

/** Marks of the axis with their times; the time under the pointer in place of what it covers. */
export function paintAxis(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const context = surface.begin();
  const width = surface.cssWidth - left;
  const { stepNs, times } = ticks(model.view.t0, model.view.t1, width / TICK_PIXELS);
  context.font = `11px ${palette.font}`;
  context.textBaseline = 'middle';
  for (const time of times) {
    const x = left + Math.round(xAt(model.view, time, width));
    context.fillStyle = css(palette.foreground, 0.25);
    context.fillRect(x, surface.cssHeight - 6, 1, 6);
    context.fillStyle = css(palette.dim);
    const label = tickLabel(time, stepNs, model.view.t1);
    const room = surface.cssWidth - x;
    if (context.measureText(label).width + 4 < room) {
      context.fillText(label, x + 4, surface.cssHeight / 2);
    }
  }
  if (model.hover === null) return;
  const fineNs = (model.view.t1 - model.view.t0) / width;
  const label = tickLabel(
    model.hover.atNs,
    10 ** Math.floor(Math.log10(Math.max(1, fineNs))),
    model.view.t1,
  );
  const labelWidth = context.measureText(label).width + 8;
  const x = Math.min(surface.cssWidth - labelWidth, Math.max(left, model.hover.x - labelWidth / 2));
  context.fillStyle = css(palette.foreground);
  context.fillRect(x, 1, labelWidth, surface.cssHeight - 3);
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
  context.fillStyle = css(palette.foreground, 0.25);
  context.fillRect(left, middle, width, 1);
}

/** The part of the overview that the timeline shows. */
export function paintWindow(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const context = surface.begin();
  if (isWhole(model.view, model.wallNs)) return;
  const width = surface.cssWidth - left;
  const from = (model.view.t0 / model.wallNs) * width;
  const to = Math.max(from + 3, (model.view.t1 / model.wallNs) * width);
  context.fillStyle = css(palette.background, 0.65);
  context.fillRect(left, 0, from, surface.cssHeight);
  context.fillRect(left + to, 0, width - to, surface.cssHeight);
  context.strokeStyle = css(palette.focus);
  context.lineWidth = 1;
  context.strokeRect(left + from + 0.5, 0.5, to - from - 1, surface.cssHeight - 1);
}
