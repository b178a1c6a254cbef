import type { Place } from '../../server/protocol';
import type { BlameSums } from '../../server/protocol-analysis';

/** A row or column of the matrix. */
export type Party =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'handoff' }
  | { readonly kind: 'others' };

export interface BlameCell {
  readonly ns: number;
  readonly count: number;
  /** Longest single wait; null where several pairs were summed, of which only sums are meaningful. */
  readonly maxNs: number | null;
}

export interface BlameMatrix {
  readonly waiters: readonly Party[];
  readonly holders: readonly Party[];
  /** By waiter, then holder; null: never. */
  readonly cells: readonly (readonly (BlameCell | null)[])[];
  readonly largestNs: number;
}

export function placeKey(place: Place): string {
  return `${place.file}\n${place.line}\n${place.function}`;
}

/** Who waited for whom: the `limit` costliest places each way, the rest summed up as others; nothing is left out. */
export function buildMatrix(rows: readonly BlameSums[], limit: number): BlameMatrix {
  const waiters = rank(rows, (row) => row.waiter, limit);
  const holders = rank(rows, (row) => row.holder, limit);
  const cells: (BlameCell | null)[][] = waiters.parties.map(() => holders.parties.map(() => null));
  let largestNs = 0;
  for (const row of rows) {
    const line = cells[waiters.indexOf(row.waiter)];
    const at = holders.indexOf(row.holder);
    if (line === undefined) continue;
    const before = line[at] ?? null;
    const cell: BlameCell =
      before === null
        ? { ns: row.ns, count: row.count, maxNs: row.maxNs }
        : { ns: before.ns + row.ns, count: before.count + row.count, maxNs: null };
    line[at] = cell;
    largestNs = Math.max(largestNs, cell.ns);
  }
  return { waiters: waiters.parties, holders: holders.parties, cells, largestNs };
}

interface Ranking {
  readonly parties: readonly Party[];
  indexOf(place: Place | null): number;
}

function rank(
  rows: readonly BlameSums[],
  side: (row: BlameSums) => Place | null,
  limit: number,
): Ranking {
  const sums = new Map<string, { readonly place: Place | null; ns: number }>();
  const keyOf = (place: Place | null): string => (place === null ? '' : placeKey(place));
  for (const row of rows) {
    const place = side(row);
    const sum = sums.get(keyOf(place)) ?? { place, ns: 0 };
    sum.ns += row.ns;
    sums.set(keyOf(place), sum);
  }
  const sorted = [...sums].sort((a, b) => b[1].ns - a[1].ns);
  const top = sorted.length <= limit ? sorted : sorted.slice(0, limit - 1);
  const parties: Party[] = top.map(([, { place }]) =>
    place === null ? { kind: 'handoff' } : { kind: 'place', place },
  );
  if (top.length < sorted.length) parties.push({ kind: 'others' });
  const indexes = new Map(top.map(([key], index) => [key, index]));
  return {
    parties,
    indexOf: (place) => indexes.get(keyOf(place)) ?? parties.length - 1,
  };
}
