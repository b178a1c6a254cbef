/**
 * Runs that are ended by `kill -9` at a random moment, each with the independent recorder beside the probe, whose
 * mapped file survives too.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile } from '../../server/protocol';
import { analyseRun } from '../../server/cli/analyse';
import { reportText } from '../../server/profile/report-text';
import { HEADER, HEADER_BYTES } from '../../server/trace/format';
import { openRunSource } from '../../server/trace/run-reader';
import { killProcess } from './kill-process';
import { assertInvariants } from './invariants';
import { readRecords, type RecordedProcess, type RecordedThread } from './recorder';
import { recorderEnvironment, runCommandLine, type Ended } from './run-profile';
import { SeededRandom } from './seeded-random';

/** Programs of every kind, run again and again until the kill. */
export const KILLED_PROGRAMS: readonly (readonly [kind: string, ...command: string[]])[] = [
  ['two computing threads', 'cpu_two_threads.py'],
  ['sixteen computing threads', 'cpu_two_threads.py', '16', '0.2'],
  ['convoy of tiny reads', 'convoy.py'],
  ['pipe ping-pong', 'ping_pong.py', '20000'],
  ['locks and queues', 'locks.py'],
  ['native code that holds', 'regex_hold.py'],
  ['native code that lets go', 'zlib_release.py'],
  ['sleeps', 'sleeps.py'],
  ['asyncio with an executor', 'asyncio_tasks.py'],
  ['generators', 'generators.py'],
  ['deep recursion', 'deep_recursion.py'],
  ['short threads', 'short_threads.py', '2000'],
  ['sub-interpreters', 'subinterpreters.py'],
  ['forks', 'fork.py'],
  ['child processes', 'children.py'],
];

const LATEST_KILL_MS = 1500;
/** Of one kill in so many the moment is in the interpreter's own start. */
const EARLY_ONE_IN = 5;
const EARLY_MS = 60;
const ATTEMPTS = 3;
/** How a fault begins that is only of times. */
const TIMES = 'times of ';
const NO_FRAME_YET = /no Python frame had been found when it ended/;
const NO_GIL_YET = /No GIL of process \d+ was seen/;

export interface KilledRun {
  readonly kind: string;
  /** After the trace had appeared. */
  readonly killedAfterMs: number;
  readonly cycles: number;
  /** Acquisitions that the recorder counted and the profile does not have. */
  readonly missing: number;
  /** From the profile's last sign of life to the kill. */
  readonly blindMs: number;
  /** What should not be; empty: the run is as it must be. */
  readonly faults: readonly string[];
}

/**
 * One kill; program and moment follow from the seed. Only times that differ may come from a machine that took the CPU
 * between two stamps: they are a fault if they differ three times.
 */
export async function killedRun(python: string, seed: number): Promise<KilledRun> {
  for (let attempt = 1; ; attempt++) {
    const run = await killOnce(python, seed);
    if (attempt === ATTEMPTS || !run.faults.every((fault) => fault.startsWith(TIMES))) return run;
    if (run.faults.length === 0) return run;
  }
}

async function killOnce(python: string, seed: number): Promise<KilledRun> {
  const random = new SeededRandom(seed);
  const [kind, ...command] = random.pick(KILLED_PROGRAMS);
  const range = random.below(EARLY_ONE_IN) === 0 ? EARLY_MS : LATEST_KILL_MS;
  const killedAfterMs = random.below(range * 1000) / 1000;
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-killed-'));
  try {
    const kill = await runAndKill(python, command, folder, killedAfterMs);
    return { kind, killedAfterMs, ...judge(folder, kill) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Kill {
  readonly pid: number;
  /** CLOCK_MONOTONIC. */
  readonly atNs: number;
  readonly ended: Ended;
}

async function runAndKill(
  python: string,
  command: readonly string[],
  folder: string,
  afterMs: number,
): Promise<Kill> {
  const traces = join(folder, 'traces');
  mkdirSync(traces);
  const outputs = ['--json', join(folder, 'p.json'), '--out', join(folder, 'p.gilscope')];
  const running = runCommandLine(
    ['run', '--quiet', '--python', python, ...outputs],
    ['again.py', ...command],
    { TMPDIR: traces, ...recorderEnvironment(folder, true) },
  );
  const kill = killLater(traces, afterMs, running);
  const [ended, killed] = await Promise.all([running, kill]);
  return { ...killed, ended };
}

/** Kills the first process that has a trace, so long after that was made. */
async function killLater(
  traces: string,
  afterMs: number,
  running: Promise<Ended>,
): Promise<Omit<Kill, 'ended'>> {
  const over: Ended[] = [];
  void running.then((ended) => over.push(ended));
  let pid = 0;
  while (pid === 0) {
    if (over.length > 0) throw new Error(`It ended before: ${JSON.stringify(over)}`);
    pid = firstTrace(traces);
    await new Promise((done) => setTimeout(done, pid === 0 ? 1 : afterMs));
  }
  killProcess(pid);
  return { pid, atNs: Number(process.hrtime.bigint()) };
}

function firstTrace(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const [first] = names.flatMap((name) => /(\d+)\.trace$/.exec(name)?.[1] ?? []);
  return Number(first ?? 0);
}

function judge(folder: string, { pid, atNs, ended }: Kill) {
  const faults: string[] = [];
  const check = (what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (ended.code !== 137) faults.push(`exit status ${ended.code ?? ''}, said: ${ended.stderr}`);
  const profile = readProfile(join(folder, 'p.json'));
  if (profile === null)
    return { cycles: 0, missing: 0, blindMs: 0, faults: [...faults, 'no profile'] };
  check('profile', () => {
    assertInvariants(profile);
  });
  check('container', () => {
    const again = analyseRun(join(folder, 'p.gilscope'), false).profile;
    if (JSON.stringify(again) !== JSON.stringify(profile)) faults.push('the container says else');
    if (!reportText(again, { folder: null }).includes('ended by SIGKILL'))
      faults.push('the report does not say that it was killed');
  });
  const record = readRecords(join(folder, 'records'), atNs).find((row) => row.pid === pid);
  const { missing, blindMs, cycles } = compare(profile, record, pid, folder, atNs, faults);
  return { cycles, missing, blindMs, faults };
}

function readProfile(path: string): Profile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Profile;
  } catch {
    return null;
  }
}

function compare(
  profile: Profile,
  record: RecordedProcess | undefined,
  pid: number,
  folder: string,
  killedAtNs: number,
  faults: string[],
) {
  const row = profile.processes.find((process) => process.pid === pid);
  // Killed before its first event could be.
  if (profile.processes.length === 0 && record === undefined)
    return { missing: 0, cycles: 0, blindMs: 0 };
  if (row === undefined) faults.push('the killed process is not in the profile');
  if (row?.exit.signal !== 'SIGKILL') faults.push(`its exit is ${JSON.stringify(row?.exit)}`);
  if (profile.lost.events > 0) faults.push(`lost: ${profile.lost.reason ?? ''}`);
  // As long as no Python code has run it says so, and likewise where the kill fell in the first hook.
  const hasLines = profile.lines.some(({ line }) => line > 0);
  const hasCycles = profile.threads.some(({ acquires }) => acquires > 0);
  const messages = (row?.messages ?? [])
    .filter((text) => hasLines || !NO_FRAME_YET.test(text))
    .filter((text) => hasCycles || !NO_GIL_YET.test(text));
  if (record !== undefined) faults.push(...messages.map((text) => `message: ${text}`));
  const startNs = startOf(join(folder, 'p.gilscope'), pid);
  const blindNs = Math.max(0, killedAtNs - startNs - (row?.endNs ?? 0));
  const missing = missingOf(profile, record, pid, blindNs, faults);
  const cycles = profile.threads.reduce((sum, thread) => sum + thread.acquires, 0);
  return { missing, cycles, blindMs: blindNs / 1e6 };
}

/** CLOCK_MONOTONIC at the start of the run, which is that of the killed process. */
function startOf(container: string, pid: number): number {
  const source = openRunSource(container);
  try {
    const trace = source.newTraces().find((candidate) => candidate.name === `${pid}.trace`);
    const bytes = Buffer.alloc(HEADER_BYTES);
    trace?.open();
    trace?.read(bytes, 0, 0, HEADER_BYTES);
    trace?.close();
    return Number(bytes.readBigUInt64LE(HEADER.anchor0Ns));
  } finally {
    source.close();
  }
}

interface Sums {
  acquires: number;
  contended: number;
  holdNs: number;
  waitNs: number;
}

/** The acquisitions that are missing; at most one for each GIL may be: that of a hook in which the kill fell. */
function missingOf(
  profile: Profile,
  record: RecordedProcess | undefined,
  pid: number,
  blindNs: number,
  faults: string[],
): number {
  const ours = sums(profile.threads.filter((thread) => thread.pid === pid));
  const theirs = sums(record?.threads ?? []);
  const open = new Map((record?.threads ?? []).map((thread) => [thread.tid, thread]));
  let missing = 0;
  for (const tid of new Set([...ours.keys(), ...theirs.keys()])) {
    const [left, right] = [ours.get(tid) ?? ZERO, theirs.get(tid) ?? ZERO];
    missing += Math.abs(right.acquires - left.acquires);
    const counts = `thread ${tid}: ${JSON.stringify(left)}, recorded ${JSON.stringify(right)}`;
    if (left.acquires > right.acquires || Math.abs(left.contended - right.contended) > 1)
      faults.push(counts);
    else if (!timesAgree(left, right, open.get(tid), blindNs)) faults.push(`${TIMES}${counts}`);
  }
  const most = Math.max(record?.gilCount ?? 0, 0);
  if (missing > most) faults.push(`${missing} acquisitions are missing, of ${most} GILs`);
  return missing;
}

const ZERO: Sums = { acquires: 0, contended: 0, holdNs: 0, waitNs: 0 };

function sums(rows: readonly (Sums & { readonly tid: number })[]): Map<number, Sums> {
  const byThread = new Map<number, Sums>();
  for (const row of rows) {
    const sum = byThread.get(row.tid) ?? { ...ZERO };
    sum.acquires += row.acquires;
    sum.contended += row.contended;
    sum.holdNs += row.holdNs;
    sum.waitNs += row.waitNs;
    byThread.set(row.tid, sum);
  }
  return byThread;
}

/** Wide: the machine is busy. The profile's open intervals end at its last sign of life, the recorder's at the kill. */
function timesAgree(
  ours: Sums,
  theirs: Sums,
  thread: RecordedThread | undefined,
  blindNs: number,
): boolean {
  const allowedNs = 20e6 + 200 * theirs.acquires + blindNs;
  const near = (left: number, right: number, moreNs: number): boolean =>
    left > right - allowedNs - 0.03 * right && left < right + allowedNs + 0.03 * right + moreNs;
  const unaskedNs = thread?.unaskedNs ?? 0;
  return near(ours.holdNs, theirs.holdNs, 0) && near(ours.waitNs, theirs.waitNs, unaskedNs);
}
