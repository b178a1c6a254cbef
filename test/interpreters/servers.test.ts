/** Servers under load that are stopped from outside: all processes are there, and the report can be read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportText } from '../../server/profile/report-text';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile, type ProfileRun } from '../support/run-profile';

const WORKERS = 3;
const PROGRAM = 'servers.py';

describe('servers under load, stopped', { concurrency: 2 }, () => {
  const pythons = oneOfEachMinor();
  for (const python of pythons.filter((_, index) => index % 3 === 0)) {
    it(`preforking on ${titleOf(python)}`, async () =>
      prefork(await stopped(python.path, 'prefork')));
    it(`asyncio on ${titleOf(python)}`, async () => asyncio(await stopped(python.path, 'asyncio')));
  }
});

/** Stopped as by Ctrl+C, once it has served. */
async function stopped(python: string, kind: string): Promise<ProfileRun> {
  let told = '';
  const run = await runProfile({
    python,
    program: PROGRAM,
    args: [kind],
    onOutput: (text, control) => {
      const before = told.includes('served');
      told += text;
      if (!before && told.includes('served')) control.signal('SIGINT');
    },
  });
  assert.equal(run.code, 0, run.stderr);
  assertInvariants(run.profile);
  assert.equal(run.profile.lost.events, 0);
  for (const { running } of run.profile.processes) assert.ok(!running);
  return run;
}

function prefork({ profile }: ProfileRun): void {
  const [master, ...others] = profile.processes;
  assert.equal(others.length, WORKERS + 1);
  for (const row of others) {
    assert.equal(row.parentPid, master?.pid);
    assert.deepEqual(row.exit, { code: null, signal: 'SIGTERM' });
    const threads = profile.threads.filter(({ pid, holdNs }) => pid === row.pid && holdNs > 0);
    assert.equal(threads.length, 1, `process ${row.pid}`);
  }
  // Of four processes none waits for another's GIL.
  for (const gil of profile.gils) assert.ok(gil.waitNs < profile.wallNs / 4, gil.id);
  const text = reportText(profile, { folder: null });
  assert.match(text, new RegExp(`Processes \\(${WORKERS + 2}\\)`));
  assert.equal(text.match(/pid \d+, killed by SIGTERM/g)?.length, WORKERS + 1, text);
}

function asyncio({ profile }: ProfileRun): void {
  const line = markedLine(PROGRAM, 'await');
  const rows = profile.executors.filter(({ where }) => where.line === line);
  const count = rows.reduce((sum, row) => sum + row.count, 0);
  assert.ok(count >= 200, `${count} works`);
  for (const row of rows) {
    assert.equal(row.where.file, programPath(PROGRAM));
    assert.ok(row.asyncio);
  }
  const text = reportText(profile, { folder: null });
  assert.match(text, new RegExp(`${PROGRAM}:${line} in handle\\(\\) → answer`));
  assert.match(text, /events, in an event loop/);
}
