import type { Place } from '../../server/protocol';
import type { Lane } from '../../server/protocol-chart';
import type { Translate } from './strings';

const UNITS: readonly (readonly [string, number])[] = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
];

/** A duration with three digits: `1.24 s`, `310 ms`; from a thousand seconds on in minutes and hours. */
export function formatDuration(ns: number): string {
  if (ns <= 0) return '0';
  for (const [unit, size] of UNITS) {
    const rounded = Number((ns / size).toPrecision(3));
    if (rounded < 1000) return `${ns < 1000 ? Math.round(rounded) : rounded} ${unit}`;
  }
  const minutes = Math.round(ns / 60e9);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** When something was, from the start of the run, to the microsecond: `1.620345 s`. Neighbours differ. */
export function formatMoment(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

/** `1,234,567`. Not by `toLocaleString`, whose first call takes longer than all else of the first picture. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A share of the whole: `<1 %` rather than a zero that is not one. */
export function formatShare(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent < 1) return '<1 %';
  return `${percent > 99 && percent < 100 ? '>99' : Math.round(percent)} %`;
}

export function fileName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

/** `main.py:12`; only the file where the line is not known. */
export function formatPlace(place: { readonly file: string; readonly line: number }): string {
  return place.line > 0 ? `${fileName(place.file)}:${place.line}` : fileName(place.file);
}

export function isKnown(place: Place | null): place is Place {
  return place !== null && place.line > 0;
}

export function laneName(lane: Lane, t: Translate): string {
  return lane.name === '' ? t('lane.unnamed', lane.tid) : lane.name;
}
