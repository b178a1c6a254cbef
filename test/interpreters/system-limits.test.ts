/**
 * Limits of the system that a program runs into: what was measured until then, and after it, is exact, and what could
 * not be recorded is said. Those that take minutes run by `npm run test:limits`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import type { Profile } from '../../server/protocol';
import { reportText } from '../../server/profile/report-text';
import { assertInvariants } from '../support/invariants';
import { inspect, runProbed } from '../support/measured-run';
import { gilPythons } from '../support/pythons';
import {
  dist,
  programPath,
  runProfile,
  runWithoutProfile,
  type ProfileRun,
} from '../support/run-profile';

const PROGRAM = 'limits.py';
const ROUNDS = 20_000;
/** What takes seconds takes minutes on a machine with other work: only an end is asked for. */
const longest = { timeoutMs: 300_000 };
/** What Python's start and the program around the rounds may take: imports, locks, threads. */
const AROUND = 3000;
const LONG = process.env['GILSCOPE_LONG'] === '1';
const longTest = { skip: LONG ? false : 'takes minutes: npm run test:limits' };

const scratch = mkdtempSync(join(tmpdir(), 'gilscope-limits-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

for (const linkage of ['shared', 'static'] as const) {
  const python = gilPythons().findLast((candidate) => candidate.linkage === linkage);
  const skip = python === undefined && `no ${linkage} CPython here`;
  const path = python?.path ?? '';
  describe(`limits of the system with a ${linkage} interpreter`, { skip }, () => {
    it('no file can be opened: a forked child without a trace is named', () => files(path));
    it('memory runs out', () => memory(path));
    it('no thread can be started', (test) => threads(path, test));
    it('the clock of the day leaps', (test) => clockSteps(path, test));
    it('the folder of the trace is removed', () => removedFolder(path));
    it('the trace cannot grow for a while', () => fullForAWhile(path));
    it('the trace cannot grow, and need not', () => roomNotNeeded(path));
    it('2,000 threads at once', longTest, () => atOnce(path, 2000));
    it('100,000 threads one after another', longTest, () => manyThreads(path));
    it('ten million GIL cycles in a trace of 4 MB', longTest, () => traffic(path, 2_500_000));
  });
}

async function measured(
  python: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProfileRun> {
  const run = await runProfile({ python, program: PROGRAM, args, env, ...longest });
  assert.equal(run.code, 0, run.stderr);
  assertInvariants(run.profile);
  return run;
}

const acquiresOf = (profile: Profile): number =>
  profile.threads.reduce((sum, thread) => sum + thread.acquires, 0);

/** Each write and each read gives the GIL up once. */
function assertRounds(profile: Profile, rounds: number): void {
  const acquires = acquiresOf(profile);
  assert.ok(acquires >= 2 * rounds && acquires < 2 * rounds + AROUND, `${acquires} acquisitions`);
}

async function files(python: string): Promise<void> {
  const { profile, stdout } = await measured(python, ['files']);
  const [, child, status] = /child (\d+) (\d+)/.exec(stdout.toString()) ?? [];
  assert.equal(status, '3', 'the child went its own way');
  const said = new RegExp(`Process ${child ?? ''} could not be recorded: .*open files`);
  assert.match(profile.processes[0]?.messages.join() ?? '', said);
  assert.match(reportText(profile, { folder: null }).replaceAll(/\s+/g, ' '), said);
}

async function memory(python: string): Promise<void> {
  const { profile, stdout } = await measured(python, ['memory', String(ROUNDS)]);
  assert.match(stdout.toString(), /memory ran out/);
  assertRounds(profile, ROUNDS);
}

async function threads(python: string, test: TestContext): Promise<void> {
  if (process.getuid?.() !== 0) {
    test.skip('only root can become a user that may start no thread');
    return;
  }
  const { profile, stdout } = await measured(python, ['threads', String(ROUNDS)]);
  assert.match(stdout.toString(), /threads refused: 3/);
  assertRounds(profile, ROUNDS);
}

/** Only the date in the title comes from that clock. */
async function clockSteps(python: string, test: TestContext): Promise<void> {
  const library = resolve('build/recorder/clock_steps.so');
  mkdirSync(resolve('build/recorder'), { recursive: true });
  const flags = ['-O2', '-fPIC', '-shared', 'test/recorder/clock_steps.c', '-o', library, '-ldl'];
  const built = spawnSync(process.env['CC'] ?? 'cc', flags, { encoding: 'utf8' });
  if (built.status !== 0) {
    test.skip('no C compiler');
    return;
  }
  const before = performance.now();
  const args = ['traffic', String(ROUNDS / 2)];
  const { profile } = await measured(python, args, { LD_PRELOAD: library });
  const tookNs = (performance.now() - before) * 1e6;
  assertRounds(profile, ROUNDS);
  assert.ok(profile.wallNs > 0 && profile.wallNs < tookNs, `${profile.wallNs} ns`);
  assert.equal(profile.lost.events, 0);
}

/** The program is not disturbed, and one line says why there is no profile. */
async function removedFolder(python: string): Promise<void> {
  const temporary = mkdtempSync(join(scratch, 'tmp-'));
  const goOn = join(temporary, 'go-on');
  const ended = await runWithoutProfile({
    python,
    program: PROGRAM,
    args: ['waits'],
    env: { TMPDIR: temporary, LIMITS_GO_ON: goOn },
    onOutput: (text) => {
      if (!text.includes('ready') || existsSync(goOn)) return;
      for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true });
      writeFileSync(goOn, '');
    },
  });
  assert.match(ended.stdout.toString(), /went on/);
  assert.equal(ended.code, 125, ended.stderr);
  assert.match(ended.stderr, /^gilscope: The trace in \/.* was removed .*run it again\.\n$/);
}

/** Holds of which there are only totals are no native time, by the CPU clock of the program itself. */
async function fullForAWhile(python: string): Promise<void> {
  const run = await runProfile({ python, program: 'full_disk.py', args: ['1'], ...longest });
  assert.equal(run.code, 0, run.stderr);
  assertInvariants(run.profile);
  const [cpuNs = 0, heldNs = 0] = run.stdout
    .toString()
    .split(' ')
    .map((seconds) => Number(seconds) * 1e9);
  const { lost, threads } = run.profile;
  assert.ok(lost.events > 0, 'the trace was never full');
  const nativeNs = threads.reduce((sum, thread) => sum + thread.nativeNs, 0);
  const mostNs = cpuNs - heldNs + 0.1 * heldNs;
  assert.ok(heldNs >= 1e9 && nativeNs <= mostNs, `${nativeNs} ns native, at most ${mostNs}`);
}

/** 6 MB: less than the probe wants to have ready, and more than the program needs. */
function roomNotNeeded(python: string): void {
  const folder = mkdtempSync(join(scratch, 'small-'));
  const json = join(folder, 'profile.json');
  const run = ['run', '--quiet', '--python', python, '--out', join(folder, 'p.gilscope')];
  const program = [programPath(PROGRAM), 'at_once', '8'];
  const command = [join(dist, 'cli.js'), ...run, '--json', json, '--', ...program];
  const limited = ['-c', 'ulimit -f 12288 && exec "$0" "$@"', process.execPath, ...command];
  const { status, stderr } = spawnSync('sh', limited, { encoding: 'utf8', timeout: 300_000 });
  assert.equal(status, 0, stderr);
  const { lost } = JSON.parse(readFileSync(json, 'utf8')) as Profile;
  assert.deepEqual([lost.events, lost.causes, lost.reason], [0, [], null]);
}

async function atOnce(python: string, count: number): Promise<void> {
  const { profile } = await measured(python, ['at_once', String(count)]);
  assert.equal(profile.threads.length, count + 1);
  assert.equal(profile.lost.events, 0);
  assert.ok(acquiresOf(profile) >= 10 * count);
}

async function manyThreads(python: string): Promise<void> {
  const args = ['100000'];
  const run = await runProfile({ python, program: 'short_threads.py', args, ...longest });
  assert.equal(run.code, 0, run.stderr);
  assertInvariants(run.profile);
  assert.equal(run.profile.threads.length, 100_001);
  assert.equal(run.profile.lost.events, 0);
}

/** As many as hours of ordinary work have. */
async function traffic(python: string, rounds: number): Promise<void> {
  const args = ['traffic', String(rounds)];
  const limit = { maxTraceBytes: 4 << 20 };
  const run = await runProbed(await inspect(python), programPath(PROGRAM), args, limit);
  assert.equal(run.ended.code, 0, run.ended.stderr);
  const { profile } = run;
  assert.ok(profile);
  assertInvariants(profile);
  assertRounds(profile, 2 * rounds);
  assert.match(profile.lost.reason ?? '', /size limit/);
  assert.ok(run.cycles < 2_000_000 && run.cycles + profile.lost.events >= 4 * rounds);
}
