import { LEVEL_MIN, TILE_BINS } from '../../server/protocol-chart';

/** The part of the run that is shown, in nanoseconds; 0 ≤ t0 < t1 ≤ the run's length. */
export interface View {
  readonly t0: number;
  readonly t1: number;
}

/** Shortest span worth showing. */
const SPAN_FLOOR_NS = 200;

/** The run's length as the chart counts it: a run that has just begun has a length, too. */
export function runLength(wallNs: number): number {
  return Math.max(1, wallNs);
}

/** The shortest span that may be shown: about a bin of the finest level for each pixel. */
export function shortestSpan(wallNs: number, levelMax: number): number {
  const wall = runLength(wallNs);
  return Math.min(wall, Math.max(SPAN_FLOOR_NS, (wall / 2 ** levelMax) * TILE_BINS));
}

/** Keeps the span where it can and moves it into the run. */
export function clampView(view: View, wallNs: number, minimumNs: number): View {
  const wall = runLength(wallNs);
  const span = Math.min(wall, Math.max(minimumNs, view.t1 - view.t0));
  const t0 = Math.min(wall - span, Math.max(0, view.t0));
  return Number.isFinite(t0) ? { t0, t1: t0 + span } : { t0: 0, t1: wall };
}

/** Zooms by a factor (< 1: in) and keeps the given time where it is on the screen. */
export function zoomAt(
  view: View,
  factor: number,
  atNs: number,
  wallNs: number,
  minimumNs: number,
): View {
  const span = view.t1 - view.t0;
  const next = Math.min(runLength(wallNs), Math.max(minimumNs, span * factor));
  const t0 = atNs - ((atNs - view.t0) / span) * next;
  return clampView({ t0, t1: t0 + next }, wallNs, minimumNs);
}

export function panBy(view: View, deltaNs: number, wallNs: number): View {
  return clampView({ t0: view.t0 + deltaNs, t1: view.t1 + deltaNs }, wallNs, view.t1 - view.t0);
}

export function isWhole(view: View, wallNs: number): boolean {
  return view.t0 <= 0 && view.t1 >= runLength(wallNs);
}

/** Moves the view just far enough to show a span, with room around it; zooms out only if it does not fit. */
export function reveal(view: View, startNs: number, endNs: number, wallNs: number): View {
  const span = view.t1 - view.t0;
  const length = endNs - startNs;
  if (length > span * 0.8) {
    return clampView({ t0: startNs - length * 0.2, t1: endNs + length * 0.2 }, wallNs, span);
  }
  if (startNs >= view.t0 && endNs <= view.t1) return view;
  const middle = (startNs + endNs) / 2;
  return clampView({ t0: middle - span / 2, t1: middle + span / 2 }, wallNs, span);
}

export function timeAt(view: View, x: number, width: number): number {
  return view.t0 + (x / width) * (view.t1 - view.t0);
}

/** Subtracts before it scales, so that nanoseconds late in a long run keep their place. */
export function xAt(view: View, timeNs: number, width: number): number {
  return ((timeNs - view.t0) / (view.t1 - view.t0)) * width;
}

/** The coarsest level whose bins are not wider than a pixel, so that no state is lost between two pixels. */
export function levelFor(view: View, wallNs: number, pixels: number, levelMax: number): number {
  const exact = Math.log2((runLength(wallNs) / (view.t1 - view.t0)) * pixels);
  return Math.min(levelMax, Math.max(LEVEL_MIN, Math.ceil(exact - 1e-9)));
}
