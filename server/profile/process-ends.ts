import type { ExitStatus } from '../protocol';
import type { ProcessState, TraceState } from '../trace/events';

const UNSEEN: ExitStatus = { code: null, signal: null };

/**
 * How each process ended: as the launcher saw it of the one that it started, as the process itself said, or as another
 * process of the run learnt it of its child, which is how one knows of a child that was killed.
 */
export function exitsOf(state: TraceState, launched: ExitStatus): ExitStatus[] {
  const last = lastOf(state, rootOf(state)?.pid ?? 0);
  return state.processes.map((process) => {
    if (process.replaced === true) return UNSEEN;
    if (process === last && hasEnded(launched)) return launched;
    if (process.exitCode !== null) return { code: process.exitCode, signal: null };
    return learntOf(state, process);
  });
}

/** The process that the launcher started: the first whose parent is not of the run. */
export function rootOf(state: TraceState): ProcessState | undefined {
  const pids = new Set(state.processes.map((process) => process.pid));
  return state.processes.find((process) => !pids.has(process.parentPid));
}

/** What the program became at its end, where that is no program of the run. */
export function becameUnknown(state: TraceState): ProcessState | null {
  const last = lastOf(state, rootOf(state)?.pid ?? 0);
  return last?.replaced === true ? last : null;
}

/** By process: the children whose ends it learnt that have no trace. */
export function otherChildrenOf(state: TraceState): number[] {
  const ends = state.processes
    .flatMap(({ childEnds = [] }, parent) =>
      childEnds.map(({ pid, atNs }) => ({ parent, pid, atNs })),
    )
    .sort((a, b) => a.atNs - b.atNs);
  const counts = state.processes.map(() => 0);
  const lastEndNs = new Map<number, number>();
  for (const { parent, pid, atNs } of ends) {
    // Pids are used again.
    const sinceNs = lastEndNs.get(pid) ?? -Infinity;
    lastEndNs.set(pid, atNs);
    const isRecorded = state.processes.some(
      (process) => process.pid === pid && process.startNs > sinceNs && process.startNs <= atNs,
    );
    if (!isRecorded) counts[parent] = (counts[parent] ?? 0) + 1;
  }
  return counts;
}

/** The last program of a pid that executed several. */
function lastOf(state: TraceState, pid: number): ProcessState | undefined {
  return state.processes.filter((process) => process.pid === pid).at(-1);
}

/** By the first parent that learnt of the end of this pid after the process began: pids are used again. */
function learntOf(state: TraceState, { pid, startNs }: ProcessState): ExitStatus {
  const [end] = state.processes
    .flatMap(({ childEnds = [] }) => childEnds)
    .filter((candidate) => candidate.pid === pid && candidate.atNs >= startNs)
    .sort((a, b) => a.atNs - b.atNs);
  return end === undefined ? UNSEEN : { code: end.code, signal: end.signal };
}

/** Whether an end is known. */
export function hasEnded(exit: ExitStatus): boolean {
  return exit.code !== null || exit.signal !== null;
}
