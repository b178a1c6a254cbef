import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { tracedProcesses } from './other-processes';
import type { ProcessId } from './process-tree-linux';
import { stopProcesses, type StopOptions } from './stop-processes';

/**
 * Ends what writes a trace into this folder, and everything it started, as {@link stopProcesses} does: for a program
 * that somebody else started. Resolves when all are gone.
 * @returns what was found
 */
export async function stopTraced(
  runFolder: string,
  options: StopOptions = {},
): Promise<ProcessId[]> {
  const found = tracedProcesses(runFolder).filter(({ pid }) => writesInto(pid, runFolder));
  await Promise.all(found.map(({ pid }) => stopProcesses(pid, options)));
  return found;
}

/** A trace is named as its process calls itself, which in a namespace of its own is another process's name outside. */
function writesInto(pid: number, runFolder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1').includes(`/${basename(runFolder)}/${pid}`);
  } catch {
    return false;
  }
}
