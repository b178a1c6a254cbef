import type { TraceState } from '../trace/events';

/**
 * Until when a thread waited for the lock that a state says it waits for; Infinity: it still does. A thread that has the
 * lock, or gave up, can write so only once it has the GIL: its wait was over when it asked for that.
 */
export function lockWaitEndNs({ threads, gils }: TraceState, thread: number): number {
  const { openLockWait, openWait } = threads[thread] ?? {};
  if (openLockWait === undefined || openLockWait === null) return Infinity;
  const askedNs = gils.flatMap(({ openHold }) =>
    openHold?.thread === thread ? openHold.waitStartNs : [],
  );
  if (openWait !== undefined && openWait !== null) askedNs.push(openWait.startNs);
  return Math.min(...askedNs.filter((ns) => ns >= openLockWait.startNs), Infinity);
}
