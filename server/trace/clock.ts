import { CLOCK } from './format';
import type { TraceHeader } from './header';

/** From ticks of a trace to integer nanoseconds since the start of the run. */
export interface Clock {
  /** Ticks are exact numbers relative to this: below 2^53 ticks, 26 days at 4 GHz, either way. */
  readonly originTicks: bigint;
  /** Nanoseconds a tick; 1 where nothing tells it. */
  readonly rate: number;
  readonly rateKnown: boolean;
  /** Time of the origin. */
  readonly offsetNs: number;
}

/** A clock slower than 10 kHz or faster than 10 THz is nonsense. */
const RATE_MIN = 1e-4;
const RATE_MAX = 1e5;

/** Rounded once for each absolute time, so that all later sums are of integers. */
export function toNs(clock: Clock, relativeTicks: number): number {
  return Math.round(relativeTicks * clock.rate + clock.offsetNs) + 0;
}

export function relativeTicks(clock: Clock, ticks: bigint): number {
  return Number(ticks - clock.originTicks);
}

/**
 * The clock of the run's root process, from its two first anchors; null while the second is not there. Of a process
 * that is over (`dead`) without a second anchor (killed within 50 ms) the latest anchor serves, then that of another
 * process with the same kind of clock.
 */
export function rootClock(
  root: TraceHeader,
  dead: boolean,
  others: readonly TraceHeader[],
): Clock | null {
  let rate = rateOf(root, dead);
  if (rate === null && !dead) return null;
  for (const other of others) {
    if (rate === null && other.clock === root.clock) rate = rateOf(other, true);
  }
  return { originTicks: root.startTicks, ...rateOrOne(rate), offsetNs: 0 };
}

/**
 * The clock of another process of the run: the same, if of the same kind; else tied to the root's by
 * CLOCK_MONOTONIC. Null while its second anchor is not there.
 */
export function processClock(
  header: TraceHeader,
  dead: boolean,
  root: TraceHeader,
  clock: Clock,
): Clock | null {
  if (header.clock === root.clock) return clock;
  const rate = rateOf(header, dead);
  if (rate === null && !dead) return null;
  const sinceRootAnchor = Number(header.anchor0Ns - root.anchor0Ns);
  const rootAnchorNs = Number(root.anchor0Ticks - clock.originTicks) * clock.rate;
  return {
    originTicks: header.anchor0Ticks,
    ...rateOrOne(rate),
    offsetNs: Math.round(sinceRootAnchor + rootAnchorNs),
  };
}

function rateOrOne(rate: number | null): Pick<Clock, 'rate' | 'rateKnown'> {
  return { rate: rate ?? 1, rateKnown: rate !== null };
}

/** Nanoseconds a tick by the process's own anchors, or null while they do not tell. */
export function rateOf(header: TraceHeader, dead: boolean): number | null {
  if (header.clock === CLOCK.monotonicNs) return 1;
  const first = rateBetween(header, header.anchor1Ticks, header.anchor1Ns);
  if (first !== null || !dead) return first;
  return rateBetween(header, header.anchorLatestTicks, header.anchorLatestNs);
}

function rateBetween(header: TraceHeader, ticks: bigint, ns: bigint): number | null {
  if (ticks <= header.anchor0Ticks || ns <= header.anchor0Ns) return null;
  const rate = Number(ns - header.anchor0Ns) / Number(ticks - header.anchor0Ticks);
  return rate >= RATE_MIN && rate <= RATE_MAX ? rate : null;
}

/** From here on a count of ticks is not exact as a number: in a sound trace there is none. */
export const TICKS_MAX = 2 ** 53;
