/** Servers under load that are stopped from outside: all processes are there, and the report can be read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processOf } from '../../server/interpreter/process-tree-linux';
import { reportText } from '../../server/profile/report-text';
import type { RunParams, RunResult, RunStatus } from '../../server/protocol-run';
import { assertInvariants } from '../support/invariants';
import { LspClient } from '../support/lsp-client';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import {
  markedLine,
  programPath,
  programs,
  runProfile,
  type ProfileRun,
} from '../support/run-profile';

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

describe('servers under load, stopped by the editor', () => {
  const [python] = oneOfEachMinor();
  for (const kind of ['prefork', 'stubborn', 'asyncio']) {
    it(kind, async () => {
      assert.ok(python, 'no interpreter at hand');
      await stoppedByEditor(python.path, kind);
    });
  }
});

/** As by the command Stop: the language server ends all processes of the run and keeps what was measured. */
async function stoppedByEditor(python: string, kind: string): Promise<void> {
  const client = await LspClient.start({ env: process.env, initializationOptions: { python } });
  try {
    const run = await client.request<RunResult>('gilscope/run', {
      target: { kind: 'file', path: programPath(PROGRAM) },
      args: [kind],
      cwd: programs,
      workspaceFolder: null,
      startedBy: 'server',
    } satisfies RunParams);
    await client.until<{ text: string }>('gilscope/output', ({ text }) => text.includes('served'));
    const stopped = await client.request('gilscope/stop', { runId: run.runId });
    assert.deepEqual(stopped, { stopped: true });
    const end = await client.until<RunStatus>('gilscope/status', ({ state }) =>
      ['finished', 'failed'].includes(state),
    );
    assert.equal(end.state, 'finished', end.message ?? '');
    const { text } = await client.request<{ text: string }>('gilscope/report', {});
    const pids = [...text.matchAll(/ pid (\d+),/g)].map(([, pid]) => Number(pid));
    assert.equal(pids.length, kind === 'asyncio' ? 2 : WORKERS + 2, text);
    // An orphan may wait for init to take note of its end.
    for (const pid of pids) assert.equal(processOf(pid), undefined, `process ${pid} goes on`);
    assert.doesNotMatch(text, /end not seen|went on/);
    if (kind === 'asyncio') assert.match(text, /in handle\(\) → answer/);
    // Nobody is left to learn how these ended.
    const orphans = text.match(/pid \d+, ended by Stop \(SIGTERM\)/g)?.length ?? 0;
    if (kind === 'stubborn') assert.ok(orphans >= WORKERS, text);
  } finally {
    await client.stop();
  }
}

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
