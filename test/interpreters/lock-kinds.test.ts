/** Each kind of lock: what it is, what it is called and where it was made; waits for work apart from contention. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LockRow, Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { freePythons, oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile } from '../support/run-profile';

const PROGRAM = 'lock_kinds.py';

/** Kind, name, mark of the place where it was made, mark of the line that waits for work. */
const WORK = [
  ['Condition', 'Box.changed', 'condition', 'condition-work'],
  ['Condition', 'not_empty', null, 'explicit-work'],
  ['Event', 'ready', 'event', 'event-work'],
  ['Barrier', 'meet', 'barrier', 'barrier-work'],
  ['Semaphore', 'slots', 'semaphore', 'semaphore-work'],
  ['BoundedSemaphore', 'seats', 'bounded', 'bounded-work'],
  ['Queue', 'jobs', 'queue', 'queue-work'],
  ['SimpleQueue', 'simple', 'simple', 'simple-work'],
  ['Future', 'future', null, 'future-work'],
  ['join', 'thread', null, 'join'],
] as const;
/** Kind, name, mark of the place where it was made, mark of the line that waits, of that which holds. */
const CONTENTION = [
  ['Condition', 'Box.changed', 'condition', 'condition-work', 'condition-hold'],
  ['RLock', 'guard', 'rlock', 'rlock-wait', 'rlock-wait'],
  ['Lock', 'database', 'made', 'made-wait', 'made-wait'],
  ['Lock', 'account.guard', null, 'field-wait', 'field-wait'],
  ['Lock', 'right', 'several', 'several-wait', 'several-wait'],
] as const;
const SLEEP_NS = 20e6;

function rowsNamed({ locks }: Profile, kind: string, name: string): LockRow[] {
  return locks.filter((row) => row.kind === kind && row.name === name);
}

function assertMade({ createdAt }: LockRow, mark: string | null): void {
  if (mark === null) return;
  const line = markedLine(PROGRAM, mark);
  assert.deepEqual(createdAt, { file: programPath(PROGRAM), line });
}

function assertWork(profile: Profile): void {
  for (const [kind, name, made, mark] of WORK) {
    const line = markedLine(PROGRAM, mark);
    const rows = rowsNamed(profile, kind, name).filter(({ workNs }) => workNs > SLEEP_NS / 2);
    const [row] = rows.filter(({ sites }) => sites.some((s) => s.line === line && s.workNs > 0));
    assert.ok(row, `work of the ${kind} ${name}: ${JSON.stringify(rows)}`);
    assert.equal(row.library, null, name);
    assertMade(row, made);
  }
  // Older Pythons do not say of which class a method is, so that the subclasses of Queue are called that.
  for (const name of ['last', 'first']) {
    const row = profile.locks.find((lock) => lock.name === name);
    assert.match(row?.kind ?? '', /Queue$/);
    assert.ok((row?.workNs ?? 0) > 0, name);
  }
}

function assertContention(profile: Profile): void {
  for (const [kind, name, made, waiter, holder] of CONTENTION) {
    const [row] = rowsNamed(profile, kind, name).filter(({ waitNs }) => waitNs > SLEEP_NS / 2);
    assert.ok(row, `contention for the ${kind} ${name}`);
    assert.equal(row.library, null);
    assertMade(row, made);
    const [worst] = profile.blame.filter((one) => one.lock === row.id && one.holder !== null);
    assert.deepEqual(
      [worst?.waiter.line, worst?.holder?.line],
      [markedLine(PROGRAM, waiter), markedLine(PROGRAM, holder)],
      name,
    );
  }
}

function assertImport(profile: Profile): void {
  const { locks, blame, findings } = profile;
  const row = locks.find(({ kind, waitNs }) => kind === 'import' && waitNs > SLEEP_NS / 2);
  assert.ok(row, 'an import lock was waited for');
  const first = { file: programPath(PROGRAM), line: markedLine(PROGRAM, 'import-one') };
  assert.deepEqual([row.library, row.createdAt], ['importlib', first]);
  assert.match(row.name ?? '', /^slow_package(\.part)?$/);
  const [worst] = blame.filter((one) => one.lock === row.id && one.holder !== null);
  assert.deepEqual(
    [worst?.waiter.line, worst?.holder?.line],
    [markedLine(PROGRAM, 'import-other'), first.line],
  );
  const found = findings.find(({ where }) => where?.file.includes('slow_package') === true);
  assert.equal(found?.rule, 'large-critical-section');
  assert.ok(found.message.includes(`the import lock of ${row.name ?? ''}`), found.message);
}

/** The oldest, the newest, and what lies between by threes: whole programs take their time. */
const pythons = oneOfEachMinor().filter((_, at, all) => at % 3 === 0 || at === all.length - 1);

/** Two processes that sleep under one lock in turns: each waits for the line of the other. */
async function assertShared(python: string, method: string): Promise<void> {
  const program = 'lock_processes.py';
  const { profile, code, stderr } = await runProfile({ python, program, args: [method] });
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  const [row, ...others] = rowsNamed(profile, 'Lock', 'turn');
  assert.ok(row);
  assert.deepEqual(others, [], 'what processes share is one lock');
  const file = programPath(program);
  assert.deepEqual(row.createdAt, { file, line: markedLine(program, 'made') });
  assert.deepEqual([row.acquires, row.instances], [6, 1]);
  assert.ok(row.waitNs > SLEEP_NS, `${row.waitNs}`);
  const [worst] = profile.blame.filter(({ lock }) => lock === row.id);
  const turn = { file, line: markedLine(program, 'turn'), function: 'take_turns' };
  assert.deepEqual([worst?.waiter, worst?.holder], [turn, turn]);
  assert.ok((worst?.ns ?? 0) > row.waitNs / 2, `${worst?.ns} of ${row.waitNs}`);
}

/** A parent forks while it has the lock: neither its own uses nor those of the child are taken for others. */
async function assertHeldOverFork(python: string): Promise<void> {
  const program = 'lock_processes.py';
  const { profile, code, stderr } = await runProfile({ python, program, args: ['fork', 'held'] });
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  const [row, ...others] = rowsNamed(profile, 'Lock', 'turn');
  assert.deepEqual(others, []);
  assert.deepEqual([row?.acquires, row?.instances], [5, 1]);
  assert.ok((row?.holdNs ?? 0) >= 5 * 30e6, `${row?.holdNs}`);
}

for (const python of freePythons()) {
  describe(`locks of processes on ${titleOf(python)}`, () => {
    it('that fork take turns', () => assertShared(python.path, 'fork'));
    it('are held over a fork', () => assertHeldOverFork(python.path));
  });
}

for (const python of pythons) {
  describe(`kinds of locks on ${titleOf(python)}`, () => {
    it('are told apart, named, and their waits told from contention', async () => {
      const { profile, code, stderr } = await runProfile({
        python: python.path,
        program: PROGRAM,
      });
      assert.equal(code, 0, stderr);
      assertInvariants(profile);
      assertWork(profile);
      assertContention(profile);
      assertImport(profile);
    });

    for (const method of ['fork', 'spawn']) {
      it(`a lock of multiprocessing is one for all processes of ${method}`, () =>
        assertShared(python.path, method));
    }

    it('a lock that is held over a fork', () => assertHeldOverFork(python.path));

    it('threads that wait for work are in no deadlock', async () => {
      const { profile } = await runProfile({ python: python.path, program: 'lock_idle.py' });
      assert.equal(profile.exit.signal, 'SIGKILL');
      assert.ok(
        profile.locks.reduce((sum, { works }) => sum + works, 0) >= 6,
        'threads waited for work',
      );
      assert.deepEqual(
        profile.findings.filter(({ rule }) => rule === 'deadlock'),
        [],
      );
    });
  });
}
