import type { TimelineModel } from './timeline-model';

/** Time between two marks of the axis: 1, 2 or 5 times a power of ten, at least `minimumNs`. */
export function tickStep(minimumNs: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, minimumNs))));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= minimumNs) ?? 10;
  return factor * power;
}

export interface Ticks {
  readonly stepNs: number;
  readonly times: readonly number[];
}

/** At most `count` + 1 round times in [t0, t1]. */
export function ticks(t0: number, t1: number, count: number): Ticks {
  const stepNs = tickStep((t1 - t0) / Math.max(1, count));
  const first = Math.ceil(t0 / stepNs);
  const last = Math.floor(t1 / stepNs);
  const times: number[] = [];
  for (let index = first; index <= last; index++) times.push(index * stepNs);
  return { stepNs, times };
}

/** The round times in view: where idle time is collapsed, those of what is between. */
export function ticksOf(
  { view, scale }: Pick<TimelineModel, 'view' | 'scale'>,
  count: number,
): Ticks {
  if (scale.isReal) return ticks(view.t0, view.t1, count);
  const stepNs = tickStep((view.t1 - view.t0) / Math.max(1, count));
  const times = scale.chunksIn(view).flatMap((chunk) => {
    if (chunk.gap) return [];
    const offset = chunk.realFrom - chunk.shownFrom;
    const from = Math.max(chunk.realFrom, view.t0 + offset);
    const to = Math.min(chunk.realTo, view.t1 + offset);
    const first = Math.ceil(from / stepNs);
    const found = Math.max(0, Math.floor(to / stepNs) - first + 1);
    return Array.from({ length: found }, (_, index) => (first + index) * stepNs);
  });
  return { stepNs, times };
}

/** A time on an axis with this step: one unit for the whole axis, as many decimals as the step needs. */
export function tickLabel(timeNs: number, stepNs: number, t1: number): string {
  const [unit, size] =
    t1 >= 1e9 ? ['s', 1e9] : t1 >= 1e6 ? ['ms', 1e6] : t1 >= 1e3 ? ['µs', 1e3] : ['ns', 1];
  const decimals = Math.max(0, Math.ceil(Math.log10(size / stepNs) - 1e-9));
  return `${(timeNs / size).toFixed(decimals)} ${unit}`;
}
