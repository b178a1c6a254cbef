import { TICKS_MAX, relativeTicks, toNs, type Clock } from './clock';
import type { ThreadMap } from './cycle-decoder';
import type { Definitions } from './definitions';
import type { WorkRow } from './events';

/** Length of a WORK record. */
export const WORK_BYTES = 38;

/** Takes the WORK record at `at` into `rows`; one that is impossible only leaves a link unknown, and is left out. */
export function addWork(
  rows: WorkRow[],
  view: DataView,
  at: number,
  definitions: Definitions,
  threads: ThreadMap,
  clock: Clock,
): void {
  if (view.getUint32(at + 1, true) !== WORK_BYTES) return;
  const thread = threads.indexOf(view.getUint32(at + 5, true));
  const ticks = relativeTicks(clock, view.getBigUint64(at + 9, true));
  const giver = view.getUint32(at + 17, true);
  const given = relativeTicks(clock, view.getBigUint64(at + 21, true));
  if (thread < 0 || !(Math.abs(ticks) < TICKS_MAX)) return;
  const known = giver > 0 && Math.abs(given) < TICKS_MAX;
  rows.push({
    thread,
    atNs: toNs(clock, ticks),
    ended: view.getUint8(at + 37) !== 0,
    giver: known ? threads.indexOf(giver - 1) : -1,
    givenNs: known ? toNs(clock, Math.min(given, ticks)) : 0,
    givenStack: known ? definitions.nodeOf(view.getUint32(at + 29, true)) : 0,
    taskStack: known ? definitions.nodeOf(view.getUint32(at + 33, true)) : 0,
  });
}
