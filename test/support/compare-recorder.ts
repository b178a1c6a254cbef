import type { Profile, ThreadRow } from '../../server/protocol';
import type { RecordedProcess, RecordedThread } from './recorder';

/** One thread as the profile and as the recorder saw it. */
export interface ThreadPair {
  readonly ours: ThreadRow;
  readonly theirs: RecordedThread;
}

/** Times may differ by this share … */
export const RELATIVE_TOLERANCE = 0.01;
/**
 * … and by this much for each acquisition: the two stamp the same call one after the other, and the recorder's own
 * work (a clock reading and a table look-up) lies between the stamps, much longer while the caches are cold: after a
 * sleep, which few of many acquisitions follow, and most of all when a thread comes for the first time.
 */
export const PER_ACQUISITION_NS = 100;
export const PER_COLD_ACQUISITION_NS = 1000;
export const COLD_ACQUISITIONS = 500;
export const FIRST_ACQUISITION_NS = 50_000;
/** A thread that acquires so often loses its CPU between two stamps now and then, for a few milliseconds. */
export const OFTEN = 10_000;
export const LOST_CPU_NS = 10_000_000;
/** The end of the process, up to which an open interval counts, is seen by each in its own exit handler. */
export const OPEN_END_NS = 2_000_000;

/**
 * Pairs the threads of one process. A thread that worked in several interpreters has several rows in both, and thread
 * ids are used again: rows of the same id are paired in the order of their acquisitions.
 */
export function pairThreads(
  profile: Profile,
  record: RecordedProcess,
): { pairs: ThreadPair[]; unmatched: string[] } {
  return pairRows(
    profile.threads.filter((thread) => thread.pid === record.pid),
    record.threads,
  );
}

/** As {@link pairThreads}, of any two lists of threads; those that never acquired are left out. */
export function pairRows<Left extends CountedRow, Right extends CountedRow>(
  leftRows: readonly Left[],
  rightRows: readonly Right[],
): { pairs: { ours: Left; theirs: Right }[]; unmatched: string[] } {
  const ours = grouped(leftRows.filter((thread) => thread.acquires > 0));
  const theirs = grouped(rightRows.filter((thread) => thread.acquires > 0));
  const pairs: { ours: Left; theirs: Right }[] = [];
  const unmatched: string[] = [];
  for (const tid of new Set([...ours.keys(), ...theirs.keys()])) {
    const left = ours.get(tid) ?? [];
    const right = theirs.get(tid) ?? [];
    if (left.length !== right.length) {
      unmatched.push(`thread ${tid}: ${left.length} rows in the profile, ${right.length} recorded`);
    }
    left.slice(0, right.length).forEach((row, index) => {
      const other = right[index];
      if (other) pairs.push({ ours: row, theirs: other });
    });
  }
  return { pairs, unmatched };
}

interface CountedRow {
  readonly tid: number;
  readonly acquires: number;
}

function grouped<T extends CountedRow>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of [...rows].sort((a, b) => a.acquires - b.acquires)) {
    groups.set(row.tid, [...(groups.get(row.tid) ?? []), row]);
  }
  return groups;
}

export interface Disagreements {
  /** Counts that differ, threads that only one saw: never right. */
  readonly counts: readonly string[];
  /**
   * Times that differ by more than is allowed. On a busy machine that may be one thread's loss of its CPU between the
   * two stamps of one call, so only a difference that comes again in another run is a fault.
   */
  readonly times: readonly string[];
}

/** What the two do not agree on, in words. */
export function disagreements(profile: Profile, record: RecordedProcess): Disagreements {
  const { pairs, unmatched } = pairThreads(profile, record);
  return {
    counts: [
      ...unmatched,
      ...pairs.flatMap((pair) => countDisagreements(pair, !record.forcedUnsure)),
    ],
    times: pairs.flatMap((pair) => timeDisagreements(pair, !record.forcedUnsure)),
  };
}

function nameOf({ ours }: ThreadPair): string {
  return `thread ${ours.tid} (${ours.name}) towards ${ours.gil}`;
}

function countDisagreements(pair: ThreadPair, withForced: boolean): string[] {
  const { ours, theirs } = pair;
  const counts: (readonly [string, number, number])[] = [
    ['acquires', ours.acquires, theirs.acquires],
    ['contended', ours.contended, theirs.contended],
    ...(withForced ? ([['forced', ours.forcedReleases, theirs.forced]] as const) : []),
  ];
  // A last forced release, after which the thread was ended or parked, has no cycle that could tell of it.
  return counts
    .filter(
      ([name, left, right]) =>
        left !== right && !(name === 'forced' && left + 1 === right && theirs.leftWithout),
    )
    .map(([name, left, right]) => `${nameOf(pair)}: ${name} ${left}, recorded ${right}`);
}

function timeDisagreements(pair: ThreadPair, forcedIsSure: boolean): string[] {
  const { ours, theirs } = pair;
  const times: [string, number, number, number][] = [
    ['wait', ours.waitNs, theirs.waitNs, theirs.unaskedNs],
    ['hold', ours.holdNs, theirs.holdNs, 0],
  ];
  // Where a thread that was made to release waits from depends on telling that it was.
  const unsure = !forcedIsSure && ours.forcedReleases + theirs.forced > 0;
  return times
    .filter(([name]) => name !== 'wait' || !unsure)
    .filter(([, left, right, more]) => {
      const allowed = allowedNs(right, theirs);
      return left < right - allowed || left > right + more + allowed;
    })
    .map(
      ([name, left, right]) =>
        `${nameOf(pair)}: ${name} ${left} ns, recorded ${right} ns in ${theirs.acquires} acquisitions`,
    );
}

function allowedNs(recordedNs: number, thread: RecordedThread): number {
  return (
    recordedNs * RELATIVE_TOLERANCE +
    thread.acquires * PER_ACQUISITION_NS +
    Math.min(thread.acquires, COLD_ACQUISITIONS) * PER_COLD_ACQUISITION_NS +
    FIRST_ACQUISITION_NS +
    (thread.acquires > OFTEN ? LOST_CPU_NS : 0) +
    (thread.open ? OPEN_END_NS : 0)
  );
}
