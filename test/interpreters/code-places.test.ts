/** Code that comes to lie where other code was is told from it, by the samples too. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

/** Each computes for 50 ms, in which a busy machine may take no sample. */
const FUNCTIONS = 20;

describe('functions that are made and thrown away', { concurrency: 2 }, () => {
  for (const python of oneOfEachMinor()) {
    it(`on ${titleOf(python)}`, async () => {
      const args = [String(FUNCTIONS)];
      const run = await runProfile({ python: python.path, program: 'code_places.py', args });
      assert.equal(run.code, 0, run.stderr);
      assertInvariants(run.profile);
      const made = run.profile.lines.filter((row) => row.function.startsWith('made_'));
      const computed = made.filter((row) => row.hold.selfNs > 0);
      for (const { function: name, line } of computed) {
        const own = line - Number(name.slice('made_'.length));
        assert.ok(line === 1 || own === 2 || own === 3, `${name} on line ${line}`);
      }
      assert.ok(computed.length > FUNCTIONS / 2, `lines of ${computed.length} functions`);
    });
  }
});
