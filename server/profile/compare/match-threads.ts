import type { ProcessRow, Profile, ThreadRow } from '../../protocol';
import { idOfItsProcess, processesById } from '../process-id';

/** A thread of one run or of both. */
export interface ThreadPair {
  readonly before: ThreadRow | null;
  readonly after: ThreadRow | null;
}

/**
 * Threads of two runs by process, interpreter and name, those of one name in their order; then by their names without
 * numbers, which Python counts up.
 */
export function matchThreads(before: Profile, after: Profile): ThreadPair[] {
  const oldProcesses = processKeys(before.processes);
  const newProcesses = processKeys(after.processes);
  const left = new Set(after.threads);
  const found = new Map<ThreadRow, ThreadRow>();
  for (const nameOf of [(name: string) => name, withoutNumbers]) {
    const waiting = new Map<string, ThreadRow[]>();
    for (const row of left) {
      const key = keyOf(row, newProcesses, nameOf);
      const rows = waiting.get(key);
      if (rows === undefined) waiting.set(key, [row]);
      else rows.push(row);
    }
    for (const row of before.threads) {
      if (found.has(row)) continue;
      const other = waiting.get(keyOf(row, oldProcesses, nameOf))?.shift();
      if (other === undefined) continue;
      found.set(row, other);
      left.delete(other);
    }
  }
  return [
    ...before.threads.map((row) => ({ before: row, after: found.get(row) ?? null })),
    ...[...left].map((row) => ({ before: null, after: row })),
  ];
}

function keyOf(
  row: ThreadRow,
  processes: ReadonlyMap<string, string>,
  nameOf: (name: string) => string,
): string {
  const interpreter = row.gil.slice(row.gil.indexOf('/') + 1);
  return JSON.stringify([processes.get(idOfItsProcess(row)), interpreter, nameOf(row.name)]);
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, '#');
}

/** By id: the scripts on the way from the first process to this one, and which of their children it is. */
function processKeys(processes: readonly ProcessRow[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  /** By pid, of the last program until then. */
  const parents = new Map<number, string>();
  const counts = new Map<string, number>();
  for (const [id, { pid, parentPid, argv }] of processesById(processes)) {
    const path = `${parents.get(parentPid) ?? ''}>${(argv[0] ?? '').split(/[\\/]/).at(-1) ?? ''}`;
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    const key = `${path}#${count}`;
    keys.set(id, key);
    parents.set(pid, key);
  }
  return keys;
}
