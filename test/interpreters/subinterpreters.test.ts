/** Interpreters in one process: each GIL is what it is, and nothing crosses from one to another. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Profile } from '../../server/protocol';
import { isAtLeast, oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

const BUSY_NS = 0.6e9;

describe('sub-interpreters', { concurrency: 2 }, () => {
  for (const python of oneOfEachMinor().filter((each) => isAtLeast(each, 12))) {
    const profiled = async (how: string): Promise<Profile> => {
      const done = await runProfile({
        python: python.path,
        program: 'two_interpreters.py',
        args: [how],
      });
      assert.equal(done.code, 0, done.stderr);
      return done.profile;
    };
    it(`own GILs on ${titleOf(python)}`, async () => ownGils(await profiled('own')));
    it(`a shared GIL on ${titleOf(python)}`, async () => sharedGil(await profiled('shared')));
    if (isAtLeast(python, 14)) {
      it(`a pool of them on ${titleOf(python)}`, async () => ownGils(await profiled('pool')));
    }
  }
});

/** Two GILs that are held almost all the time, at the same time, and nobody waits for either. */
function ownGils(profile: Profile): void {
  const own = profile.gils.filter((gil) => gil.interpreter > 0);
  assert.equal(own.length, 2);
  assert.equal(new Set(profile.gils.map((gil) => gil.id)).size, 3);
  for (const gil of own) {
    assert.equal(gil.id, `${gil.pid}/${gil.interpreter}`);
    assert.ok(gil.holdNs > BUSY_NS * 0.9, `${gil.id} was held ${gil.holdNs} ns`);
    // A pool starts and ends its work from other threads; beside a busy neighbour each would wait half the time.
    assert.ok(gil.waitNs < BUSY_NS * 0.1, `${gil.id}: threads waited ${gil.waitNs} ns`);
    const lanes = profile.threads.filter((thread) => thread.gil === gil.id && thread.holdNs > 0);
    assert.ok(lanes.some((lane) => lane.holdNs > BUSY_NS * 0.9));
  }
  assert.ok(profile.parallelism.underGilNs > BUSY_NS * 1.8);
  assertBlameStays(profile);
}

/** One GIL, for which one of the two waits while the other has it. */
function sharedGil(profile: Profile): void {
  assert.equal(profile.gils.length, 1);
  const busy = profile.threads.filter((thread) => thread.name.startsWith('busy'));
  assert.equal(busy.length, 2);
  // 3.12 does not ask an interpreter to let go for another: there the second waits for all of the first, or the main
  // thread does, before it has started the second.
  const waitNs = profile.threads.reduce((sum, thread) => sum + thread.waitNs, 0);
  assert.ok(waitNs > BUSY_NS * 0.8, `they waited ${waitNs} ns`);
  assert.ok(profile.parallelism.underGilNs <= profile.wallNs);
  assertBlameStays(profile);
}

/** Per GIL, waits are what the holders of that very GIL are to blame for, and hand-off. */
function assertBlameStays(profile: Profile): void {
  for (const gil of profile.gils) {
    const rows = profile.blame.filter((row) => row.lock === gil.id);
    assert.equal(
      rows.reduce((sum, row) => sum + row.ns, 0),
      gil.waitNs,
    );
    const threads = profile.threads.filter((thread) => thread.gil === gil.id);
    assert.equal(
      threads.reduce((sum, thread) => sum + thread.blocksNs, 0) + gil.handoffNs,
      gil.waitNs,
    );
  }
}
