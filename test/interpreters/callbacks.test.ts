/** Many threads that Python did not make ask for the GIL at once: each of their cycles is recorded. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { programPath, runProfile } from '../support/run-profile';

/** More than there is room for beforehand: 64 at a time, 255 in all. */
const THREADS = 300;
const CALLS = 10;

const scratch = mkdtempSync(join(tmpdir(), 'gilscope-callbacks-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

describe('a burst of threads of a library', { concurrency: 2 }, () => {
  const library = join(scratch, 'callbacks.so');
  execFileSync('cc', ['-shared', '-fPIC', '-pthread', '-o', library, programPath('callbacks.c')]);
  for (const python of oneOfEachMinor()) {
    it(`on ${titleOf(python)}`, async () => {
      const args = [library, String(THREADS), String(CALLS)];
      const run = await runProfile({ python: python.path, program: 'callbacks.py', args });
      const { profile } = run;
      assert.deepEqual([run.code, run.stderr], [0, '']);
      assertInvariants(profile);
      assert.deepEqual(profile.lost, { ...profile.lost, events: 0, reason: null });
      assert.equal(profile.threads.length, THREADS + 1);
      const short = profile.threads.filter(({ acquires }) => acquires < CALLS);
      assert.deepEqual(short, []);
    });
  }
});
