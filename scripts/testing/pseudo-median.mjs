// The middle of many noisy numbers, and how sure it is, where their distribution is symmetric.

/** Of the normal distribution: 5 % lie beyond. */
const Z = 1.645;
const FEWEST = 10;
/** Halvings after which the bounds are as close as numbers can be. */
const HALVINGS = 60;

/**
 * The median of the means of all pairs (Hodges and Lehmann), and its 90 % interval by Wilcoxon's signed ranks: of normal
 * numbers it needs two thirds as many as the median does. Null of fewer than ten numbers.
 */
export function pseudoMedian(numbers) {
  const count = numbers.length;
  if (count < FEWEST) return null;
  const ordered = Float64Array.from(numbers).sort();
  const pairs = (count * (count + 1)) / 2;
  const spread = Math.sqrt((count * (count + 1) * (2 * count + 1)) / 24);
  const beyond = Math.floor(pairs / 2 - Z * spread - 0.5);
  const upper = pairMean(ordered, Math.floor(pairs / 2) + 1);
  const lower = pairMean(ordered, Math.ceil(pairs / 2));
  return {
    middle: (lower + upper) / 2,
    low: pairMean(ordered, beyond + 1),
    high: pairMean(ordered, pairs - beyond),
  };
}

/** The mean of a pair that is the rank-th smallest, from 1; each number makes a pair with itself, too. */
function pairMean(ordered, rank) {
  let low = ordered[0];
  let high = ordered[ordered.length - 1];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (pairsUpTo(ordered, 2 * middle) >= rank) high = middle;
    else low = middle;
  }
  return high;
}

/** How many pairs have a sum of no more than this. */
function pairsUpTo(ordered, sum) {
  let pairs = 0;
  let last = ordered.length - 1;
  for (let first = 0; first <= last; first += 1) {
    while (last >= first && ordered[first] + ordered[last] > sum) last -= 1;
    if (last >= first) pairs += last - first + 1;
  }
  return pairs;
}
