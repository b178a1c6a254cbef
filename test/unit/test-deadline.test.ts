/** What CI does not come to in its time is listed as not run, and never as passed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

function run(seconds: string): string {
  const script =
    "import { runFiles } from './scripts/testing/run-files.mjs';" +
    "console.log(String(await runFiles(['none.test.ts'], { concurrency: 2, timeoutMs: 60_000 })));";
  const args = ['--input-type=module', '--eval', script];
  const env = { ...process.env, CI: '', GILSCOPE_TEST_SECONDS: seconds };
  return spawnSync(process.execPath, args, { encoding: 'utf8', env }).stdout;
}

test('after the time that was given nothing more is begun', () => {
  assert.equal(
    run('0'),
    'not run  none.test.ts: after 0 s nothing more is begun\n0 passed, 0 failed, 1 skipped\n',
  );
});

test('before it, and where none was given, a file runs', () => {
  for (const seconds of ['3600', '']) assert.match(run(seconds), /\n0 passed, 1 failed\n$/);
});
