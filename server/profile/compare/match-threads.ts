import type { ProcessRow, Profile, ThreadRow } from '../../protocol';

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
  { pid, gil, name }: ThreadRow,
  processes: ReadonlyMap<number, string>,
  nameOf: (name: string) => string,
): string {
  const interpreter = gil.slice(gil.indexOf('/') + 1);
  return JSON.stringify([processes.get(pid), interpreter, nameOf(name)]);
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, '#');
}

/** By pid: the scripts on the way from the first process to this one, and which of their children it is. */
function processKeys(processes: readonly ProcessRow[]): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  const counts = new Map<string, number>();
  for (const { pid, parentPid, argv } of processes) {
    const path = `${keys.get(parentPid) ?? ''}>${(argv[0] ?? '').split(/[\\/]/).at(-1) ?? ''}`;
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    keys.set(pid, `${path}#${count}`);
  }
  return keys;
}
