import type { LockHistory, Moment } from './random-locks';

/** What the locks of a history come to, found by looking at every nanosecond. Shares no code with the product. */
export interface NaiveLocks {
  /** By lock. */
  readonly waitNs: number[];
  readonly holdNs: number[];
  readonly handOffNs: number[];
  readonly throughGilNs: number[];
  readonly throughLockNs: number[];
  /** `lock|waiter stack|holder stack`; holder `-`: nobody. */
  readonly blame: Map<string, number>;
  readonly threadWaitNs: number[];
}

export function naiveLocks(
  { moments, state }: Pick<LockHistory, 'moments' | 'state'>,
  isWanted: (thread: number) => boolean = () => true,
): NaiveLocks {
  const zeros = () => state.locks.map(() => 0);
  const sums: NaiveLocks = {
    ...{ waitNs: zeros(), holdNs: zeros(), handOffNs: zeros() },
    ...{ throughGilNs: zeros(), throughLockNs: zeros() },
    blame: new Map(),
    threadWaitNs: state.threads.map(() => 0),
  };
  for (const moment of moments) {
    for (const [lock, owner] of moment.owners.entries()) {
      if (owner !== null) sums.holdNs[lock] = (sums.holdNs[lock] ?? 0) + 1;
    }
    for (const [thread, wanted] of moment.wants.entries()) {
      if (typeof wanted !== 'number' || !isWanted(thread)) continue;
      sums.threadWaitNs[thread] = (sums.threadWaitNs[thread] ?? 0) + 1;
      chargeOne(sums, moment, thread, wanted);
    }
  }
  return sums;
}

function chargeOne(sums: NaiveLocks, moment: Moment, thread: number, lock: number): void {
  const add = (to: number[]) => {
    to[lock] = (to[lock] ?? 0) + 1;
  };
  add(sums.waitNs);
  const holder = culprit(moment, lock, [thread]);
  if (holder === null) add(sums.handOffNs);
  const owner = moment.owners[lock] ?? null;
  const ownerWants = owner === null || owner === thread ? null : moment.wants[owner];
  if (ownerWants === 'gil') add(sums.throughGilNs);
  if (typeof ownerWants === 'number') add(sums.throughLockNs);
  const key = `${lock}|${moment.stacks[thread] ?? 0}|${holder ?? '-'}`;
  sums.blame.set(key, (sums.blame.get(key) ?? 0) + 1);
}

/** The stack to blame; null: nobody held what is in the way. */
function culprit(
  moment: Moment,
  lock: number,
  path: readonly number[],
  root?: number,
): number | null {
  const owner = moment.owners[lock] ?? null;
  if (owner === null) return null;
  const own = moment.ownerStacks[lock] ?? 0;
  const first = root ?? own;
  if (path.includes(owner)) return first;
  const wanted = moment.wants[owner] ?? null;
  if (wanted === null) return own;
  if (wanted === 'gil') return moment.gilThread === null ? null : moment.gilStack;
  return culprit(moment, wanted, [...path, owner], first);
}
