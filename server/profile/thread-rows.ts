import type { ThreadRow } from '../protocol';
import type { TraceState } from '../trace/events';
import type { Books } from './books';
import { type Ledger, SUM } from './ledger';
import type { Lives } from './lives';
import { processIdOf } from './process-id';
import { laneOrder, threadRowOf } from './rows';

/** A row of the profile's threads, and what it is of. */
export interface ThreadOfRow {
  readonly row: ThreadRow;
  /** -1: the thread never had to do with a GIL. */
  readonly lane: number;
  /** Index in the state. */
  readonly thread: number;
}

/**
 * A row for each thread and GIL, and one for each thread of a process without a GIL. Waits for locks are on the first
 * row of their thread.
 */
export function threadRowsOf(
  books: Books,
  ledger: Ledger,
  state: TraceState,
  lives: Lives,
  lockWaitNs: (thread: number) => number,
): ThreadOfRow[] {
  const seen = new Set<number>();
  const rows = laneOrder(books, state, lives).map((lane) => {
    const thread = books.lanes[lane]?.thread ?? 0;
    const ns = seen.has(thread) ? 0 : lockWaitNs(thread);
    seen.add(thread);
    return { row: threadRowOf(books, ledger, state, lives, lane, ns), lane, thread };
  });
  for (const [thread, { process }] of state.threads.entries()) {
    if (seen.has(thread)) continue;
    if (state.processes[process]?.freeThreaded !== true && lockWaitNs(thread) === 0) continue;
    const row = rowWithoutGil(state, lives, thread, lockWaitNs(thread));
    ledger.addNode(0, SUM.offNs, row.offNs);
    rows.push({ row, lane: -1, thread });
  }
  return rows;
}

/** Towards a GIL that is not there it is off all its life. */
function rowWithoutGil(
  state: TraceState,
  lives: Lives,
  thread: number,
  lockWaitNs: number,
): ThreadRow {
  const known = state.threads[thread];
  const process = known?.process ?? 0;
  const pid = state.processes[process]?.pid ?? 0;
  const gil = `${processIdOf(state, process)}/0`;
  const startNs = lives.threadStartNs[thread] ?? 0;
  const endNs = lives.threadEndNs[thread] ?? 0;
  return {
    ...{ pid, tid: known?.tid ?? 0, name: known?.name ?? '', gil, startNs, endNs },
    ...{ holdNs: 0, waitNs: 0, offNs: endNs - startNs, lockWaitNs, nativeNs: 0, blocksNs: 0 },
    ...{ acquires: 0, contended: 0, forcedReleases: 0, maxHoldNs: 0, maxWaitNs: 0 },
  };
}
