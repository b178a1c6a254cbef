/** Durations as people read them: "980 ns", "42 µs", "310 ms", "1.24 s", "2 min 5 s", "3 h 7 min". */

const UNITS: readonly { readonly ns: number; readonly name: string }[] = [
  { ns: 1, name: 'ns' },
  { ns: 1_000, name: 'µs' },
  { ns: 1_000_000, name: 'ms' },
  { ns: 1_000_000_000, name: 's' },
];
const SECOND_NS = 1_000_000_000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** Three significant digits, in the unit that leaves 1 … 999 before the point; whole seconds from a minute on. */
export function formatDuration(ns: number): string {
  if (ns < 0) return `-${formatDuration(-ns)}`;
  const seconds = Math.round(ns / SECOND_NS);
  if (seconds >= HOUR_S) return formatHours(seconds);
  // From 59.95 s on, three digits would read "60.0 s".
  if (ns >= 59.95 * SECOND_NS) return formatPair(seconds, MINUTE_S, 'min', 's');
  for (const [index, unit] of UNITS.entries()) {
    const digits = threeDigits(ns / unit.ns);
    if (Number(digits) < 1000 || index === UNITS.length - 1) return `${digits} ${unit.name}`;
  }
  return `${ns} ns`;
}

function formatHours(seconds: number): string {
  return formatPair(Math.round(seconds / MINUTE_S), MINUTE_S, 'h', 'min');
}

function formatPair(total: number, base: number, large: string, small: string): string {
  const rest = total % base;
  const head = `${Math.floor(total / base)} ${large}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}

/** 1.24, 12.4, 310, without zeros at the end of a fraction. */
function threeDigits(value: number): string {
  if (value >= 999.5) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
