import type { GilRow, LockRow, ProcessRow, ThreadRow } from '../protocol';

interface WithPid {
  readonly pid: number;
}

/**
 * `PID`; `PID-1` of the second program of the same pid (exec, or a pid that was used again). The ids of GILs and locks
 * begin with it.
 */
export function processIdOf(
  state: { readonly processes: readonly WithPid[] },
  index: number,
): string {
  const pid = state.processes[index]?.pid ?? 0;
  let before = 0;
  for (let earlier = 0; earlier < index; earlier++)
    if (state.processes[earlier]?.pid === pid) before++;
  return idOf(pid, before);
}

/** The id of the process of a row: two of them may have one pid. */
export function idOfItsProcess(row: GilRow | LockRow | ThreadRow): string {
  const gil = 'gil' in row ? row.gil : row.id;
  return gil.slice(0, gil.indexOf('/'));
}

/** In their order. */
export function processesById(rows: readonly ProcessRow[]): ReadonlyMap<string, ProcessRow> {
  const counts = new Map<number, number>();
  const found = new Map<string, ProcessRow>();
  for (const row of rows) {
    const before = counts.get(row.pid) ?? 0;
    counts.set(row.pid, before + 1);
    found.set(idOf(row.pid, before), row);
  }
  return found;
}

function idOf(pid: number, before: number): string {
  return before === 0 ? `${pid}` : `${pid}-${before}`;
}
