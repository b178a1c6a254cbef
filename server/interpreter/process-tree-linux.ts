import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one of the same id. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot at its start. */
  readonly startTicks: string;
}

interface Stat extends ProcessId {
  readonly parent: number;
  readonly state: string;
}

function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name in brackets may contain anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startTicks: fields[19] ?? '',
  };
}

/** A process and its descendants, parents first; empty when it is gone (or only its parent has not noticed yet). */
export function processTree(root: number): ProcessId[] {
  const rootStat = statOf(root);
  if (rootStat === undefined) return [];
  const children = new Map<number, Stat[]>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat === undefined) continue;
    const siblings = children.get(stat.parent);
    if (siblings === undefined) children.set(stat.parent, [stat]);
    else siblings.push(stat);
  }
  const tree: Stat[] = [rootStat];
  for (const process of tree) tree.push(...(children.get(process.pid) ?? []));
  return tree.filter(({ state }) => state !== 'Z' && state !== 'X');
}

/** The process of this id, undefined if there is none or it is a zombie. */
export function processOf(pid: number): ProcessId | undefined {
  const stat = statOf(pid);
  return stat === undefined || !isAlive(stat) ? undefined : stat;
}

/** Whether this very process is still there and not a zombie. */
export function isAlive(process: ProcessId): boolean {
  const stat = statOf(process.pid);
  return stat?.startTicks === process.startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Whether the terminal's Ctrl-C reaches this process: it is in the foreground group of a terminal. */
export function inTerminalForeground(): boolean {
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY;
  }
}
