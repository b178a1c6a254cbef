/** Threads have the names that Python last knew them by, whenever those were set. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePythons, gilPythons, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

interface Said {
  readonly pid: number;
  readonly names: Readonly<Record<string, string>>;
}

describe('thread names', { concurrency: 2 }, () => {
  for (const python of [...gilPythons(), ...freePythons()]) {
    it(`set after the start, on ${titleOf(python)}`, async () => {
      const done = await runProfile({ python: python.path, program: 'renamed.py' });
      assert.equal(done.code, 0, done.stderr);
      const { pid, names } = JSON.parse(done.stdout.toString()) as Said;
      assert.equal(Object.keys(names).length, 7);
      for (const [tid, name] of Object.entries(names)) {
        const rows = done.profile.threads.filter((row) => row.pid === pid && `${row.tid}` === tid);
        assert.deepEqual(
          [...new Set(rows.map((row) => row.name))],
          [name],
          `thread ${tid} of ${JSON.stringify(names)}`,
        );
      }
    });
  }
});
