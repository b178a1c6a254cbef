export function medianInterval(numbers: readonly number[]): { low: number; high: number } | null;
