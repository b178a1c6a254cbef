// How sure a median is, whatever the numbers' distribution.

/** Each of the two ends is wrong in at most so many cases. */
const TAIL = 0.05;

/**
 * The order statistics between which the true median lies with 90 % confidence at least (the sign test turned round: how
 * many of the numbers fall below the true median is binomial with 1/2). Null of fewer than five numbers.
 */
export function medianInterval(numbers) {
  const ordered = [...numbers].sort((a, b) => a - b);
  const count = ordered.length;
  let below = 0;
  let ways = 1;
  let rank = 0;
  for (; rank <= count / 2; rank += 1) {
    below += ways / 2 ** count;
    if (below > TAIL) break;
    ways = (ways * (count - rank)) / (rank + 1);
  }
  return rank === 0 ? null : { low: ordered[rank - 1], high: ordered[count - rank] };
}
