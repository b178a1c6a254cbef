/** An interpreter that handles its GIL as no known CPython does: the probe notices, and the profile says so. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { Profile } from '../../server/protocol';
import { analyseRun } from '../../server/cli/analyse';
import { dist } from '../support/run-profile';

function buildFakePython(folder: string): string {
  const library = join(folder, 'libpython3.99.so');
  const source = resolve('test/recorder/fake_python.c');
  const flags = ['-O1', '-fPIC', '-shared', '-Wall', '-Werror', '-o', library, source, '-lpthread'];
  const done = spawnSync(process.env['CC'] ?? 'cc', flags, { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return library;
}

function profileOf(how: string): Profile {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-fake-'));
  try {
    const traces = join(folder, 'traces');
    mkdirSync(traces);
    const options = ['--gilscope-library', buildFakePython(folder), '--gilscope-trace', traces];
    const host = join(dist, 'native', 'gilscope-host');
    const done = spawnSync(host, [...options, '--', 'python', how], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.deepEqual([done.status, done.stderr], [0, '']);
    return analyseRun(traces, false).profile;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const messagesOf = (profile: Profile): string => profile.processes[0]?.messages.join() ?? '';

test('the usual calls: ten cycles, and nothing to doubt', () => {
  const profile = profileOf('usual');
  const acquires = profile.threads.reduce((sum, row) => sum + row.acquires, 0);
  assert.equal(acquires, 10);
  assert.doesNotMatch(messagesOf(profile), /GIL of process/);
});

for (const how of ['unsignalled', 'unreleased']) {
  test(`a GIL that is ${how}: its events cannot be trusted`, () => {
    assert.match(messagesOf(profileOf(how)), /was not recognised.*cannot be trusted/);
  });
}

test('no GIL to be seen: nothing was measured', () => {
  assert.match(messagesOf(profileOf('none')), /No GIL of process \d+ was seen/);
});
