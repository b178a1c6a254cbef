import type { Finding, LockRow, Place, Profile } from '../protocol';
import type { TraceState } from '../trace/events';
import { formatDuration } from './duration';
import type { LockFacts } from './lock-facts';

/** Waiting below this share of the run is not worth a change. */
const MIN_RUN_SHARE = 0.01;

/** What threads contend for where there is no GIL, and a GIL that came back. */
export function freeThreadedFindings(profile: Profile, facts: LockFacts): Finding[] {
  return [
    ...switchedOn(facts.state),
    ...profile.locks.flatMap((lock) => {
      if (lock.waitNs < MIN_RUN_SHARE * profile.wallNs) return [];
      const kinds = facts.locks.groups.groups.find(({ id }) => id === lock.id)?.locks ?? [];
      const kind = facts.state.locks[kinds[0] ?? -1]?.kind;
      if (kind === 'object') return [objectContention(lock, profile)];
      return kind === 'stopTheWorld' ? [stopTheWorld(lock, profile)] : [];
    }),
  ];
}

function switchedOn({ processes }: TraceState): Finding[] {
  return processes.flatMap(({ pid, gilSwitchedOn, python }) => {
    if (gilSwitchedOn === null) return [];
    const { atNs, module } = gilSwitchedOn;
    const which = module === '' ? 'an import' : `the import of ${module}`;
    return [
      {
        rule: 'gil-switched-on' as const,
        severity: 'warning' as const,
        where: null,
        message:
          `Free-threaded Python ${python} switched the GIL on again ${formatDuration(atNs)} after the start, by ${which}: ` +
          'the module does not say that it works without it. From then on threads wait for the GIL. ' +
          'Look for a newer release of the module, or set PYTHON_GIL=0 if you know that it is safe.',
        evidence: { pid, atNs, module },
      },
    ];
  });
}

function objectContention(lock: LockRow, { blame }: Profile): Finding {
  const [site] = [...lock.sites].sort((a, b) => b.waitNs - a.waitNs);
  const other = blame.find((row) => row.lock === lock.id && row.holder !== null)?.holder ?? null;
  const by = other === null || other.line === 0 ? '' : `, with ${other.file}:${other.line}`;
  return {
    rule: 'object-contention',
    severity: 'warning',
    where: placeOf(site),
    message:
      lock.kind === 'object'
        ? `Threads contend for locks inside objects, but only spun, so that it is not known which: they waited ${formatDuration(lock.waitNs)}, ` +
          `${lock.contended} times. Give each thread lists, dicts and objects of its own, and put them together at the end.`
        : `Threads contend for the lock inside one ${lock.kind}${by}: they waited ${formatDuration(lock.waitNs)}, ` +
          `${lock.contended} times. Without a GIL each ${lock.kind} that several threads change is a lock of its own. ` +
          'Give each thread its own and put them together at the end, or use a queue.',
    evidence: {
      ...{ lock: lock.id, kind: lock.kind, waitNs: lock.waitNs, contended: lock.contended },
      ...{ maxWaitNs: lock.maxWaitNs, spinNs: lock.spinNs },
    },
  };
}

function stopTheWorld(lock: LockRow, { blame }: Profile): Finding {
  const cause = blame.find((row) => row.lock === lock.id && row.holder !== null)?.holder ?? null;
  const by =
    cause === null || cause.line === 0 ? '' : `, most of them by ${cause.file}:${cause.line}`;
  return {
    rule: 'stop-the-world',
    severity: 'warning',
    where: placeOf(cause ?? undefined),
    message:
      `Running threads were stopped for one of them ${lock.contended} times (each thread counts), ` +
      `for ${formatDuration(lock.waitNs)} in all, ${formatDuration(lock.maxWaitNs)} at the longest${by}. The garbage collector, and changes to classes while ` +
      'threads run, stop the world: make fewer cyclic objects (gc.freeze(), a higher gc.set_threshold()), and ' +
      'change classes before the threads start.',
    evidence: {
      ...{ lock: lock.id, pauses: lock.contended, waitNs: lock.waitNs },
      maxWaitNs: lock.maxWaitNs,
    },
  };
}

function placeOf(place: Place | undefined): Finding['where'] {
  return place === undefined || place.line === 0 ? null : { file: place.file, line: place.line };
}
