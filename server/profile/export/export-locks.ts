import type { LockRow } from '../../protocol';
import type { Snapshot } from '../engine';
import { LOCK_CELL } from '../lock-books';
import { idOfItsProcess } from '../process-id';

/** So many have their holds on the time axis. */
const MAX_LOCKS = 64;

/** While one thread had a lock. */
export interface ExportHold {
  /** Index in the profile's threads, -1 unknown. */
  readonly row: number;
  readonly startNs: number;
  readonly endNs: number;
  /** Of the acquisition. */
  readonly stack: number;
}

/** A lock that threads waited for. */
export interface ExportLock {
  /** Its id, as in `processesById`. */
  readonly process: string;
  readonly title: string;
  /** In order, none over another: those that are known each. */
  readonly holds: () => readonly ExportHold[];
}

/** Locks over time. */
export interface ExportLocks {
  /** Those with recorded holds, the longest waits first. */
  readonly locks: readonly ExportLock[];
  /** How many more there are. */
  readonly leftOut: number;
  /** Of any lock of the trace. */
  readonly titleOf: (lock: number) => string;
}

export function exportLocksOf({ profile, locks, threadOfRow }: Snapshot): ExportLocks {
  const { groups, ofLock } = locks.groups;
  const rows = new Map(profile.locks.map((row) => [row.id, row]));
  const rowOf = (lock: number) => rows.get(groups[ofLock[lock] ?? -1]?.id ?? '');
  const waited = waitedLocks(locks.sums).filter((lock) => (rowOf(lock)?.holdNs ?? 0) > 0);
  const toNs = profile.wallNs;
  return {
    locks: waited.slice(0, MAX_LOCKS).map((lock) => ({
      process: processOf(rowOf(lock)),
      title: titleOf(rowOf(lock)),
      holds: () =>
        locks
          .holdsBetween(lock, locks.singleFromNs(lock), toNs)
          .map(({ thread, ...hold }) => ({ ...hold, row: threadOfRow.indexOf(thread) })),
    })),
    leftOut: Math.max(0, waited.length - MAX_LOCKS),
    titleOf: (lock) => titleOf(rowOf(lock)),
  };
}

/** The longest waits first. */
function waitedLocks({ cells, cellSums }: Snapshot['locks']['sums']): number[] {
  const waitNs = new Map<number, number>();
  for (let cell = 0; cell < cells.count; cell++) {
    const ns = cellSums.get(cell, LOCK_CELL.waitNs);
    const lock = cells.firstOf(cell);
    if (ns > 0) waitNs.set(lock, (waitNs.get(lock) ?? 0) + ns);
  }
  return [...waitNs].sort(([a, x], [b, y]) => y - x || a - b).map(([lock]) => lock);
}

function processOf(row: LockRow | undefined): string {
  return row === undefined ? '' : idOfItsProcess(row);
}

function titleOf(row: LockRow | undefined): string {
  if (row === undefined) return 'lock';
  const { kind, name, createdAt } = row;
  if (name !== null) return `${kind} ${name}`;
  return createdAt.line > 0 ? `${kind} (${createdAt.file}:${createdAt.line})` : kind;
}
