import type { Curves } from '../../server/protocol-analysis';
import { css, type Rgb } from './colour';
import { formatShare } from './format';
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
  const context = surface.begin();
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
    const values = curves[row.name];
    const full = row.full(values);
    paintArea(context, model, curves, values, {
      ...{ left, width, top: top + 2, height: height - 3, full },
      colour: row.colour(palette),
    });
    const text = row.text(valueAt(model, curves, values));
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

interface AreaBox {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly height: number;
  readonly full: number;
  readonly colour: Rgb;
}

/** A filled area under a line: each bin at its own place, so that an older answer moves with the view. */
function paintArea(
  context: CanvasRenderingContext2D,
  model: TimelineModel,
  { fromNs, toNs }: Curves,
  values: readonly number[],
  { left, width, top, height, full, colour }: AreaBox,
): void {
  const binNs = (toNs - fromNs) / values.length;
  const bottom = top + height;
  context.save();
  context.beginPath();
  context.rect(left, top - 2, width, height + 2);
  context.clip();
  context.beginPath();
  context.moveTo(left + model.xOf(fromNs, width), bottom);
  values.forEach((value, bin) => {
    const from = left + model.xOf(fromNs + bin * binNs, width);
    const to = left + model.xOf(fromNs + (bin + 1) * binNs, width);
    const y = bottom - Math.min(1, value / full) * height;
    context.lineTo(from, y);
    context.lineTo(to, y);
  });
  context.lineTo(left + model.xOf(toNs, width), bottom);
  context.fillStyle = css(colour, 0.35);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = css(colour);
  context.stroke();
  context.restore();
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
