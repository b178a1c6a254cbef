/** Children that are to be left out go their way, and leave the trace of their parent alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

const ROUNDS = 5000;

describe('--no-children', { concurrency: 2 }, () => {
  for (const python of oneOfEachMinor()) {
    it(`a forked child on ${titleOf(python)}`, async () => {
      const { profile, stdout, stderr } = await runProfile({
        python: python.path,
        program: 'limits.py',
        args: ['fork', String(ROUNDS)],
        cliArgs: ['--no-children'],
      });
      assert.match(stdout.toString(), /^child \d+ 3$/m, stderr);
      assertInvariants(profile);
      assert.equal(profile.processes.length, 1);
      const messages = profile.processes.flatMap((row) => row.messages);
      assert.match(messages.join(), /^Child processes were left out[^,]*, as asked[^,]*$/);
      assert.deepEqual(profile.lost, { ...profile.lost, events: 0, reason: null });
      const acquires = profile.threads.reduce((sum, row) => sum + row.acquires, 0);
      // A write and a read give the GIL up; the child's are not the parent's.
      assert.ok(acquires >= 2 * ROUNDS && acquires < 3 * ROUNDS, `${acquires} acquisitions`);
    });
  }
});
