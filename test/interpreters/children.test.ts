/** Children that are programs of their own: each Python among them has its trace, and nobody can tell. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Profile } from '../../server/protocol';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { programPath, runProcess, runProfile } from '../support/run-profile';

const cli = resolve('dist/cli.js');
const scratch = mkdtempSync(join(tmpdir(), 'gilscope-children-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const STARTED = [
  'subprocess',
  'no-environment',
  'own-preload',
  'preexec',
  'not-closing',
  'shell',
  'env',
  'script',
  'shim',
  'posix_spawn',
  'posix_spawnp',
  'system',
  'execv',
  'execve',
  'execvp',
  'replaced',
];

describe('children', { concurrency: 2 }, () => {
  for (const python of oneOfEachMinor()) {
    it(`every Python that is started, on ${titleOf(python)}`, () => startedBy(python.path));
  }
  it('none with --no-children', () => notFollowed());
  it('that are no Python are counted, and what the program became is said', () => notRecorded());
});

async function startedBy(python: string): Promise<void> {
  const { profile, stdout } = await compared(python, []);
  const root = profile.processes[0];
  const rows = profile.processes.filter((process) => STARTED.includes(process.argv.at(-1) ?? ''));
  assert.deepEqual(rows.map(({ argv }) => argv.at(-1)).sort(), [...STARTED].sort(), stdout);
  for (const row of rows) {
    const name = row.argv.at(-1);
    assert.deepEqual(row.exit, { code: 0, signal: null }, name);
    assert.equal(row.host, 'preloaded', name);
    assert.ok(row.startNs > 0 && row.endNs <= profile.wallNs, name);
    // What took the program's own place has the parent of the program.
    assert.equal(row.parentPid, name === 'replaced' ? root?.parentPid : root?.pid, name);
    assert.ok(
      profile.threads.some(({ pid, holdNs }) => pid === row.pid && holdNs > 0),
      `${name}: no thread held the GIL`,
    );
  }
}

async function notFollowed(): Promise<void> {
  const [python] = oneOfEachMinor();
  assert.ok(python, 'no interpreter at hand');
  const { profile } = await compared(python.path, ['--no-children']);
  assert.equal(profile.processes.length, 1);
}

async function notRecorded(): Promise<void> {
  const [python] = oneOfEachMinor();
  assert.ok(python, 'no interpreter at hand');
  const program = 'other_programs.py';
  const { profile, code } = await runProfile({ python: python.path, program });
  assert.equal(code, 7);
  const [root, child, ...others] = profile.processes;
  assert.ok(root && child && others.length === 0);
  assert.equal(child.argv.at(-1), 'pass');
  assert.ok(root.replaced);
  assert.deepEqual([root.otherChildren, child.otherChildren], [3, 0]);
  assert.match(root.messages.join(), /^Process \d+ became another program that was not recorded:/);
}

/** Runs the program with and without us; what it and its children print must be the same. */
async function compared(
  python: string,
  options: readonly string[],
): Promise<{ profile: Profile; stdout: string }> {
  const folder = mkdtempSync(join(scratch, 'run-'));
  const args = [programPath('starters.py'), folder];
  const env = { PATH: process.env['PATH'], LD_PRELOAD: '', LANG: 'C.UTF-8', GILSCOPE_OWN: 'x' };
  const plain = await runProcess(python, args, { env });
  assert.equal(plain.code, 0, plain.stderr);
  const json = join(folder, 'profile.json');
  const kept = ['--out', join(folder, 'p.gilscope'), '--json', json];
  const ours = await runProcess(
    process.execPath,
    [cli, 'run', '--quiet', '--python', python, ...kept, ...options, '--', ...args],
    { env },
  );
  assert.equal(ours.stdout.toString(), plain.stdout.toString());
  assert.equal(ours.stderr, plain.stderr);
  assert.equal(ours.code, plain.code);
  const profile = JSON.parse(readFileSync(json, 'utf8')) as Profile;
  return { profile, stdout: ours.stdout.toString() };
}
