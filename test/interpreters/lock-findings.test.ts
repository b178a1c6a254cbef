/** What programs of known use of locks are told about them: the right finding, lock and line, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Finding, Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile } from '../support/run-profile';

const PROGRAM = 'lock_findings.py';
const RULES = new Set<Finding['rule']>([
  'deadlock',
  'large-critical-section',
  'lock-across-await',
  'lock-across-blocking-call',
  'lock-convoy',
  'lock-order-inversion',
]);

const at = (mark: string) => ({ file: programPath(PROGRAM), line: markedLine(PROGRAM, mark) });
const placeOf = (mark: string): string => `${at(mark).file}:${at(mark).line}`;

/** Findings about locks. */
function found({ findings }: Profile): Finding[] {
  return findings.filter(({ rule }) => RULES.has(rule));
}

/** The only finding about locks. */
function theOnly(profile: Profile, rule: Finding['rule']): Finding {
  const [first, ...others] = found(profile);
  assert.equal(first?.rule, rule, JSON.stringify(profile.findings));
  assert.deepEqual(others, []);
  return first;
}

function assertThroughGil({ locks, blame }: Profile): void {
  const row = locks.find(({ name }) => name === 'state');
  assert.ok(row && row.waitNs > 0);
  assert.ok(row.throughGilNs > row.waitNs / 20, `${row.throughGilNs} of ${row.waitNs}`);
  const busy = blame.find(
    ({ lock, holder }) => lock === row.id && holder?.line === at('through-gil-busy').line,
  );
  assert.equal(busy?.waiter.line, at('through-gil').line);
  // All that was waited through the GIL is on who held the GIL, or on nobody while it went from one to the next.
  assert.ok(busy.ns > row.throughGilNs / 2, `${busy.ns} of ${row.throughGilNs}`);
}

/** The oldest and the newest: whole programs take their time. */
const pythons = oneOfEachMinor().filter((_, i, all) => i === 0 || i === all.length - 1);

for (const python of pythons) {
  const run = async (name: string): Promise<Profile> => {
    const done = await runProfile({ python: python.path, program: PROGRAM, args: [name] });
    assert.equal(done.code, 0, done.stderr);
    assertInvariants(done.profile);
    return done.profile;
  };
  describe(`findings about locks on ${titleOf(python)}`, () => {
    it('a lock convoy', async () => {
      const finding = found(await run('convoy')).find(({ rule }) => rule === 'lock-convoy');
      assert.deepEqual(finding?.where, at('convoy'));
      assert.match(finding.message, /the Lock counter/);
    });

    it('a critical section with a sleep in it', async () => {
      const finding = theOnly(await run('large'), 'large-critical-section');
      assert.deepEqual(finding.where, at('large'));
      assert.ok(
        finding.message.includes(`the Lock table is held, taken at ${placeOf('large-taken')}`),
      );
    });

    it('a lock held while its holder waits for work', async () => {
      const finding = theOnly(await run('blocking'), 'lock-across-blocking-call');
      assert.deepEqual(finding.where, at('blocking'));
      assert.ok(finding.message.includes(`the Lock state, taken at ${placeOf('blocking-taken')}`));
    });

    it('three locks taken in a circle, although nothing went wrong', async () => {
      const finding = theOnly(await run('circle'), 'lock-order-inversion');
      assert.equal(finding.evidence['locks'], 3);
      assert.deepEqual(finding.where, at('circle'));
      for (const order of [1, 2, 3])
        assert.match(String(finding.evidence[`innerStack${order}`]), /lock_findings/);
    });

    it('a holder that waits for the GIL: its waiters are on who has the GIL', async () =>
      assertThroughGil(await run('through_gil')));

    it('nothing where there is nothing', async () => {
      assert.deepEqual(found(await run('guarded')), []);
      assert.deepEqual(found(await run('short')), []);
    });
  });
}
