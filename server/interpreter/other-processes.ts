import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, processOf, type ProcessId } from './process-tree-linux';

/** Helpers such as multiprocessing's resource tracker notice the end of the program, and end a moment later. */
const GRACE_MS = 500;
const POLL_MS = 10;
const TRACE_NAME = /^(\d+)(?:-\d+)?\.trace$/;
const FAILURE_NAME = /^(\d+)\.failed$/;

/**
 * The traced processes that go on after the program has ended, by pid: what they do from now on is not in the profile.
 * Waits a moment for those that end with it.
 */
async function runningProcesses(runFolder: string): Promise<number[]> {
  const until = performance.now() + GRACE_MS;
  let alive = tracedProcesses(runFolder);
  while (alive.length > 0 && performance.now() < until) {
    await delay(POLL_MS);
    alive = alive.filter(isAlive);
  }
  return alive.map(({ pid }) => pid);
}

/** Nothing where somebody removed the folder: whoever reads the run then says so. */
function namesIn(runFolder: string): string[] {
  try {
    return readdirSync(runFolder);
  } catch {
    return [];
  }
}

/** Those that have a trace in this folder and are still there. */
export function tracedProcesses(runFolder: string): ProcessId[] {
  const pids = namesIn(runFolder).flatMap((name) => {
    const pid = TRACE_NAME.exec(name)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
  return [...new Set(pids)].flatMap((pid) => processOf(pid) ?? []);
}

/** Children that the probe could not record, and why: it leaves a link in place of a trace that leads to the reason. */
function unrecordedProcesses(runFolder: string): string[] {
  return namesIn(runFolder).flatMap((name) => {
    const pid = FAILURE_NAME.exec(name)?.[1];
    if (pid === undefined) return [];
    const reason = readlinkSync(join(runFolder, name));
    return [`Process ${pid} could not be recorded: ${reason}.`];
  });
}

/** What became of a program's other processes, for the manifest of its run. */
export async function otherProcesses(
  runFolder: string,
): Promise<{ readonly running: number[]; readonly unrecorded: string[] }> {
  const running = await runningProcesses(runFolder);
  return { running, unrecorded: unrecordedProcesses(runFolder) };
}
