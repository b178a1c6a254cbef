import type { Change } from '../../protocol-comparison';

/** A time that is the sum of many. */
export interface Summed {
  readonly ns: number;
  /** Of how many, as far as known. */
  readonly count: number;
  /** The longest of them; 0: not known. */
  readonly maxNs: number;
}

/** Two standard deviations: 19 of 20 differences by chance are smaller. */
const WIDTH = 2;

/**
 * A time before and after. Its spread is that of a sum of so many events at random times; of their lengths only the
 * longest is known, and the others are taken to be alike, which makes it the least that the spread can be.
 */
export function changeOfTime(before: Summed, after: Summed): Change {
  const spread = WIDTH * Math.sqrt(variance(before) + variance(after));
  return { before: before.ns, after: after.ns, spread: Math.round(spread) };
}

/** A count before and after: events at random times. */
export function changeOfCount(before: number, after: number): Change {
  return { before, after, spread: Math.round(WIDTH * Math.sqrt(before + after)) };
}

/** A number of which one run does not tell by how much it varies. */
export function changeOfOne(before: number, after: number): Change {
  return { before, after, spread: null };
}

function variance({ ns, count, maxNs }: Summed): number {
  if (ns <= 0) return 0;
  if (count <= 1) return ns * ns;
  const longest = Math.min(maxNs, ns);
  if (longest === 0) return (ns * ns) / count;
  return longest * longest + (ns - longest) ** 2 / (count - 1);
}
