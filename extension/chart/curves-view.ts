import type { Curves } from '../../server/protocol-analysis';
import { css, mix, packRgb, type Rgb } from './colour';
import { formatShare } from './format';
import type { Raster } from './lane-painter';
import type { Palette } from './palette';
import type { StringKey, Translate } from './strings';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';

type CurveName = 'gilLoad' | 'parallel' | 'queue';

interface CurveRow {
  readonly name: CurveName;
  readonly label: StringKey;
  readonly colour: (palette: Palette) => Rgb;
  /** The value at the top of the row. */
  readonly full: (values: readonly number[]) => number;
  readonly text: (value: number) => string;
}

const atLeastOne = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 1);
const threads = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1));

const ROWS: readonly CurveRow[] = [
  {
    name: 'gilLoad',
    label: 'curve.gilLoad',
    colour: (palette) => palette.hold,
    full: () => 1,
    text: (value) => formatShare(value, 1),
  },
  {
    name: 'parallel',
    label: 'curve.parallel',
    colour: (palette) => palette.dim,
    full: atLeastOne,
    text: threads,
  },
  {
    name: 'queue',
    label: 'curve.queue',
    colour: (palette) => palette.wait,
    full: atLeastOne,
    text: threads,
  },
];

/** GIL load, parallelism and queue length over time, with their values at the pointer, else their peaks in view. */
export function paintCurves(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
  t: Translate,
): void {
  paintAreas(surface, model, palette, left);
  const context = surface.over();
  context.clearRect(0, 0, left, surface.cssHeight);
  const height = surface.cssHeight / ROWS.length;
  const width = surface.cssWidth - left;
  const { curves } = model;
  context.font = `11px ${palette.font}`;
  context.textBaseline = 'middle';
  for (const [index, row] of ROWS.entries()) {
    const top = index * height;
    context.fillStyle = css(palette.dim);
    const label = t(row.label);
    context.fillText(label, 12, top + height / 2, left - 16);
    const labelEnd = 12 + context.measureText(label).width;
    context.fillStyle = css(palette.foreground, 0.12);
    context.fillRect(left, Math.round(top + height) - 1, width, 1);
    if (curves === null) continue;
    const text = row.text(valueAt(model, curves, curves[row.name]));
    // In a narrow window there is no room for both.
    if (labelEnd + context.measureText(text).width + 12 > left) continue;
    context.textAlign = 'right';
    context.fillStyle = css(palette.foreground);
    context.fillText(text, left - 8, top + height / 2);
    context.textAlign = 'left';
  }
  context.fillStyle = css(palette.grid);
  context.fillRect(left - 1, 0, 1, surface.cssHeight);
  if (model.hover === null) return;
  context.fillStyle = css(palette.foreground, 0.45);
  context.fillRect(Math.round(model.hover.x), 0, 1, surface.cssHeight);
}

/** How much of a row its curve may take. */
const ROW_SHARE = 0.83;

/** All curves as pixels: as paths of some thousand points they would take longer than the lanes. */
function paintAreas(surface: Surface, model: TimelineModel, palette: Palette, left: number): void {
  const { curves } = model;
  const leftPixels = Math.round(left * surface.ratio);
  const { height } = surface.canvas;
  surface.beginRows(leftPixels);
  const bins = curves === null ? null : binsOfPixels(model, curves, left, surface);
  surface.paintRows(0, height, (band, bandTop) => {
    if (curves === null || bins === null) return;
    for (const [index, row] of ROWS.entries()) {
      const bottom = Math.round(((index + 1) * height) / ROWS.length) - 1;
      const room = Math.round((height / ROWS.length) * ROW_SHARE);
      const [line, ground] = [
        row.colour(palette),
        mix(palette.background, row.colour(palette), 0.35),
      ];
      const values = curves[row.name];
      const full = row.full(values);
      paintArea(band, bins, (bin) => Math.min(1, (values[bin] ?? 0) / full), {
        ...{ bottom: bottom - bandTop, room, thick: Math.max(1, Math.round(surface.ratio)) },
        ...{ line: packRgb(line), ground: packRgb(ground) },
      });
    }
  });
  surface.endRows();
}

/** The first and the last bin of each pixel, one after the other; −1: the curves do not reach there. */
function binsOfPixels(
  model: TimelineModel,
  { fromNs, toNs, gilLoad }: Curves,
  left: number,
  surface: Surface,
): Int32Array {
  const count = Math.max(1, surface.canvas.width - Math.round(left * surface.ratio));
  const bins = new Int32Array(count * 2).fill(-1);
  const binOf = (pixel: number): number =>
    ((model.timeOf(pixel, count) - fromNs) / (toNs - fromNs)) * gilLoad.length;
  let from = binOf(0);
  for (let x = 0; x < count; x++) {
    const to = binOf(x + 1);
    const first = Math.floor(from);
    if (first >= 0 && first < gilLoad.length) {
      bins[x * 2] = first;
      bins[x * 2 + 1] = Math.min(gilLoad.length - 1, Math.max(first, Math.ceil(to) - 1));
    }
    from = to;
  }
  return bins;
}

interface AreaBox {
  /** Rows of pixels: the lowest one of the curve, and how many it may take. */
  readonly bottom: number;
  readonly room: number;
  readonly thick: number;
  readonly line: number;
  readonly ground: number;
}

/** A filled area under a line, of the highest share in each pixel. */
export function paintArea(
  { pixels, width, height }: Raster,
  bins: Int32Array,
  shareOf: (bin: number) => number,
  { bottom, room, thick, line, ground }: AreaBox,
): void {
  let before = -1;
  for (let x = 0; x < width; x++) {
    const first = bins[x * 2] ?? -1;
    if (first < 0) {
      before = -1;
      continue;
    }
    let share = 0;
    for (let bin = first; bin <= (bins[x * 2 + 1] ?? -1); bin++) {
      share = Math.max(share, shareOf(bin));
    }
    const top = bottom - Math.round(share * (room - thick));
    const [from, to] = before < 0 ? [top, top] : [Math.min(top, before), Math.max(top, before)];
    for (let y = Math.max(0, from); y <= Math.min(bottom, height - 1); y++) {
      pixels[y * width + x] = y < to + thick ? line : ground;
    }
    before = top;
  }
}

/** At the pointer; else the peak of what is in view. */
function valueAt(model: TimelineModel, curves: Curves, values: readonly number[]): number {
  const binOf = (timeNs: number): number =>
    Math.floor(((timeNs - curves.fromNs) / (curves.toNs - curves.fromNs)) * values.length);
  if (model.hover !== null) return values[binOf(model.hover.atNs)] ?? 0;
  const { t0, t1 } = model.realView;
  const inView = values.slice(Math.max(0, binOf(t0)), Math.max(0, binOf(t1)) + 1);
  return inView.reduce((most, value) => Math.max(most, value), 0);
}
