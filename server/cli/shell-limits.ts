import { readFileSync } from 'node:fs';

/**
 * The soft limit of open files that the shell has, and so plain `python` would: Node raises its own to the hard one
 * when it starts. Nothing where the system does not tell.
 */
export function shellOpenFiles(parent = process.ppid): { openFiles?: number } {
  try {
    const limits = readFileSync(`/proc/${parent}/limits`, 'utf8');
    const soft = /^Max open files\s+(\d+)\s/m.exec(limits)?.[1];
    return soft === undefined ? {} : { openFiles: Number(soft) };
  } catch {
    return {};
  }
}
