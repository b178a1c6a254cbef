import assert from 'node:assert/strict';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PreparedRun } from '../../server/interpreter/prepare-run';
import { RunSession } from '../../server/lsp/run-session';
import { english } from '../../server/lsp/text';
import type { RunStatus } from '../../server/protocol-run';

const NOTHING_READ = { events: 0, processes: 0, gilLoad: 0, stuckThreads: 0 };

/** A run of the client whose program never comes. */
function emptyRun(startGraceMs: number) {
  const runFolder = mkdtempSync(join(tmpdir(), 'gilscope-session-'));
  const statuses: RunStatus[] = [];
  const session = new RunSession({
    prepared: { runFolder, interpreter: { executable: '/python' } } as PreparedRun,
    title: 'script.py',
    startedBy: 'client',
    env: {},
    profile: {
      read: () => Promise.resolve(NOTHING_READ),
      show: () => Promise.reject(new Error('there is nothing to show')),
      finish: () => Promise.reject(new Error('there is nothing to finish')),
    },
    observer: {
      status: (status) => statuses.push(status),
      output: () => undefined,
      log: () => undefined,
    },
    text: english,
    startGraceMs,
  });
  return { runFolder, session, end: () => statuses.at(-1) };
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
