import type { TraceState } from '../trace/events';
import { type Books, CELL, LANE } from './books';

/** From when to when the threads and processes of a state are known to have lived. */
export interface Lives {
  readonly processEndNs: readonly number[];
  readonly threadStartNs: readonly number[];
  readonly threadEndNs: readonly number[];
}

/**
 * An event counts as a sign of life: a thread begins at its first wait if that is earlier than its recorded start, and
 * a process that still runs reaches to its last event if that is later than its last sign of life.
 */
export function livesOf(books: Books, state: TraceState): Lives {
  const processEndNs = state.processes.map((process) => process.endNs);
  const threadStartNs = state.threads.map((thread) => thread.startNs);
  const lastNs = state.threads.map((thread) => thread.startNs);
  const seen = (thread: number, fromNs: number, toNs: number) => {
    threadStartNs[thread] = Math.min(threadStartNs[thread] ?? fromNs, fromNs);
    lastNs[thread] = Math.max(lastNs[thread] ?? toNs, toNs);
    const process = state.threads[thread]?.process ?? 0;
    processEndNs[process] = Math.max(processEndNs[process] ?? 0, toNs);
  };
  for (const lane of books.lanes) {
    if (lane.lastCell < 0) continue;
    const firstNs = books.laneTimes.get(lane.index, LANE.firstNs);
    seen(lane.thread, firstNs, books.laneTimes.get(lane.index, LANE.lastEndNs));
  }
  for (const { openHold } of state.gils) {
    if (openHold !== null) seen(openHold.thread, openHold.waitStartNs, openHold.acquiredNs);
  }
  for (const [thread, { openWait }] of state.threads.entries()) {
    if (openWait !== null) seen(thread, openWait.startNs, openWait.startNs);
  }
  for (const [thread, { lost, endNs, startNs }] of state.threads.entries()) {
    // Cycles that are only in totals are signs of life too: a thread lived at least as long as they took.
    if (endNs !== null || lost.acquires === 0) continue;
    const begun = threadStartNs[thread] ?? startNs;
    seen(thread, begun, begun + busiestNs(books, thread) + lost.holdNs + lost.waitNs);
  }
  const threadEndNs = state.threads.map((thread, index) =>
    Math.max(thread.endNs ?? processEndNs[thread.process] ?? 0, lastNs[index] ?? 0),
  );
  return { processEndNs, threadStartNs, threadEndNs };
}

/** Recorded holds and waits of the thread on the GIL where it has most of them. */
function busiestNs(books: Books, thread: number): number {
  const busyNs = new Map<number, number>();
  for (const lane of books.lanes) {
    if (lane.thread !== thread) continue;
    busyNs.set(lane.index, books.laneTimes.get(lane.index, LANE.holdNs));
  }
  for (let cell = 0; cell < books.cells.count; cell++) {
    const lane = books.cells.firstOf(cell);
    const ns = busyNs.get(lane);
    if (ns !== undefined) busyNs.set(lane, ns + books.cellSums.get(cell, CELL.waitNs));
  }
  return Math.max(0, ...busyNs.values());
}
