import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, processTree, type ProcessId } from './process-tree-linux';
import { errnoOf } from './run-error';

export interface StopOptions {
  /** How long a signal has before the next, stronger one. */
  readonly graceMs?: number;
  /** Told of each signal that is sent, the strongest one last. */
  readonly onSignal?: (pid: number, signal: NodeJS.Signals) => void;
}

const GRACE_MS = 3000;
const POLL_MS = 20;

/**
 * Ends a program and everything it started: SIGINT (Python's KeyboardInterrupt: it can clean up), then SIGTERM, then
 * SIGKILL to what is left. Resolves when all are gone, or could not be killed.
 * @returns The strongest signal that was needed; null: it was gone already.
 */
export async function stopProcesses(
  pid: number,
  { graceMs = GRACE_MS, onSignal }: StopOptions = {},
): Promise<'SIGINT' | 'SIGTERM' | 'SIGKILL' | null> {
  // Orphans leave the tree when their parent ends, so the first look counts to the end.
  let targets = processTree(pid);
  if (targets.length === 0) return null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    targets = merge(targets, processTree(pid)).filter(isAlive);
    for (const target of targets) {
      if (send(target, signal)) onSignal?.(target.pid, signal);
    }
    if (await gone(targets, graceMs)) return signal;
  }
  return 'SIGKILL';
}

function merge(known: readonly ProcessId[], more: readonly ProcessId[]): ProcessId[] {
  return [...known, ...more.filter(({ pid }) => !known.some((other) => other.pid === pid))];
}

/** Whether it was still there to get it. */
function send(target: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  try {
    process.kill(target.pid, signal);
    // A stopped process gets nothing but SIGKILL until it goes on.
    process.kill(target.pid, 'SIGCONT');
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH' && errnoOf(error) !== 'EPERM') throw error;
    return false;
  }
}

async function gone(targets: readonly ProcessId[], graceMs: number): Promise<boolean> {
  const until = performance.now() + graceMs;
  while (targets.some(isAlive)) {
    if (performance.now() >= until) return false;
    await delay(POLL_MS);
  }
  return true;
}
