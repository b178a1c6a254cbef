export function pseudoMedian(
  numbers: readonly number[],
): { middle: number; low: number; high: number } | null;
