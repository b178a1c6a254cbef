import type { Finding, LockRow, Profile } from '../protocol';
import { formatDuration } from './duration';
import { lockPhrase } from './report-locks';

/** Fewer waits are chance rather than a pattern. */
const MIN_CONTENDED = 20;
/** All threads together wait this part of the run for the lock, or it is not worth a change. */
const MIN_RUN_SHARE = 0.05;
/** About every third acquisition has to wait, or more. */
const MIN_CONTENDED_SHARE = 0.3;
/** The holds themselves are short: what they wait for is each other. */
const MAX_HOLD_NS = 1_000_000;
const MIN_WAITS_PER_HOLD = 2;

/** Locks that are taken so often and so briefly that the threads queue behind each other for nothing else. */
export function lockConvoyFindings(profile: Profile): Finding[] {
  return profile.locks.flatMap((lock) => (isConvoy(lock, profile) ? [findingFor(lock)] : []));
}

function isConvoy(lock: LockRow, { wallNs }: Profile): boolean {
  if (lock.contended < MIN_CONTENDED || lock.waitNs < MIN_RUN_SHARE * wallNs) return false;
  if (lock.contended < MIN_CONTENDED_SHARE * lock.acquires) return false;
  const meanHoldNs = lock.holdNs / lock.acquires;
  return (
    meanHoldNs <= MAX_HOLD_NS && lock.waitNs / lock.contended >= MIN_WAITS_PER_HOLD * meanHoldNs
  );
}

function findingFor(lock: LockRow): Finding {
  const meanWaitNs = Math.round(lock.waitNs / lock.contended);
  const meanHoldNs = Math.round(lock.holdNs / lock.acquires);
  const [site] = [...lock.sites].sort((a, b) => b.waitNs - a.waitNs);
  const share = Math.round((100 * lock.contended) / lock.acquires);
  return {
    rule: 'lock-convoy',
    severity: 'warning',
    where: site === undefined || site.line === 0 ? null : { file: site.file, line: site.line },
    message:
      `Threads queue for ${lockPhrase(lock)}: ${share} % of ${lock.acquires} acquisitions had to wait, ` +
      `${formatDuration(meanWaitNs)} on average for holds of ${formatDuration(meanHoldNs)}. ` +
      'Take it less often (batches, a copy for each thread), or split it into several locks.',
    evidence: {
      lock: lock.id,
      acquires: lock.acquires,
      contended: lock.contended,
      waitNs: lock.waitNs,
      meanWaitNs,
      meanHoldNs,
    },
  };
}
