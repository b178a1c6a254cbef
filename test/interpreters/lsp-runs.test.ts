import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { InlayHint } from 'vscode-languageserver';
import { analyseRun } from '../../server/cli/analyse';
import type { FileNotes, Profile, ProfileSummary } from '../../server/protocol';
import type { RunParams, RunResult, RunStatus } from '../../server/protocol-run';
import { killProcess } from '../support/kill-process';
import { LspClient, type LspError } from '../support/lsp-client';
import { gilPythons } from '../support/pythons';
import { programs } from '../support/run-profile';

const scratch = mkdtempSync(join(tmpdir(), 'gilscope-lsp-'));
const clients: LspClient[] = [];
after(() => {
  for (const client of clients) client.kill('SIGKILL');
  rmSync(scratch, { recursive: true });
});

const pythons = gilPythons();
const [python] = pythons;
assert.ok(python, 'no CPython to run');

/** A server whose temporary files are all in a folder of their own. */
async function start(interpreter = python): Promise<{ client: LspClient; folder: string }> {
  const folder = mkdtempSync(join(scratch, 'run-'));
  const client = await LspClient.start({
    env: { ...process.env, TMPDIR: folder },
    initializationOptions: { python: interpreter?.path ?? '' },
  });
  clients.push(client);
  return { client, folder };
}

function params(program: string, startedBy: RunParams['startedBy'] = 'server'): RunParams {
  const target = { kind: 'file', path: join(programs, program) } as const;
  return { target, args: [], cwd: programs, workspaceFolder: null, startedBy };
}

function isOver({ state }: RunStatus): boolean {
  return state === 'finished' || state === 'failed';
}

function endOf(client: LspClient, { runId }: RunResult): Promise<RunStatus> {
  return client.until<RunStatus>(
    'gilscope/status',
    (status) => status.runId === runId && isOver(status),
  );
}

interface Output {
  readonly runId: string;
  readonly stream: string;
  readonly text: string;
}

/** The first whole line of what a program writes, which may come in pieces. */
async function firstLine(client: LspClient, { runId }: RunResult): Promise<string> {
  let text = '';
  await client.until<Output>('gilscope/output', (output) => {
    if (output.runId === runId) text += output.text;
    return text.includes('\n');
  });
  return text.slice(0, text.indexOf('\n'));
}

/** The process id that a program says with `ready`. */
async function ready(client: LspClient, run: RunResult): Promise<number> {
  return Number(/ready (\d+)/.exec(await firstLine(client, run))?.[1]);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function lineOf(program: string, mark: string): number {
  const lines = readFileSync(join(programs, program), 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(`# @${mark}`)) + 1;
}

void describe('a run that the server starts', () => {
  for (const interpreter of pythons) {
    void test(`shows the right lines on ${interpreter.version} ${interpreter.linkage}`, async () => {
      const { client, folder } = await start(interpreter);
      const run = await client.request<RunResult>('gilscope/run', params('convoy.py'));
      assert.equal(run.pythonVersion, interpreter.version);
      const end = await endOf(client, run);
      assert.equal(end.state, 'finished', end.message ?? '');
      assert.ok(end.events > 0);
      const uri = pathToFileURL(join(programs, 'convoy.py')).href;
      const { notes } = await client.request<FileNotes>('gilscope/fileNotes', { uri });
      const wait = notes.find(({ line }) => line === lineOf('convoy.py', 'wait'));
      const hold = notes.find(({ line }) => line === lineOf('convoy.py', 'hold'));
      assert.ok(wait && wait.waitNs > 0);
      assert.ok(hold && hold.holdNs > 0 && hold.blocksNs > 0);
      const file = join(folder, 'saved.json');
      await client.request('gilscope/saveProfile', { path: file });
      const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
      assert.deepEqual(profile.exit, { code: 0, signal: null });
      const blamed = profile.blame.some(
        ({ waiter, holder }) => waiter.line === wait.line && holder?.line === hold.line,
      );
      assert.ok(blamed, 'the reading line waited for the computing one');
      assert.equal(
        profile.findings.some(({ rule }) => rule === 'invariant-broken'),
        false,
      );
      assert.equal(await client.stop(), 0);
      assert.deepEqual(readdirSync(folder), ['saved.json']);
    });
  }

  void test('what is saved is what is shown, though a child goes on', async () => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('daemon.py'));
    const text = await firstLine(client, run);
    await endOf(client, run);
    const [json, kept] = [join(folder, 'saved.json'), join(folder, 'saved.gilscope')];
    await client.request('gilscope/saveProfile', { path: json });
    killProcess(Number(text));
    await client.request('gilscope/saveProfile', { path: kept });
    const profile = JSON.parse(readFileSync(json, 'utf8')) as Profile;
    assert.ok(profile.processes.some(({ pid, running }) => pid === Number(text) && running));
    assert.deepEqual(analyseRun(kept, false).profile, profile);
  });

  void test('streams while it runs, is the only one, stops, and leaves room for the next', async () => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('forever.py'));
    const pid = await ready(client, run);
    const live = await client.until<ProfileSummary>(
      'gilscope/profileChanged',
      (summary) => summary.live && summary.files.some((file) => file.endsWith('forever.py')),
    );
    assert.deepEqual(live.exit, { code: null, signal: null });
    await client.until<RunStatus>(
      'gilscope/status',
      ({ state, events, gilLoad }) => state === 'running' && events > 0 && gilLoad > 0,
    );
    await client.until<{ value: { kind: string; message?: string } }>(
      '$/progress',
      ({ value }) => value.kind === 'report' && /events · GIL held \d+ %/.test(value.message ?? ''),
    );
    const second: unknown = await client
      .request('gilscope/run', params('sleeps.py'))
      .catch((error: unknown) => error);
    assert.equal((second as LspError).code, 1007);
    assert.match((second as LspError).message, /forever\.py is still being profiled/);

    assert.deepEqual(await client.request('gilscope/stop', { runId: run.runId }), {
      stopped: true,
    });
    const end = await endOf(client, run);
    assert.equal(end.state, 'finished', end.message ?? '');
    assert.match(end.message ?? '', /forever\.py was stopped after .*kept/);
    assert.equal(isRunning(pid), false);
    const uri = pathToFileURL(join(programs, 'forever.py')).href;
    const kept = await client.request<FileNotes>('gilscope/fileNotes', { uri });
    assert.ok(kept.notes.some(({ line }) => line === lineOf('forever.py', 'work')));

    const next = await client.request<RunResult>('gilscope/run', params('sys_exit.py'));
    const status = await endOf(client, next);
    assert.match(status.message ?? '', /sys_exit\.py ended with exit status 3/);
    await client.stop();
    assert.deepEqual(readdirSync(folder), []);
  });

  void test('whose trace is removed is over at its end, and what was read of it stays', async () => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('forever.py'));
    await ready(client, run);
    const isRead = ({ files }: ProfileSummary): boolean =>
      files.some((file) => file.endsWith('forever.py'));
    await client.until<ProfileSummary>('gilscope/profileChanged', isRead);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    await client.request('gilscope/stop', { runId: run.runId });
    const end = await endOf(client, run);
    assert.equal(end.state, 'failed');
    assert.match(end.message ?? '', /was removed while the program ran/);
    const last = client.all<ProfileSummary>('gilscope/profileChanged').at(-1);
    assert.ok(last !== undefined && isRead(last));
    assert.equal(last.live, false);
    const file = join(folder, 'saved.json');
    await client.request('gilscope/saveProfile', { path: file });
    const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
    assert.match(profile.processes[0]?.messages.join(' ') ?? '', /was removed while/);
    assert.ok(profile.lines.some(({ line }) => line === lineOf('forever.py', 'work')));
    const text = await client.request<{ text: string }>('gilscope/report', {});
    assert.doesNotMatch(text.text, /still running/);
    await client.stop();
  });

  void test('that is deadlocked can be cancelled where its progress is shown', async () => {
    const { client } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('deadlock.py'));
    const pid = await ready(client, run);
    const { token } = await client.until<{ token: string }>('window/workDoneProgress/create');
    await client.until('$/progress');
    client.notify('window/workDoneProgress/cancel', { token });
    const end = await endOf(client, run);
    assert.equal(end.state, 'finished', end.message ?? '');
    assert.equal(isRunning(pid), false);
    await client.until<{ value: { kind: string } }>(
      '$/progress',
      ({ value }) => value.kind === 'end',
    );
    await client.stop();
  });

  void test('says what happened to a program that fails, and keeps its output', async () => {
    const { client } = await start();
    for (const [program, message, output] of [
      ['uncaught.py', /uncaught\.py ended with exit status 1/, /Traceback/],
      ['syntax_error.py', /syntax_error\.py ended with exit status 1/, /SyntaxError/],
      ['segfault.py', /segfault\.py was ended by SIGSEGV .*kept/, null],
      ['os_exit.py', /os_exit\.py ended with exit status \d+/, null],
    ] as const) {
      const run = await client.request<RunResult>('gilscope/run', params(program));
      const end = await endOf(client, run);
      assert.equal(end.state, 'finished', `${program}: ${end.message ?? ''}`);
      assert.match(end.message ?? '', message);
      const written = client
        .all<Output>('gilscope/output')
        .filter(({ runId, stream }) => runId === run.runId && stream === 'stderr')
        .map(({ text }) => text)
        .join('');
      if (output) assert.match(written, output);
    }
    await client.stop();
  });

  void test('ends with the server, when that is told to end or is hung up on', async () => {
    for (const end of [shutDown, hangUp, terminate]) {
      const { client, folder } = await start();
      const run = await client.request<RunResult>('gilscope/run', params('forever.py'));
      const pid = await ready(client, run);
      end(client);
      await client.exited;
      assert.equal(isRunning(pid), false);
      assert.deepEqual(readdirSync(folder), []);
    }
  });
});

function shutDown(client: LspClient): void {
  void client.stop();
}

function hangUp(client: LspClient): void {
  client.hangUp();
}

function terminate(client: LspClient): void {
  client.kill('SIGTERM');
}

void describe('a run that the client starts in its terminal', () => {
  /** Once it has ended: its program is gone, what was measured was kept, and nothing is left behind. */
  async function assertStopped(
    { client, folder }: Awaited<ReturnType<typeof start>>,
    run: RunResult,
    pid = 0,
  ): Promise<void> {
    const end = await endOf(client, run);
    assert.equal(end.state, 'finished', end.message ?? '');
    assert.match(end.message ?? '', /stopped after/);
    assert.equal(isRunning(pid), false);
    await client.stop();
    assert.deepEqual(readdirSync(folder), []);
  }

  /** Starts what the server says, as a terminal would. */
  function launch({ launch: { executable, args, cwd, env } }: RunResult) {
    const changed = Object.entries(env).flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as const],
    );
    return spawn(executable, args, {
      cwd,
      env: { ...process.env, ...Object.fromEntries(changed) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  void test('is followed to the end that the terminal reports', async () => {
    const { client } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('sys_exit.py', 'client'));
    const program = launch(run);
    program.once('exit', (code, signal) =>
      client.notify('gilscope/programEnded', { runId: run.runId, code, signal }),
    );
    const end = await endOf(client, run);
    assert.equal(end.state, 'finished', end.message ?? '');
    assert.match(end.message ?? '', /exit status 3/);
    await client.stop();
  });

  void test('is found to be over although the client does not say so, and can be stopped', async () => {
    const { client } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('forever.py', 'client'));
    const program = launch(run);
    await client.until<RunStatus>('gilscope/status', ({ state }) => state === 'running');
    assert.deepEqual(await client.request('gilscope/stop', { runId: null }), { stopped: true });
    const end = await endOf(client, run);
    assert.equal(end.state, 'finished', end.message ?? '');
    assert.match(end.message ?? '', /stopped/);
    assert.equal(isRunning(program.pid ?? 0), false);
    await client.stop();
  });

  void test('that never begins fails with a clear word', async () => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('sleeps.py', 'client'));
    client.notify('gilscope/programEnded', { runId: run.runId, code: 127, signal: null });
    const end = await endOf(client, run);
    assert.equal(end.state, 'failed');
    assert.match(end.message ?? '', /before the measuring began/);
    const other = await client.request<RunResult>('gilscope/run', params('sleeps.py', 'client'));
    // The second one does not wait for a program.
    const stops = [1, 2].map(() => client.request('gilscope/stop', { runId: other.runId }));
    assert.match((await endOf(client, other)).message ?? '', /stopped before it had started/);
    await Promise.all(stops);
    await client.stop();
    assert.deepEqual(readdirSync(folder), []);
  });

  void test('is stopped as soon as it is there, when that was asked before', async (context) => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('forever.py', 'client'));
    const { token } = await client.until<{ token: string }>('window/workDoneProgress/create');
    client.notify('window/workDoneProgress/cancel', { token });
    await client.until<{ message: string }>('window/logMessage', ({ message }) =>
      message.startsWith('stopping'),
    );
    const program = launch(run);
    context.after(() => program.kill('SIGKILL'));
    await assertStopped({ client, folder }, run, program.pid);
  });

  void test('is stopped although nothing of it has been read yet', async (context) => {
    const { client, folder } = await start();
    const run = await client.request<RunResult>('gilscope/run', params('forever.py', 'client'));
    const program = launch(run);
    context.after(() => program.kill('SIGKILL'));
    const hasTrace = (): boolean =>
      readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.trace'));
    while (!hasTrace()) await new Promise((done) => setImmediate(done));
    await client.request('gilscope/stop', { runId: run.runId });
    await assertStopped({ client, folder }, run, program.pid);
  });
});

void test('an editor without our client runs a program by a command, from gilscope serve', async () => {
  const folder = join(scratch, 'папка с пробелом');
  mkdirSync(folder);
  const name = readdirSync(programs).find((file) => file.startsWith('имя')) ?? '';
  const path = join(programs, name);
  assert.ok(existsSync(path));
  const client = await LspClient.start({
    command: [process.execPath, 'dist/cli.js', 'serve', '--stdio'],
    initializationOptions: { python: python.path },
  });
  clients.push(client);
  const uri = client.open(path, readFileSync(path, 'utf8'));
  await client.request('workspace/executeCommand', {
    command: 'gilscope.server.run',
    arguments: [{ path, cwd: folder }],
  });
  const { message } = await client.until<{ message: string }>('window/showMessage');
  assert.ok(message.startsWith(`${name} ended after `), message);
  const range = { start: { line: 0, character: 0 }, end: { line: 999, character: 0 } };
  const hints = await client.request<InlayHint[]>('textDocument/inlayHint', {
    textDocument: { uri },
    range,
  });
  assert.ok(hints.length > 0);
  assert.equal(client.all('gilscope/status').length, 0);
  await client.stop();
});
