/** What lock_stamps.py logs of its use of locks, and what it comes to. Shares no code with the product. */

/** Thread, lock, way; asked, got, about to release, released: the last two null where it gave up. */
export type LoggedUse = readonly [
  thread: string,
  lock: string,
  way: string,
  asked: number,
  got: number,
  leaving: number | null,
  left: number | null,
];

export interface LoggedSums {
  readonly acquires: number;
  readonly waitNs: number;
  readonly holdNs: number;
  /** By the way of the waiter. */
  readonly waitNsOf: ReadonlyMap<string, number>;
  /** `way of the waiter|way of the holder`: who was in the way at each moment; holders that waited are seen through. */
  readonly blameNs: ReadonlyMap<string, number>;
}

/** A wait that is shorter found the lock free. */
const LEAST_NS = 200_000;
const STEP_NS = 10_000;

const isWait = ([, , , asked, got]: LoggedUse): boolean => got - asked >= LEAST_NS;
const waitsAt = (use: LoggedUse, at: number): boolean => use[3] <= at && at < use[4] && isWait(use);
const holdsAt = ([, , , , got, leaving]: LoggedUse, at: number): boolean =>
  leaving !== null && got <= at && at < leaving;

export function sumsOfLog(log: readonly LoggedUse[], lock: string): LoggedSums {
  const uses = log.filter(([, name]) => name === lock);
  const waitNsOf = new Map<string, number>();
  const blameNs = new Map<string, number>();
  let [acquires, waitNs, holdNs] = [0, 0, 0];
  for (const use of uses) {
    const [, , way, asked, got, leaving] = use;
    if (leaving !== null) {
      acquires++;
      holdNs += leaving - got;
    }
    if (!isWait(use)) continue;
    waitNs += got - asked;
    waitNsOf.set(way, (waitNsOf.get(way) ?? 0) + got - asked);
    const near = log.filter(([, , , from, , , to]) => from < got && (to ?? got) > asked);
    for (let at = asked; at < got; at += STEP_NS) {
      const holder = culprit(near, lock, at);
      const key = `${way}|${holder ?? '-'}`;
      blameNs.set(key, (blameNs.get(key) ?? 0) + Math.min(STEP_NS, got - at));
    }
  }
  return { acquires, waitNs, holdNs, waitNsOf, blameNs };
}

/** How who was in the way had taken the lock; null: nobody. Locks are taken in order, so that there is no circle. */
function culprit(log: readonly LoggedUse[], lock: string, at: number): string | null {
  const hold = log.find((use) => use[1] === lock && holdsAt(use, at));
  if (hold === undefined) return null;
  const wait = log.find((use) => use[0] === hold[0] && waitsAt(use, at));
  return wait === undefined ? hold[2] : culprit(log, wait[1], at);
}
