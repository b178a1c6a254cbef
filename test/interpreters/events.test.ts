/**
 * Programs of many kinds on every interpreter: the invariants hold, counts and times agree with the independent
 * recorder of the same run, and threads, stacks and names are what the program made.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import type { Profile } from '../../server/protocol';
import { checkedRun, markedRows, selfNs } from '../support/checked-run';
import { halfOfPythons, isAtLeast, titleOf } from '../support/pythons';
import { programPath, type ProfileRun } from '../support/run-profile';

type Run = (program: string, args?: string[]) => Promise<ProfileRun>;

for (const python of halfOfPythons('other')) {
  const run: Run = async (program, args = []) => {
    const done = await checkedRun({ python: python.path, program, args });
    assert.equal(done.code, 0, done.stderr);
    return done;
  };
  describe(`events on ${titleOf(python)}`, () => {
    it('locks, conditions and queues', async () => {
      await run('locks.py');
    });
    it('asyncio with an executor', () => asyncioTasks(run));
    it('ping-pong over pipes: each call is one acquisition', () => pingPong(run));
    it('deep recursion: a line counts once for each stack', () => deepRecursion(run));
    it('a thousand short threads have a row each', () => shortThreads(run));
    it('sub-interpreters', () => subinterpreters(run, python));
    it('generators and coroutines are on the stack', () => generators(run));
    it('generated code has its name and lines', () => generated(run));
    it('names that are not ASCII', () => unicodeNames(run));
    it('daemon threads at shutdown', () => daemons(run));
  });
}

const totalNs = (profile: Profile, program: string, name: string): number =>
  markedRows(profile, program, name).reduce((sum, row) => sum + row.off.totalNs, 0);

async function asyncioTasks(run: Run): Promise<void> {
  const program = 'asyncio_tasks.py';
  const { profile } = await run(program);
  assert.ok(selfNs(profile, program, 'hog', 'hold') > 50e6, 'the hog held for most of its 120 ms');
  assert.ok(selfNs(profile, program, 'executor', 'off') > 0, 'hashing lets go');
}

async function pingPong(run: Run): Promise<void> {
  const program = 'ping_pong.py';
  const { profile } = await run(program, ['2000']);
  for (const name of ['ping-read', 'ping-write', 'pong-read', 'pong-write']) {
    const acquires = markedRows(profile, program, name).reduce((sum, row) => sum + row.acquires, 0);
    assert.equal(acquires, 2000, name);
  }
}

async function deepRecursion(run: Run): Promise<void> {
  const program = 'deep_recursion.py';
  const { profile } = await run(program);
  const bottomNs = selfNs(profile, program, 'bottom', 'off');
  const acquires = markedRows(profile, program, 'bottom').reduce((n, row) => n + row.acquires, 0);
  assert.equal(acquires, 600);
  const diveNs = totalNs(profile, program, 'dive');
  // Once for each stack that it is on, however often it is on it; beside the bottom it has little time of its own.
  const lifeNs = profile.threads.reduce((sum, row) => sum + row.endNs - row.startNs, 0);
  assert.ok(diveNs >= bottomNs && diveNs < lifeNs, `total of the recursion: ${diveNs}`);
}

async function shortThreads(run: Run): Promise<void> {
  const { profile } = await run('short_threads.py', ['1000']);
  assert.equal(profile.threads.length, 1001);
}

async function subinterpreters(run: Run, python: FoundPython): Promise<void> {
  const { profile, records } = await run('subinterpreters.py');
  const own = isAtLeast(python, 12) ? 3 : 0;
  assert.equal(profile.gils.length, 1 + own);
  const pid = profile.processes[0]?.pid;
  assert.equal(records.find((record) => record.pid === pid)?.gilCount, 1 + own);
  assert.equal(new Set(profile.gils.map((gil) => gil.id)).size, 1 + own, 'each has its own id');
}

async function generators(run: Run): Promise<void> {
  const program = 'generators.py';
  const { profile } = await run(program);
  const yieldingNs = selfNs(profile, program, 'yielding', 'off');
  const awaitingNs = selfNs(profile, program, 'awaiting', 'off');
  for (const ns of [yieldingNs, awaitingNs]) assert.ok(ns > 40e6, `20 sleeps of 2 ms: ${ns} ns`);
  for (const name of ['delegating', 'consume'])
    assert.equal(totalNs(profile, program, name), yieldingNs);
  for (const name of ['inner', 'top', 'send'])
    assert.equal(totalNs(profile, program, name), awaitingNs);
}

async function generated(run: Run): Promise<void> {
  const { profile } = await run('generated.py');
  const offNs = (file: string, line: number): number =>
    profile.lines
      .filter((row) => row.file === file && row.line === line)
      .reduce((sum, row) => sum + row.off.selfNs, 0);
  // 50 ms by eval and 50 ms by exec, both on line 1 of '<string>'; 20 ms on line 3.
  assert.ok(offNs('<string>', 1) > 100e6 && offNs('<string>', 3) > 20e6);
  assert.equal(offNs('<string>', 2), 0);
  const made = profile.lines.filter((row) => /^<made \d+>$/.test(row.file) && row.line === 2);
  assert.equal(new Set(made.map((row) => row.file)).size, 300);
  for (const row of made) {
    if (row.function !== '<module>') assert.equal(`<${row.function.replace('_', ' ')}>`, row.file);
  }
}

async function unicodeNames(run: Run): Promise<void> {
  const program = 'имя и пробел 名前.py';
  const { profile } = await run(program);
  const names = { latin: 'größe', ucs2: '計算', ucs4: '𝒻𝓊𝓃'.normalize('NFKC') };
  for (const [mark, name] of Object.entries(names)) {
    assert.deepEqual(
      [...new Set(markedRows(profile, program, mark).map((row) => row.function))],
      [name],
    );
  }
  const threads = profile.threads.map((thread) => thread.name);
  for (const name of ['MainThread', 'нить', 'スレッド 🧵']) assert.ok(threads.includes(name), name);
  assert.ok(profile.lines.some((row) => row.file === programPath(program)));
}

async function daemons(run: Run): Promise<void> {
  const program = 'daemons.py';
  const { profile, stdout } = await run(program);
  assert.equal(stdout.toString(), 'leaving\nbye\n');
  assert.ok(selfNs(profile, program, 'doze', 'off') > 0);
  assert.equal(profile.threads.length, 4);
}
