import type { Finding, GilRow, Place, Profile, ThreadRow } from '../protocol';
import { formatDuration } from './duration';
import type { FindingFacts } from './findings';

/** Fewer contended acquisitions are chance rather than a pattern. */
const MIN_CONTENDED = 20;
/** Less of the thread's life than this spent waiting costs nobody anything. */
const MIN_WAIT_SHARE = 0.05;
/** A holder that does not let go makes the other wait a switch interval; half of it allows for early releases. */
const MIN_INTERVALS = 0.5;
/** Above it, something else than the switch interval makes it wait (native code, a hog); allowed for each busy thread. */
const MAX_INTERVALS = 2;
/** The thread releases briefly: its holds are far shorter than the interval it then waits. */
const MAX_HOLD_INTERVALS = 0.2;
/** It gives the GIL up by itself, for I/O or a sleep; a thread that is forced to is a busy one. */
const MAX_FORCED_SHARE = 0.2;
/** The others are busy if about every second of its waits ended with a forced release of theirs. */
const MIN_FORCED_BY_OTHERS = 0.5;

/** Threads that release briefly and then wait about a switch interval each time to get back. */
export function convoyFindings(profile: Profile, facts: FindingFacts): Finding[] {
  return profile.threads.flatMap((thread, index) => {
    const gil = profile.gils.find((row) => row.id === thread.gil);
    if (gil === undefined || !isConvoyed(profile, thread, gil)) return [];
    return [findingFor(profile, thread, gil, facts.waitedAt[index] ?? null)];
  });
}

function isConvoyed(profile: Profile, thread: ThreadRow, gil: GilRow): boolean {
  const lifeNs = thread.endNs - thread.startNs;
  if (thread.contended < MIN_CONTENDED || thread.waitNs < MIN_WAIT_SHARE * lifeNs) return false;
  if (thread.forcedReleases > MAX_FORCED_SHARE * thread.acquires) return false;
  const interval = gil.switchIntervalNs;
  if (thread.holdNs / thread.acquires > MAX_HOLD_INTERVALS * interval) return false;
  const others = busyOthers(profile, thread);
  const forced = others.reduce((sum, other) => sum + other.forcedReleases, 0);
  if (forced < MIN_FORCED_BY_OTHERS * thread.contended) return false;
  const meanWaitNs = thread.waitNs / thread.contended;
  return (
    meanWaitNs >= MIN_INTERVALS * interval &&
    meanWaitNs <= MAX_INTERVALS * interval * Math.max(others.length, 1)
  );
}

function busyOthers(profile: Profile, thread: ThreadRow): ThreadRow[] {
  return profile.threads.filter(
    (other) =>
      other !== thread &&
      other.gil === thread.gil &&
      other.forcedReleases > MAX_FORCED_SHARE * other.acquires,
  );
}

/** Whom most waits at a place are charged to: other threads may wait more, and for others. */
function holderOf({ blame }: Profile, gil: string, waiter: Place | null): Place | null {
  const most = blame.find(
    (row) =>
      row.lock === gil &&
      row.holder !== null &&
      row.waiter.file === waiter?.file &&
      row.waiter.line === waiter.line &&
      row.waiter.function === waiter.function,
  );
  return most?.holder ?? null;
}

function findingFor(
  profile: Profile,
  thread: ThreadRow,
  gil: GilRow,
  waitedAt: Place | null,
): Finding {
  const meanWaitNs = Math.round(thread.waitNs / thread.contended);
  const name = thread.name === '' ? `Thread ${thread.tid}` : `Thread ${thread.name}`;
  const holder = holderOf(profile, thread.gil, waitedAt);
  const isKnown = holder !== null && holder.line > 0;
  const by = isKnown ? `, most of it for ${holder.file}:${holder.line}` : '';
  return {
    rule: 'convoy',
    severity: 'warning',
    where:
      waitedAt === null || waitedAt.line === 0
        ? null
        : { file: waitedAt.file, line: waitedAt.line },
    message:
      `${name} releases the GIL briefly and then waits ${formatDuration(meanWaitNs)} to get it back, ` +
      `${thread.contended} times, ${formatDuration(thread.waitNs)} in all${by}. ` +
      'Do more for each release (larger reads and writes, batches), move the busy work to a process, ' +
      'or lower sys.setswitchinterval().',
    evidence: {
      thread: thread.tid,
      contended: thread.contended,
      waitNs: thread.waitNs,
      meanWaitNs,
      meanHoldNs: Math.round(thread.holdNs / thread.acquires),
      switchIntervalNs: gil.switchIntervalNs,
      forcedReleasesOfOthers: gil.forcedReleases - thread.forcedReleases,
    },
  };
}
