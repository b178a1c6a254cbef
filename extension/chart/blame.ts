import type { GilRow, LockRow, Place } from '../../server/protocol';
import type { BlameSums } from '../../server/protocol-analysis';
import { formatPlace } from './format';

/** A row or column of the matrix. */
export type Party =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: Absent }
  | { readonly kind: 'others' };

/** In the place of a holder: nobody, or it is not recorded. */
export type Absent = 'handoff' | 'unknown';

export interface BlameCell {
  readonly ns: number;
  readonly count: number;
  /** Longest single wait; null where several pairs were summed, of which only sums are meaningful. */
  readonly maxNs: number | null;
  /** What they waited for, ids. */
  readonly locks: readonly string[];
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

/** Locks of which it is not recorded who has them: those inside of objects and of the interpreter. */
export function locksWithoutHolder(locks: readonly LockRow[]): ReadonlySet<string> {
  const isInside = ({ name, kind }: LockRow): boolean =>
    name === 'per-object lock' || kind === 'stop-the-world' || kind === 'runtime';
  return new Set(locks.filter(isInside).map(({ id }) => id));
}

/** What each lock and GIL is called, by its id. */
export function lockNames(
  locks: readonly LockRow[],
  gils: readonly GilRow[],
): ReadonlyMap<string, string> {
  const ofGils = gils.map(({ id }) => [id, gils.length === 1 ? 'GIL' : `GIL ${id}`] as const);
  const ofLocks = locks.map(({ id, kind, name, createdAt }) => {
    const place = createdAt.line > 0 ? ` ${formatPlace(createdAt)}` : '';
    return [id, name ?? `${kind}${place}`] as const;
  });
  return new Map([...ofGils, ...ofLocks]);
}

export function holderOf(row: BlameSums, unknown: ReadonlySet<string>): Place | Absent {
  return row.holder ?? (unknown.has(row.lock) ? 'unknown' : 'handoff');
}

/** Who waited for whom: the `limit` costliest places each way, the rest summed up as others; nothing is left out. */
export function buildMatrix(
  rows: readonly BlameSums[],
  limit: number,
  unknown: ReadonlySet<string>,
): BlameMatrix {
  const waiters = rank(rows, (row) => row.waiter, limit);
  const holders = rank(rows, (row) => holderOf(row, unknown), limit);
  const cells: (BlameCell | null)[][] = waiters.parties.map(() => holders.parties.map(() => null));
  let largestNs = 0;
  for (const row of rows) {
    const line = cells[waiters.indexOf(row.waiter)];
    const at = holders.indexOf(holderOf(row, unknown));
    if (line === undefined) continue;
    const before = line[at] ?? null;
    const cell: BlameCell =
      before === null
        ? { ns: row.ns, count: row.count, maxNs: row.maxNs, locks: [row.lock] }
        : {
            ns: before.ns + row.ns,
            count: before.count + row.count,
            maxNs: null,
            locks: [...new Set([...before.locks, row.lock])],
          };
    line[at] = cell;
    largestNs = Math.max(largestNs, cell.ns);
  }
  return { waiters: waiters.parties, holders: holders.parties, cells, largestNs };
}

interface Ranking {
  readonly parties: readonly Party[];
  indexOf(side: Place | Absent): number;
}

function rank(
  rows: readonly BlameSums[],
  sideOf: (row: BlameSums) => Place | Absent,
  limit: number,
): Ranking {
  const sums = new Map<string, { readonly side: Place | Absent; ns: number }>();
  const keyOf = (side: Place | Absent): string =>
    typeof side === 'string' ? side : placeKey(side);
  for (const row of rows) {
    const side = sideOf(row);
    const sum = sums.get(keyOf(side)) ?? { side, ns: 0 };
    sum.ns += row.ns;
    sums.set(keyOf(side), sum);
  }
  const sorted = [...sums].sort((a, b) => b[1].ns - a[1].ns);
  const top = sorted.length <= limit ? sorted : sorted.slice(0, limit - 1);
  const parties: Party[] = top.map(([, { side }]) =>
    typeof side === 'string' ? { kind: side } : { kind: 'place', place: side },
  );
  if (top.length < sorted.length) parties.push({ kind: 'others' });
  const indexes = new Map(top.map(([key], index) => [key, index]));
  return {
    parties,
    indexOf: (side) => indexes.get(keyOf(side)) ?? parties.length - 1,
  };
}
