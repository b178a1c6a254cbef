import type { Sampled } from './books';
import { longestStack } from './segments';

/**
 * Four times CPython's default switch interval. Running Python code, asked to release, does so after one; a busy
 * machine may make it two or three.
 */
export const LONG_HOLD_NS = 20_000_000;
/** Native code stays at its line: where samples show this part of a hold or less at one stack, Python code ran on. */
const ONE_PLACE_SHARE = 0.9;
/** On the processor, after it was asked to release: Python code looks at each turn of a loop and each call. */
const RAN_NS = 3_000_000;
/** A holder that neither runs nor gives up for so long sleeps in native code; a shorter time may be preemption. */
const ASLEEP_NS = 250_000_000;
/** It sleeps if it runs for less than this part of the hold. */
const ASLEEP_SHARE = 0.1;

/**
 * Whether one native call made a hold so long, rather than Python code that was preempted, or was not asked because
 * the waiter was: after it was asked to release its samples stay at one stack, and between them the thread used the
 * processor for longer than Python code could without letting go, or hardly at all for very long.
 *
 * @param askedNs when a waiter first asked for the end of the hold; null: nobody did
 */
export function isKeptByNativeCode(
  askedNs: number | null,
  releasedNs: number,
  samples: Sampled,
): boolean {
  if (askedNs === null) return false;
  const ns = releasedNs - askedNs;
  const since = from(askedNs, samples);
  if (ns <= LONG_HOLD_NS || since.at.length === 0) return false;
  if (longestStack(askedNs, releasedNs, since).ns <= ONE_PLACE_SHARE * ns) return false;
  const known = since.cpuNs.filter((cpuNs) => cpuNs > 0);
  const [first] = known;
  const last = known.at(-1);
  // Without CPU times the place has to do.
  if (first === undefined || last === undefined || known.length < 2) return true;
  const ranNs = last - first;
  return ranNs > RAN_NS || (ns >= ASLEEP_NS && ranNs < ASLEEP_SHARE * ns);
}

function from(startNs: number, samples: Sampled): Sampled {
  const first = samples.at.findIndex((at) => at >= startNs);
  const start = first < 0 ? samples.at.length : first;
  return {
    at: samples.at.slice(start),
    stack: samples.stack.slice(start),
    cpuNs: samples.cpuNs.slice(start),
  };
}
