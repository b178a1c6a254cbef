/**
 * Splits a whole number in proportion to weights so that the parts are whole and sum up to it: largest remainders,
 * the earlier weight first where they are equal. Weights are whole numbers; without any weight the first part gets all.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum === 0) return weights.map((_, index) => (index === 0 ? total : 0));
  const parts = weights.map((weight) => shareOf(total, weight, sum));
  const order = parts.map((_, index) => index);
  order.sort((a, b) => (parts[b]?.rest ?? 0) - (parts[a]?.rest ?? 0) || a - b);
  const result = parts.map((part) => part.whole);
  let missing = total - result.reduce((a, b) => a + b, 0);
  for (const index of order) {
    if (missing === 0) break;
    result[index] = (result[index] ?? 0) + 1;
    missing--;
  }
  return result;
}

/** ⌊total × weight ÷ sum⌋ and the remainder, exact beyond 2^53 because the product is split. */
function shareOf(total: number, weight: number, sum: number): { whole: number; rest: number } {
  const rounds = Math.floor(total / sum);
  const product = (total - rounds * sum) * weight;
  const whole = Math.floor(product / sum);
  return { whole: rounds * weight + whole, rest: product - whole * sum };
}
