import type { BlameRow, LockRow, LockSite } from '../protocol';
import type { TraceState } from '../trace/events';
import { KeyIndex } from './key-index';
import { NOBODY } from './ledger';
import type { LineIndex } from './line-index';
import { LOCK_CELL, LOCK_SUM, type LockSums, SPAN } from './lock-books';
import type { LockGroup, LockGroups } from './lock-groups';
import { estimatedNsOf, type LockLedger, SITE } from './lock-ledger';
import type { OpenLockState } from './lock-open';
import { type LockRest, LockRests } from './lock-rest';

export interface LockRowsInput {
  readonly state: TraceState;
  readonly sums: LockSums;
  readonly groups: LockGroups;
  readonly ledger: LockLedger;
  readonly lines: LineIndex;
  readonly open: OpenLockState;
}

/** Costliest first: contention, then waits for work, then holds. Locks that were never used have no row. */
export function lockRowsOf({ state, sums, groups, ledger, lines, open }: LockRowsInput): LockRow[] {
  const cellsOf: number[][] = groups.groups.map(() => []);
  for (let cell = 0; cell < sums.cells.count; cell++) {
    cellsOf[groups.ofCell[cell] ?? -1]?.push(cell);
  }
  const sites = sitesOf(groups, ledger, lines);
  const rests = new LockRests(state, sums, open);
  return groups.groups
    .map((group, index) => {
      const rest = rests.of([...group.locks, ...group.waiters]);
      return rowOf(state, sums, group, cellsOf[index] ?? [], rest, sites[index] ?? []);
    })
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
  rest: LockRest,
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
  return {
    id,
    pid: state.processes[process]?.pid ?? 0,
    kind: identity.kind,
    name: identity.name,
    createdAt: { file: identity.createdAt.file, line: identity.createdAt.line },
    library: identity.library,
    instances: Math.max(instances, 1),
    acquires: locks.reduce((total, lock) => total + (state.locks[lock]?.acquires ?? 0), 0),
    contended: sum(LOCK_CELL.waits) + rest.waits,
    waitNs: sum(LOCK_CELL.waitNs) + rest.waitNs,
    holdNs: sum(LOCK_CELL.holdNs) + estimatedHoldNs + rest.holdNs,
    estimatedHoldNs,
    unattributedHoldNs: rest.holdNs,
    maxWaitNs: longest(LOCK_CELL.maxWaitNs),
    maxHoldNs: longest(LOCK_CELL.maxHoldNs),
    handoffNs: ofLocks(LOCK_SUM.handOffNs),
    throughGilNs: ofLocks(LOCK_SUM.throughGilNs),
    throughLockNs: ofLocks(LOCK_SUM.throughLockNs),
    unattributedNs: rest.waitNs,
    spinNs: sum(LOCK_CELL.spunNs),
    spins: sum(LOCK_CELL.spins),
    workNs: sum(LOCK_CELL.workNs) + rest.workNs,
    works: sum(LOCK_CELL.works) + rest.works,
    maxWorkNs: longest(LOCK_CELL.maxWorkNs),
    sites,
  };
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
