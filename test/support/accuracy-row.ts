import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfNs } from './checked-run';
import { pairRows } from './compare-recorder';
import { buildRecorder, readRecords, RECORDER_VARIABLES } from './recorder';
import { programPath, runProcess, runProfile } from './run-profile';

/** Two accounts of one run, compared. */
export interface AccuracyRow {
  readonly threads: number;
  readonly acquires: number;
  /** Of the thread that acquired most often, in a second of the run. */
  readonly perSecond: number;
  /** Threads and counts that are not equal, in words. */
  readonly wrongCounts: readonly string[];
  /** Whether forced releases are among the counts. */
  readonly forcedCompared: boolean;
  readonly forced: number;
  readonly waitNs: number;
  readonly holdNs: number;
  /** Of the totals over all threads: ours less the recorder's, ns. */
  readonly waitGapNs: number;
  readonly holdGapNs: number;
  /** Largest difference of one thread, as a share of its own time, where that is a tenth of all or more. */
  readonly worstThread: number;
}

interface Account {
  readonly tid: number;
  readonly acquires: number;
  readonly contended: number;
  readonly forced: number;
  readonly waitNs: number;
  readonly holdNs: number;
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
  const ours = profile.threads
    .filter((thread) => thread.pid === record.pid)
    .map((thread) => ({ ...thread, forced: thread.forcedReleases }));
  return compare(ours, record.threads, !record.forcedUnsure, profile.wallNs);
}

/** As {@link measureAccuracy}, of two recorders and no probe: how far two stamps of the same call lie apart. */
export async function measureControl(
  python: string,
  program: string,
  args: readonly string[],
): Promise<AccuracyRow> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-control-'));
  try {
    const env: NodeJS.ProcessEnv = { ...process.env };
    for (const variable of RECORDER_VARIABLES) {
      env[variable] = join(folder, variable);
      mkdirSync(join(folder, variable));
    }
    env['LD_PRELOAD'] = RECORDER_VARIABLES.map((variable) => buildRecorder(variable)).join(':');
    const ended = await runProcess(python, [programPath(program), ...args], { env });
    if (ended.code !== 0) throw new Error(`${program} failed:\n${ended.stderr}`);
    const [first, second] = RECORDER_VARIABLES.map((name) => readRecords(join(folder, name))[0]);
    if (!first || !second) throw new Error('a recorder saw no GIL');
    return compare(first.threads, second.threads, !first.forcedUnsure, first.durationNs ?? 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compare(
  left: readonly Account[],
  right: readonly (Account & { readonly leftWithout: boolean })[],
  forcedCompared: boolean,
  wallNs: number,
): AccuracyRow {
  const { pairs, unmatched } = pairRows(left, right);
  const total = (value: (pair: { ours: Account; theirs: Account }) => number): number =>
    pairs.reduce((sum, pair) => sum + value(pair), 0);
  const wrong = pairs.flatMap(({ ours, theirs }) => {
    // After a last forced release no request followed that could tell of it.
    const last = theirs.leftWithout && ours.forced + 1 === theirs.forced;
    const differ = [
      ...(ours.acquires === theirs.acquires ? [] : ['acquires']),
      ...(ours.contended === theirs.contended ? [] : ['contended']),
      ...(!forcedCompared || ours.forced === theirs.forced || last ? [] : ['forced']),
    ];
    return differ.map((name) => `thread ${ours.tid}: ${name}`);
  });
  const all = total(({ theirs }) => theirs.waitNs + theirs.holdNs);
  const shares = pairs.flatMap(({ ours, theirs }) =>
    (['waitNs', 'holdNs'] as const).flatMap((key) =>
      theirs[key] * 10 * pairs.length > all
        ? [Math.abs(ours[key] - theirs[key]) / theirs[key]]
        : [],
    ),
  );
  return {
    threads: pairs.length,
    acquires: total(({ theirs }) => theirs.acquires),
    perSecond: Math.max(...pairs.map(({ theirs }) => theirs.acquires)) / (wallNs / 1e9),
    wrongCounts: [...unmatched, ...wrong],
    forcedCompared,
    forced: total(({ theirs }) => theirs.forced),
    waitNs: total(({ theirs }) => theirs.waitNs),
    holdNs: total(({ theirs }) => theirs.holdNs),
    waitGapNs: total(({ ours, theirs }) => ours.waitNs - theirs.waitNs),
    holdGapNs: total(({ ours, theirs }) => ours.holdNs - theirs.holdNs),
    worstThread: Math.max(0, ...shares),
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

/** Runs the program of two lines with known shares: `percent` of the time is the first one's. */
export async function measureShares(python: string, percent: number): Promise<ShareRow> {
  const program = 'shares.py';
  const { profile, stdout } = await runProfile({ python, program, args: [String(percent)] });
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
