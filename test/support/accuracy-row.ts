import { pairThreads, type ThreadPair } from './compare-recorder';
import { selfNs } from './checked-run';
import { runProfile } from './run-profile';

export interface AccuracyRow {
  readonly threads: number;
  readonly acquires: number;
  readonly perSecond: number;
  /** Threads and counts that are not equal. */
  readonly wrongCounts: number;
  /** Of the totals over all threads, as shares. */
  readonly waitError: number;
  readonly holdError: number;
  /** Mean difference for one acquisition, ns. */
  readonly waitNsEach: number;
  readonly holdNsEach: number;
}

/** Runs one program with probe and recorder, and compares. @throws Error where it leaves no profile */
export async function measureAccuracy(
  python: string,
  program: string,
  args: readonly string[],
): Promise<AccuracyRow> {
  const { profile, records } = await runProfile({ python, program, args, recorder: true });
  const record = records.find((candidate) => candidate.pid === profile.processes[0]?.pid);
  if (!record) throw new Error('the recorder saw no GIL');
  const { pairs, unmatched } = pairThreads(profile, record);
  const total = (value: (pair: ThreadPair) => number): number =>
    pairs.reduce((sum, pair) => sum + value(pair), 0);
  const acquires = total(({ theirs }) => theirs.acquires);
  const recordedWait = total(({ theirs }) => theirs.waitNs);
  const recordedHold = total(({ theirs }) => theirs.holdNs);
  const waitGap = total(({ ours, theirs }) => ours.waitNs - theirs.waitNs);
  const holdGap = total(({ ours, theirs }) => ours.holdNs - theirs.holdNs);
  return {
    threads: pairs.length,
    acquires,
    perSecond: acquires / (profile.wallNs / 1e9),
    wrongCounts:
      unmatched.length +
      pairs.filter(
        ({ ours, theirs }) =>
          ours.acquires !== theirs.acquires || ours.contended !== theirs.contended,
      ).length,
    waitError: waitGap / Math.max(recordedWait, 1),
    holdError: holdGap / Math.max(recordedHold, 1),
    waitNsEach: waitGap / Math.max(acquires, 1),
    holdNsEach: holdGap / Math.max(acquires, 1),
  };
}

export interface ShareRow {
  /** By the program's own CPU clock. */
  readonly truth: number;
  readonly measured: number;
  readonly samples: number;
  /** √(p(1−p)/n). */
  readonly standardError: number;
}

/** Runs the program of two lines with known shares. */
export async function measureShares(python: string): Promise<ShareRow> {
  const program = 'shares.py';
  const { profile, stdout } = await runProfile({ python, program });
  const spent = JSON.parse(stdout.toString()) as { major: number; minor: number };
  const truth = spent.major / (spent.major + spent.minor);
  const major = selfNs(profile, program, 'major', 'hold');
  const minor = selfNs(profile, program, 'minor', 'hold');
  const samples = profile.lines
    .filter(
      (row) =>
        row.function === 'major' || row.function === 'minor' || row.function === '<listcomp>',
    )
    .reduce((sum, row) => sum + row.samples, 0);
  const standardError = Math.sqrt((truth * (1 - truth)) / Math.max(samples, 1));
  return { truth, measured: major / (major + minor), samples, standardError };
}
