/**
 * Programs that end badly, and a disk that is full: what was measured until then is kept and holds the invariants,
 * the exit status is the program's own, and the profile says what happened.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ExitStatus, Profile } from '../../server/protocol';
import { markedRows, selfNs } from '../support/checked-run';
import { pairThreads } from '../support/compare-recorder';
import { assertInvariants } from '../support/invariants';
import { killProcess } from '../support/kill-process';
import { halfOfPythons, titleOf } from '../support/pythons';
import {
  runProfile,
  runWithoutProfile,
  type ProfileOptions,
  type RunControl,
} from '../support/run-profile';

const pythons = halfOfPythons('other');

for (const python of pythons) {
  const options = (program: string, args: string[] = []): ProfileOptions => ({
    python: python.path,
    program,
    args,
  });
  describe(`faults on ${titleOf(python)}`, { concurrency: 2 }, () => {
    it('sys.exit(3)', () => endsWith(options('sys_exit.py'), 3, 'sleep', 'off'));
    it('an uncaught exception', () => endsWith(options('uncaught.py'), 1, 'sleep', 'off'));
    it('os._exit in the middle of work', () => endsWith(options('os_exit.py'), 7, 'work', 'hold'));
    it('a segmentation fault', () => segfault(options('segfault.py')));
    it('kill -9', () => killed(options('forever.py')));
    it('a deadlock, ended by SIGTERM', () => deadlock(options('deadlock.py')));
    it('a syntax error', () => syntaxError(options('syntax_error.py')));
    it('fork: parent and children are measured', () => fork(options('fork.py')));
    it('daemon threads at the end of Python', () => daemons(options('daemons_at_exit.py')));
    it('child processes', () => children(options('children.py')));
  });
}

// What does not depend on the version, once for each way of starting.
for (const linkage of ['shared', 'static'] as const) {
  const python = pythons.findLast((candidate) => candidate.linkage === linkage);
  const skip = python === undefined && `no ${linkage} CPython here`;
  const path = python?.path ?? '';
  describe(`faults with a ${linkage} interpreter`, { skip }, () => {
    it('10,000 short threads', () => manyThreads(path));
    it('a trace folder that is not there', () => noTraceFolder(path));
    it('a disk that fills up', (test) => fullDisk(path, test));
  });
}

/** Runs and holds what every end has in common. */
async function measured(options: ProfileOptions, exit: ExitStatus): Promise<Profile> {
  const run = await runProfile(options);
  assertInvariants(run.profile);
  const status = exit.signal === null ? exit.code : 128 + signalNumber(exit.signal);
  assert.equal(run.code, status, `exit status; standard error:\n${run.stderr}`);
  assert.deepEqual(run.profile.exit, exit);
  return run.profile;
}

function signalNumber(name: string): number {
  const numbers: Record<string, number> = { SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
  return numbers[name] ?? Number.NaN;
}

async function endsWith(
  options: ProfileOptions,
  code: number,
  mark: string,
  kind: 'hold' | 'off',
): Promise<void> {
  const profile = await measured(options, { code, signal: null });
  assert.ok(selfNs(profile, options.program, mark, kind) > 40e6, `@${mark} has its ${kind}`);
  assert.deepEqual(profile.processes[0]?.exit, { code, signal: null });
}

async function segfault(options: ProfileOptions): Promise<void> {
  const profile = await measured(options, { code: null, signal: 'SIGSEGV' });
  assert.ok(selfNs(profile, options.program, 'work', 'hold') > 40e6);
}

/** Calls back once, when the program has said that it is ready, with its process id. */
function whenReady(action: (pid: number, control: RunControl) => void): ProfileOptions['onOutput'] {
  let said = '';
  let isDone = false;
  return (text, control) => {
    said += text;
    const ready = /ready (\d+)\n/.exec(said);
    if (isDone || ready === null) return;
    isDone = true;
    action(Number(ready[1]), control);
  };
}

async function killed(options: ProfileOptions): Promise<void> {
  const onOutput = whenReady((pid) => killProcess(pid));
  const profile = await measured(
    { ...options, ...given(onOutput) },
    { code: null, signal: 'SIGKILL' },
  );
  const names = profile.threads.map((thread) => thread.name);
  assert.deepEqual(names.sort(), ['MainThread', 'one', 'two']);
  assert.ok(selfNs(profile, options.program, 'work', 'hold') > 100e6);
  assert.deepEqual(profile.processes[0]?.exit, { code: null, signal: 'SIGKILL' });
}

async function deadlock(options: ProfileOptions): Promise<void> {
  const onOutput = whenReady((_pid, control) => control.signal('SIGTERM'));
  const profile = await measured(
    { ...options, ...given(onOutput) },
    { code: null, signal: 'SIGTERM' },
  );
  const stuck = markedRows(profile, options.program, 'stuck');
  // Both threads, for most of the 100 ms until the program said so, and up to the end.
  assert.ok(stuck.reduce((sum, row) => sum + row.off.selfNs, 0) > 100e6);
}

function given(onOutput: ProfileOptions['onOutput']): Pick<ProfileOptions, 'onOutput'> {
  return onOutput === undefined ? {} : { onOutput };
}

async function syntaxError(options: ProfileOptions): Promise<void> {
  const run = await runProfile(options);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /SyntaxError/);
  assertInvariants(run.profile);
}

async function fork(options: ProfileOptions): Promise<void> {
  const profile = await measured(options, { code: 0, signal: null });
  const [parent, ...forked] = profile.processes;
  assert.equal(forked.length, 3);
  for (const child of forked) {
    assert.equal(child.parentPid, parent?.pid);
    const own = profile.threads.filter((thread) => thread.pid === child.pid);
    assert.ok(own.length >= 3, `threads of the child ${child.pid}`);
    assert.ok(own.some((thread) => thread.acquires > 10));
    assert.ok(child.startNs > 0 && child.endNs > child.startNs);
  }
}

/** Freed memory is overwritten: whoever reads it there crashes. */
async function daemons(options: ProfileOptions): Promise<void> {
  const env = { MALLOC_PERTURB_: '165', GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' };
  for (let run = 0; run < 3; run++) {
    const profile = await measured({ ...options, env }, { code: 0, signal: null });
    assert.equal(profile.threads.length, 9);
  }
}

async function children(options: ProfileOptions): Promise<void> {
  const profile = await measured(options, { code: 0, signal: null });
  const row = profile.processes.find((candidate) => candidate.pid === profile.threads[0]?.pid);
  assert.ok(row, 'the program itself is there');
  assert.ok(selfNs(profile, options.program, 'work', 'hold') > 40e6);
}

async function manyThreads(python: string): Promise<void> {
  const program = 'short_threads.py';
  const run = await runProfile({ python, program, args: ['10000'], recorder: true });
  assert.equal(run.code, 0, run.stderr);
  assertInvariants(run.profile);
  assert.equal(run.profile.lost.events, 0);
  assert.equal(run.profile.threads.length, 10_001);
  assertCountsEqual(run);
}

/** Counts of every thread, and no thread that only one of the two saw. */
function assertCountsEqual(run: Awaited<ReturnType<typeof runProfile>>): void {
  const record = run.records.find((candidate) => candidate.pid === run.profile.processes[0]?.pid);
  assert.ok(record, 'the recorder saw the program');
  const { pairs, unmatched } = pairThreads(run.profile, record);
  assert.deepEqual(unmatched, []);
  for (const { ours, theirs } of pairs) {
    assert.deepEqual(
      [ours.tid, ours.acquires, ours.contended],
      [theirs.tid, theirs.acquires, theirs.contended],
    );
  }
}

async function noTraceFolder(python: string): Promise<void> {
  const folder = join(tmpdir(), 'gilscope-is-not-there');
  const env = { TMPDIR: folder };
  const run = await runWithoutProfile({ python, program: 'sys_exit.py', env });
  assert.equal(run.code, 125);
  assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
  assert.ok(run.stderr.includes(folder), run.stderr);
}

/** A file system of a few megabytes fills up in the middle of a run: detail goes, totals stay. */
async function fullDisk(python: string, test: TestContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-full-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder]);
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true });
    test.skip('a small file system can only be made by root');
    return;
  }
  try {
    const program = resolve('test/fixtures/bench/pipe_loop.py');
    const env = { TMPDIR: folder };
    const run = await runProfile({ python, program, args: ['600000'], env, recorder: true });
    assert.equal(run.code, 0, run.stderr);
    assertInvariants(run.profile);
    assert.ok(run.profile.lost.events > 0, 'the file system was large enough');
    assert.match(run.profile.lost.reason ?? '', /disk/i);
    assertCountsEqual(run);
  } finally {
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}
