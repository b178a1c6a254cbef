import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PreparedRun } from '../../server/interpreter/prepare-run';
import { RunSession, type GrowingProfile, type Reading } from '../../server/lsp/run-session';
import { english } from '../../server/lsp/text';
import type { Profile } from '../../server/protocol';
import type { RunStatus } from '../../server/protocol-run';

const NOTHING_READ = { events: 0, processes: 0, gilLoad: 0, stuckThreads: 0 };

/** A run of the client whose program never comes. */
function emptyRun(startGraceMs: number, profile: Partial<GrowingProfile> = {}) {
  const runFolder = mkdtempSync(join(tmpdir(), 'gilscope-session-'));
  const statuses: RunStatus[] = [];
  const abandoned: string[] = [];
  const session = new RunSession({
    prepared: { runFolder, interpreter: { executable: '/python' } } as PreparedRun,
    title: 'script.py',
    startedBy: 'client',
    env: {},
    profile: {
      read: () => Promise.resolve(NOTHING_READ),
      show: () => Promise.reject(new Error('there is nothing to show')),
      finish: () => Promise.reject(new Error('there is nothing to finish')),
      abandon: (_exit, why) => {
        abandoned.push(why);
        return Promise.resolve();
      },
      ...profile,
    },
    observer: {
      status: (status) => statuses.push(status),
      output: () => undefined,
      log: () => undefined,
    },
    text: english,
    startGraceMs,
  });
  return { runFolder, session, abandoned, end: () => statuses.at(-1) };
}

void test('a program that is stopped and does not appear ends its run after a stated time', async () => {
  const { runFolder, session, end } = emptyRun(120);
  const followed = session.follow();
  await session.stop();
  await followed;
  assert.equal(end()?.state, 'failed');
  assert.match(end()?.message ?? '', /before it had started.* within 120 ms.*it ends at once/);
  assert.equal(existsSync(runFolder), false, 'nothing is recorded there later');
});

void test('a second stop does not wait for the program', async () => {
  const { session, end } = emptyRun(3_600_000);
  const followed = session.follow();
  const first = session.stop();
  await session.stop();
  await followed;
  await first;
  assert.equal(end()?.state, 'failed');
  assert.equal(end()?.message, english.run.neverStarted);
});

const ENDED = { code: 0, signal: null };

void test('a trace that is removed while the program runs is what is said, with what was read', async () => {
  const read = () => Promise.resolve({ ...NOTHING_READ, events: 3, processes: 1 });
  const show = (): Promise<Profile['processes']> => {
    rmSync(runFolder, { recursive: true });
    session.programEnded(ENDED);
    return Promise.resolve([]);
  };
  const { runFolder, session, abandoned, end } = emptyRun(0, { read, show });
  await session.follow();
  assert.equal(end()?.state, 'failed');
  assert.match(end()?.message ?? '', /was removed while the program ran/);
  assert.doesNotMatch(end()?.message ?? '', /before the measuring began/);
  assert.deepEqual(abandoned, [english.run.traceGone(runFolder)]);
});

void test('a trace that is removed before anything was read is no fault of Python', async () => {
  const { runFolder, session, abandoned, end } = emptyRun(0);
  rmSync(runFolder, { recursive: true });
  session.programEnded(ENDED);
  await session.follow();
  assert.equal(end()?.message, english.run.traceGone(runFolder));
  assert.equal(abandoned.length, 1);
});

void test('an end that cannot be read leaves what was read before, and says so', async () => {
  const read = (final: boolean): Promise<Reading> =>
    final
      ? Promise.reject(new Error('x.trace: permission denied.'))
      : Promise.resolve({ ...NOTHING_READ, events: 3, processes: 1 });
  const show = (): Promise<Profile['processes']> => {
    session.programEnded(ENDED);
    return Promise.resolve([]);
  };
  const { runFolder, session, abandoned, end } = emptyRun(0, { read, show });
  writeFileSync(join(runFolder, '1.trace'), '');
  await session.follow();
  assert.equal(end()?.state, 'failed');
  assert.equal(end()?.message, english.run.endUnread('x.trace: permission denied.'));
  assert.deepEqual(abandoned, [end()?.message]);
});
