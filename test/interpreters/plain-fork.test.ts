/** A child of fork() that Python does not know of (of a server, of a C library) leaves the trace of its parent alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

const ROUNDS = 20_000;
const AROUND_SIGNALS = 20;

describe('a fork that Python does not know of', { concurrency: 2 }, () => {
  for (const python of oneOfEachMinor().filter((_, at) => at % 2 === 0)) {
    it(`on ${titleOf(python)}`, () => same(python.path));
    it(`while it waits for a lock, on ${titleOf(python)}`, () => same(python.path, 'acquire'));
  }
});

/** As the same program that does not fork. */
async function same(python: string, ...where: string[]): Promise<void> {
  const forking = await profileOf(python, 'fork', where);
  const alone = await profileOf(python, 'getpid', where);
  assert.deepEqual(facts(forking), facts(alone));
  // To wait for the child gives the GIL up once; a signal may do so twice, or before the lock is asked for.
  const more = acquiresOf(forking) - acquiresOf(alone) - 1;
  assert.ok(Math.abs(more) <= (where.length > 0 ? AROUND_SIGNALS : 0), `${more} more acquisitions`);
}

async function profileOf(
  python: string,
  how: 'fork' | 'getpid',
  where: readonly string[],
): Promise<Profile> {
  const args = [how, String(ROUNDS), ...where];
  const run = await runProfile({ python, program: 'plain_fork.py', args });
  assert.deepEqual([run.code, run.stdout.toString(), run.stderr], [0, '0\n', '']);
  assertInvariants(run.profile);
  return run.profile;
}

function facts({ processes, threads, locks, lost }: Profile): unknown {
  return {
    threads: threads.map(({ name }) => name),
    messages: processes.map(({ pid, messages }) =>
      messages.map((message) => message.replaceAll(String(pid), 'PID')),
    ),
    locks: locks
      .filter(({ contended }) => contended > 0)
      .map(({ name, acquires, contended }) => ({ name, acquires, contended })),
    lostEvents: lost.events,
    lostReason: lost.reason,
  };
}

function acquiresOf({ threads }: Profile): number {
  return threads.reduce((sum, { acquires }) => sum + acquires, 0);
}
