import type { ChartMeta } from '../server/protocol-chart';
import type { BlameSums } from '../server/protocol-analysis';

/** Numbers of a pair: waiter, holder, lock, ns, count, maxNs. */
const BLAME_NUMBERS = 6;

/** Pairs with their places; what names a place or lock that is not there is left out. */
export function unpackBlame({ places, locks, numbers }: ChartMeta['blame']): readonly BlameSums[] {
  const rows: BlameSums[] = [];
  for (let at = 0; at + BLAME_NUMBERS <= numbers.length; at += BLAME_NUMBERS) {
    const [from = -1, to = -1, by = -1, ns = 0, count = 0, maxNs = 0] = numbers.slice(
      at,
      at + BLAME_NUMBERS,
    );
    const waiter = places[from];
    const holder = to < 0 ? null : places[to];
    const lock = locks[by];
    if (waiter === undefined || holder === undefined || lock === undefined) continue;
    rows.push({ lock, waiter, holder, ns, count, maxNs });
  }
  return rows;
}
