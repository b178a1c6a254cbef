import type { Sampled } from './books';
import { longestStack } from './segments';

/**
 * Four times CPython's default switch interval. Running Python code, asked to release, does so after one; a busy
 * machine may make it two or three.
 */
export const LONG_HOLD_NS = 20_000_000;
/** Native code stays at its line: where samples show this part of a hold or less at one stack, Python code ran on. */
const ONE_PLACE_SHARE = 0.9;
/** Twice the interval on the processor: Python code is asked after one, and heeds it at once. */
const RAN_NS = 10_000_000;
/** A holder that neither runs nor gives up for so long sleeps in native code; a shorter time may be preemption. */
const ASLEEP_NS = 250_000_000;
/** It sleeps if it runs for less than this part of the hold. */
const ASLEEP_SHARE = 0.1;

/**
 * Whether one native call, rather than Python code that was preempted, made a hold so long: its samples stay at one
 * stack, and between them the thread used the processor for longer than Python code could without letting go, or
 * hardly at all for very long.
 */
export function isKeptByNativeCode(
  acquiredNs: number,
  releasedNs: number,
  samples: Sampled,
): boolean {
  const ns = releasedNs - acquiredNs;
  if (ns <= LONG_HOLD_NS) return false;
  if (longestStack(acquiredNs, releasedNs, samples).ns <= ONE_PLACE_SHARE * ns) return false;
  const known = samples.cpuNs.filter((cpuNs) => cpuNs > 0);
  const [first] = known;
  const last = known.at(-1);
  // Without CPU times the place has to do.
  if (first === undefined || last === undefined || known.length < 2) return true;
  const ranNs = last - first;
  return ranNs > RAN_NS || (ns >= ASLEEP_NS && ranNs < ASLEEP_SHARE * ns);
}
