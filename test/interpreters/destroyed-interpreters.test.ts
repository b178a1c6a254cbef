/** Apart from the other tests of interpreters, since a sanitizer wants more address space than there is here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePythons, isAtLeast, oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

describe('interpreters that are gone leave the program its address space', () => {
  for (const python of [...oneOfEachMinor(), ...freePythons()].filter((p) => isAtLeast(p, 12))) {
    it(titleOf(python), async () => {
      const program = 'many_interpreters.py';
      const { code, stderr, stdout, profile } = await runProfile({ python: python.path, program });
      assert.equal(code, 0, stderr);
      assert.equal(stdout.toString(), '200\n');
      assert.equal(profile.gils.length, 1 + 100);
    });
  }
});
