import type { BlameRow, LockRow, LockSite } from '../protocol';
import type { TraceState } from '../trace/events';
import { KeyIndex } from './key-index';
import { NOBODY } from './ledger';
import type { LineIndex } from './line-index';
import { LOCK_CELL, LOCK_SUM, type LockSums, SPAN } from './lock-books';
import type { LockGroup, LockGroups } from './lock-groups';
import { estimatedNsOf, type LockLedger, SITE } from './lock-ledger';

/** Costliest first: contention, then waits for work, then holds. Locks that were never used have no row. */
export function lockRowsOf(
  state: TraceState,
  sums: LockSums,
  groups: LockGroups,
  ledger: LockLedger,
  lines: LineIndex,
): LockRow[] {
  const cellsOf: number[][] = groups.groups.map(() => []);
  for (let cell = 0; cell < sums.cells.count; cell++) {
    cellsOf[groups.ofCell[cell] ?? -1]?.push(cell);
  }
  const sites = sitesOf(groups, ledger, lines);
  return groups.groups
    .map((group, index) => rowOf(state, sums, group, cellsOf[index] ?? [], sites[index] ?? []))
    .filter((row) => row.acquires > 0 || row.waitNs > 0 || row.works > 0 || row.holdNs > 0)
    .sort(
      (a, b) =>
        b.waitNs - a.waitNs ||
        b.workNs - a.workNs ||
        b.holdNs - a.holdNs ||
        b.acquires - a.acquires ||
        (a.id < b.id ? -1 : 1),
    );
}

function rowOf(
  state: TraceState,
  sums: LockSums,
  { id, process, identity, locks, instances }: LockGroup,
  cells: readonly number[],
  sites: readonly LockSite[],
): LockRow {
  const sum = (field: number) =>
    cells.reduce((total, cell) => total + sums.cellSums.get(cell, field), 0);
  const longest = (field: number) =>
    cells.reduce((max, cell) => Math.max(max, sums.cellSums.get(cell, field)), 0);
  const ofLocks = (field: number) =>
    locks.reduce((total, lock) => total + sums.locks.get(lock, field), 0);
  const estimatedHoldNs = cells.reduce(
    (total, cell) => total + estimatedNsOf(sums.cellSums, cell),
    0,
  );
  const totals = totalsOf(state, locks);
  const recordedNs = sum(LOCK_CELL.waitNs);
  const unattributedNs = totals.lost
    ? Math.max(0, totals.waitNs - recordedNs - sum(LOCK_CELL.workNs))
    : 0;
  return {
    id,
    pid: state.processes[process]?.pid ?? 0,
    kind: identity.kind,
    name: identity.name,
    createdAt: { file: identity.createdAt.file, line: identity.createdAt.line },
    library: identity.library,
    instances: Math.max(instances, 1),
    acquires: totals.acquires,
    contended: Math.max(sum(LOCK_CELL.waits), totals.lost ? totals.contended : 0),
    waitNs: recordedNs + unattributedNs,
    holdNs: sum(LOCK_CELL.holdNs) + estimatedHoldNs,
    estimatedHoldNs,
    maxWaitNs: longest(LOCK_CELL.maxWaitNs),
    maxHoldNs: longest(LOCK_CELL.maxHoldNs),
    handoffNs: ofLocks(LOCK_SUM.handOffNs),
    throughGilNs: ofLocks(LOCK_SUM.throughGilNs),
    throughLockNs: ofLocks(LOCK_SUM.throughLockNs),
    unattributedNs,
    spinNs: sum(LOCK_CELL.spunNs),
    spins: sum(LOCK_CELL.spins),
    workNs: sum(LOCK_CELL.workNs),
    works: sum(LOCK_CELL.works),
    maxWorkNs: longest(LOCK_CELL.maxWorkNs),
    sites,
  };
}

function totalsOf(state: TraceState, locks: readonly number[]) {
  const totals = { acquires: 0, contended: 0, waitNs: 0, lost: false };
  for (const lock of locks) {
    const known = state.locks[lock];
    if (known === undefined) continue;
    totals.acquires += known.acquires;
    totals.contended += known.contended;
    totals.waitNs += known.waitNs;
    totals.lost ||= known.lostRows > 0;
  }
  return totals;
}

function sitesOf({ groups }: LockGroups, { sites }: LockLedger, lines: LineIndex): LockSite[][] {
  const rows: LockSite[][] = groups.map(() => []);
  for (let site = 0; site < sites.keys.count; site++) {
    const of = (field: number) => sites.sums.get(site, field);
    rows[sites.keys.firstOf(site)]?.push({
      ...lines.placeOf(sites.keys.secondOf(site)),
      waitNs: of(SITE.waitNs),
      holdNs: of(SITE.holdNs),
      blocksNs: of(SITE.blocksNs),
      acquires: Math.round(of(SITE.acquires)),
      workNs: of(SITE.workNs),
    });
  }
  const cost = (row: LockSite) => row.waitNs + row.blocksNs + row.workNs;
  for (const row of rows) row.sort((a, b) => cost(b) - cost(a) || b.holdNs - a.holdNs);
  return rows;
}

export function lockBlameRowsOf(
  groups: LockGroups,
  ledger: LockLedger,
  lines: LineIndex,
): BlameRow[] {
  return groups.groups.flatMap(({ id }, group) => {
    const { keys, sums } = ledger.blame[group] ?? { keys: new KeyIndex(), sums: null };
    return Array.from({ length: keys.count }, (_, row) => {
      const holder = keys.secondOf(row);
      return {
        lock: id,
        waiter: lines.placeOf(keys.firstOf(row)),
        holder: holder === NOBODY ? null : lines.placeOf(holder),
        ns: sums?.get(row, SPAN.ns) ?? 0,
        count: sums?.get(row, SPAN.count) ?? 0,
        maxNs: sums?.get(row, SPAN.maxNs) ?? 0,
      };
    });
  });
}
