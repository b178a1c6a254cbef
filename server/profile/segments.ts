import type { Sampled } from './books';

/**
 * Cuts a hold with samples at the midpoints between neighbouring samples; `each` gets the pieces in order. Their
 * lengths sum up to the hold.
 */
export function cutAtMidpoints(
  acquiredNs: number,
  releasedNs: number,
  samples: Sampled,
  each: (startNs: number, endNs: number, stack: number) => void,
): void {
  let start = acquiredNs;
  const last = samples.at.length - 1;
  for (let i = 0; i <= last; i++) {
    const at = samples.at[i] as number;
    const end = i === last ? releasedNs : Math.floor((at + (samples.at[i + 1] as number)) / 2);
    each(start, end, samples.stack[i] as number);
    start = end;
  }
}

/** The stack to which most of a hold is charged, the earliest of several, and how much. */
export function longestStack(
  acquiredNs: number,
  releasedNs: number,
  samples: Sampled,
): { readonly stack: number; readonly ns: number } {
  const lengths = new Map<number, number>();
  cutAtMidpoints(acquiredNs, releasedNs, samples, (start, end, stack) => {
    lengths.set(stack, (lengths.get(stack) ?? 0) + end - start);
  });
  let best = { stack: samples.stack[0] ?? 0, ns: 0 };
  for (const [stack, ns] of lengths) if (ns > best.ns) best = { stack, ns };
  return best;
}
