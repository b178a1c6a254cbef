import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  DiagnosticSeverity,
  type Diagnostic,
  type InlayHint,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver';
import type { FileNotes, HoverText, Profile, ProfileSummary } from '../../server/protocol';
import type { ChartResponse } from '../../server/protocol-chart';
import { FRAMES } from '../../server/trace/format';
import { LspClient, type ClientOptions, type LspError } from '../support/lsp-client';
import { packSample, sampleRun, SAMPLE_SOURCE, type SampleRun } from '../support/sample-run';
import { TraceWriter } from '../support/trace-writer';

/** Ends after the tests, whatever they did. */
const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

async function start(options: ClientOptions = {}): Promise<LspClient> {
  const client = await LspClient.start(options);
  cleanups.push(() => client.kill('SIGKILL'));
  return client;
}

function sample(name = 'plain', sources?: Record<string, string>): SampleRun {
  const run = sampleRun(name, sources);
  cleanups.push(() => run.remove());
  return run;
}

/** Opens the run folder itself: as a container it would be the same. */
function openSample(client: LspClient, run: SampleRun): Promise<ProfileSummary> {
  // The text on the disk is that of the run: not changed since.
  utimesSync(run.script, 1, 1);
  return client.request<ProfileSummary>('gilscope/openProfile', { path: run.runFolder });
}

async function hintsOf(client: LspClient, uri: string): Promise<[line: number, label: string][]> {
  const range = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };
  const params = { textDocument: { uri }, range };
  const hints = await client.request<InlayHint[]>('textDocument/inlayHint', params);
  return hints.map((hint) => [hint.position.line + 1, labelText(hint)]);
}

function labelText({ label }: InlayHint): string {
  return typeof label === 'string' ? label : label.map(({ value }) => value).join('');
}

function messageOf({ message }: Diagnostic): string {
  return typeof message === 'string' ? message : message.value;
}

const EXPECTED_HINTS: [number, string][] = [
  [4, 'hold 100 ms · blocks 80 ms'],
  [7, 'wait 80 ms · hold 15 ms'],
  [9, 'hold 100 ms · blocks 80 ms'],
];

function hover(client: LspClient, uri: string, line: number): Promise<{ value: string } | null> {
  const params = { textDocument: { uri }, position: { line: line - 1, character: 0 } };
  return client
    .request<{ contents: { value: string } } | null>('textDocument/hover', params)
    .then((answer) => answer?.contents ?? null);
}

function byCode(diagnostics: readonly Diagnostic[]): Record<string, Diagnostic> {
  return Object.fromEntries(diagnostics.map((item) => [String(item.code), item]));
}

void describe('an editor that knows only LSP', () => {
  void test('gets hints, hovers and diagnostics of a saved profile', async () => {
    const run = sample();
    const file = await packSample(run);
    utimesSync(run.script, 1, 1);
    const client = await start();
    const uri = client.open(run.script, SAMPLE_SOURCE);
    const summary = await client.request<ProfileSummary>('workspace/executeCommand', {
      command: 'gilscope.server.openProfile',
      arguments: [{ path: file }],
    });
    assert.deepEqual(summary.files, [run.script]);
    assert.deepEqual(await hintsOf(client, uri), EXPECTED_HINTS);

    const text = (await hover(client, uri, 7))?.value ?? '';
    const cells = text.replaceAll('\u00a0\u00a0\u2060 |', ' |').replaceAll('\u00a0', ' ');
    assert.match(cells, /\| wait \| 80 ms \| 80 ms \| 1 acquisition, 1 contended \| 80 ms \|/);
    assert.match(cells, /\| hold \| 15 ms \| 15 ms \| {2}\| 10 ms \|/);
    assert.match(text, /\| {2}\|.* self\u00a0\u00a0\u2060 \| count \|/, 'headings do not touch');
    assert.match(text, /Whom this line waited for\*\*\n\n- 80 ms in 1 wait.*`work`.*script\.py:4`/);
    assert.match((await hover(client, uri, 4))?.value ?? '', /80 ms in 1 wait.*`read`/);
    assert.equal(await hover(client, uri, 1), null);

    const { diagnostics } = await client.until<PublishDiagnosticsParams>(
      'textDocument/publishDiagnostics',
      (params) => params.uri === uri && 'budget-broken' in byCode(params.diagnostics),
    );
    const found = byCode(diagnostics);
    assert.equal(found['budget-broken']?.range.start.line, 3);
    assert.match(messageOf(found['budget-broken']), /hold < 50ms.*100 ms/);
    assert.deepEqual(found['budget-malformed']?.range.start, { line: 1, character: 19 });
    await client.until('workspace/inlayHint/refresh');
    const ours = client.received.filter(({ method }) => method.startsWith('gilscope/'));
    assert.deepEqual(ours, [], 'it has never used one of our requests');
    assert.equal(await client.stop(), 0);
  });

  void test('sees numbers follow their lines through edits, and a changed line lose its own', async () => {
    const run = sample();
    const client = await start();
    await openSample(client, run);
    const uri = client.open(run.script, SAMPLE_SOURCE);
    const change = (version: number, text: string): void =>
      client.notify('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    change(2, `# new\n${SAMPLE_SOURCE.replace('os.read(fd, 1)', 'os.read(fd, 2)')}`);
    assert.deepEqual(await hintsOf(client, uri), [
      [5, 'hold 100 ms · blocks 80 ms (old)'],
      [10, 'hold 100 ms · blocks 80 ms (old)'],
    ]);
    assert.equal(await hover(client, uri, 8), null);
    assert.match((await hover(client, uri, 5))?.value ?? '', /edited since/);
    const moved = await client.until<PublishDiagnosticsParams>(
      'textDocument/publishDiagnostics',
      ({ diagnostics }) => byCode(diagnostics)['budget-broken']?.range.start.line === 4,
    );
    assert.equal(byCode(moved.diagnostics)['budget-malformed']?.range.start.line, 2);
    // Undo brings all back.
    change(3, SAMPLE_SOURCE);
    assert.deepEqual(await hintsOf(client, uri), EXPECTED_HINTS);
    await client.stop();
  });

  void test('finds a file behind a symbolic link, in a folder with spaces and Unicode', async () => {
    const run = sample('имя и пробел 名前 %20#');
    const client = await start();
    await openSample(client, run);
    const link = join(run.folder, 'link');
    symlinkSync(join(run.script, '..'), link);
    const real = client.open(run.script, SAMPLE_SOURCE);
    const linked = client.open(join(link, 'script.py'), SAMPLE_SOURCE);
    // As VS Code writes it.
    const encoded = real.replaceAll(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase());
    assert.notEqual(encoded, real);
    client.open(run.script, SAMPLE_SOURCE, encoded);
    for (const uri of [real, linked, encoded]) {
      assert.deepEqual(await hintsOf(client, uri), EXPECTED_HINTS);
    }
    const untitled = client.open(run.script, SAMPLE_SOURCE, 'untitled:script.py');
    assert.deepEqual(await hintsOf(client, untitled), []);
    await client.stop();
  });

  void test('is told which budgets could not be checked, for the profile lacks lines', async () => {
    const run = sample();
    const blind = new TraceWriter({ pid: 101, frames: FRAMES.unknownVersion });
    blind.addGil();
    blind.addThread({ tid: 101 });
    writeFileSync(join(run.runFolder, '101.trace'), blind.bytes());
    const client = await start();
    const uri = client.open(join(run.folder, 'child.py'), 'x()  # gilscope: hold < 50ms\n');
    await openSample(client, run);
    const { diagnostics } = await client.until<PublishDiagnosticsParams>(
      'textDocument/publishDiagnostics',
      (params) => params.uri === uri && params.diagnostics.length > 0,
    );
    assert.equal(diagnostics.length, 1);
    assert.equal(diagnostics[0]?.severity, DiagnosticSeverity.Warning);
    assert.match(messageOf(diagnostics[0]), /hold < 50ms.*not be checked: a process .* no lines/);
    await client.stop();
  });

  void test('is asked for its settings, and its changes count', async () => {
    const run = sample();
    const settings = { inlineMode: 'inlayHint', minimumMicroseconds: 90_000, codeLens: true };
    const client = await start({ settings });
    const uri = client.open(run.script, SAMPLE_SOURCE);
    await openSample(client, run);
    await client.until('workspace/configuration');
    assert.deepEqual(await hintsOf(client, uri), [
      [4, 'hold 100 ms'],
      [9, 'hold 100 ms'],
    ]);
    const lenses = (): Promise<
      { range: { start: { line: number } }; command: { title: string } }[]
    > => client.request('textDocument/codeLens', { textDocument: { uri } });
    assert.deepEqual(
      (await lenses()).map(({ range, command }) => [range.start.line + 1, command.title]),
      [[3, 'GIL: hold 100 ms']],
    );
    client.notify('workspace/didChangeConfiguration', {
      settings: { gilscope: { inlineMode: 'off', codeLens: false } },
    });
    assert.deepEqual(await hintsOf(client, uri), []);
    assert.deepEqual(await lenses(), []);
    assert.equal(await hover(client, uri, 4), null);
    await client.stop();
  });
});

void describe('our own client', () => {
  void test('gets notes with the hashes of the lines, a chart, and is told of changes', async () => {
    const run = sample();
    const client = await start({ initializationOptions: { inlineMode: 'decoration' } });
    const summary = await openSample(client, run);
    assert.deepEqual([summary.live, summary.wallNs], [false, 200_000_000]);
    assert.deepEqual(summary.exit, { code: 0, signal: null });
    const uri = pathToFileURL(run.script).href;
    const notes = await client.request<FileNotes>('gilscope/fileNotes', { uri });
    const hash = createHash('sha256').update('work()').digest('hex');
    assert.equal(notes.lineHashes[8], hash);
    assert.equal(notes.lineHashes.length, SAMPLE_SOURCE.split('\n').length);
    assert.deepEqual(
      notes.notes.map(({ line, kind, heat }) => [line, kind, heat]),
      [
        [4, 'hold', 1],
        [7, 'wait', 0.8],
        [9, 'hold', 1],
      ],
    );
    assert.match(
      (await client.request<{ markdown: string }>('gilscope/lineHover', { uri, line: 7 })).markdown,
      /80 ms/,
    );
    const meta = await client.request<ChartResponse>('gilscope/chart', { kind: 'meta' });
    assert.ok(meta.kind === 'meta' && meta.meta);
    const request = { kind: 'meta', outline: true };
    const outline = await client.request<ChartResponse>('gilscope/chart', request);
    const blame = { places: [], locks: [], numbers: [] };
    const without = { outline: true, lines: [], blame, locks: [], findings: [] };
    assert.ok(meta.meta.lines.length > 0 && meta.meta.blame.numbers.length > 0);
    assert.deepEqual(outline, { kind: 'meta', meta: { ...meta.meta, ...without } });
    assert.deepEqual(
      meta.meta.lanes.map(({ name, holdNs, waitNs }) => [name, holdNs, waitNs]).sort(),
      [
        ['MainThread', 100_000_000, 0],
        ['reader', 15_000_000, 80_000_000],
      ],
    );
    assert.deepEqual(await client.until('gilscope/profileChanged'), summary);
    const report = await client.request<{ text: string }>('gilscope/report', {});
    assert.match(report.text, /script\.py/);
    assert.match(report.text, /100 ms/);

    assert.equal(await client.request('gilscope/clear', {}), null);
    // JSON-RPC has no bare null as parameters: it goes as a list of one.
    await client.until('gilscope/profileChanged', (value) => Array.isArray(value) && !value[0]);
    assert.equal(await client.request('gilscope/fileNotes', { uri }), null);
    const empty = await client.request<ChartResponse>('gilscope/chart', { kind: 'meta' });
    assert.deepEqual(empty, { kind: 'meta', meta: null });

    await openSample(client, run);
    const again = await client.request<ChartResponse>('gilscope/chart', { kind: 'meta' });
    assert.ok(again.kind === 'meta' && again.meta);
    assert.notEqual(again.meta.revision, meta.meta.revision);
    await client.stop();
  });

  void test('saves a profile in each form, and opens it again', async () => {
    const run = sample();
    const file = await packSample(run);
    utimesSync(run.script, 1, 1);
    const client = await start();
    await client.request('gilscope/openProfile', { path: file });
    const to = (name: string): string => join(run.folder, name);
    for (const name of ['копия 1.gilscope', 'p.json', 'p.html']) {
      assert.equal(await client.request('gilscope/saveProfile', { path: to(name) }), null);
    }
    assert.deepEqual(readFileSync(to('копия 1.gilscope')), readFileSync(file));
    const profile = JSON.parse(readFileSync(to('p.json'), 'utf8')) as Profile;
    assert.equal(profile.format, 'gilscope-profile');
    assert.deepEqual(
      profile.lines.filter(({ line }) => line === 7).map(({ wait }) => wait.totalNs),
      [80_000_000],
    );
    const budget = profile.findings.find(({ rule }) => rule === 'budget-broken');
    assert.deepEqual(budget?.where, { file: run.script, line: 4 });
    const page = readFileSync(to('p.html'), 'utf8');
    assert.match(page, /id="gilscope-data">\{"format":"gilscope-chart"/);
    const reopened = await client.request<ProfileSummary>('gilscope/openProfile', {
      path: to('копия 1.gilscope'),
    });
    assert.equal(reopened.title, 'копия 1.gilscope');
    await assert.rejects(
      client.request('gilscope/saveProfile', { path: to('p.txt') }),
      /\*\.gilscope, \*\.json or \*\.html/,
    );
    await assert.rejects(
      client.request('gilscope/saveProfile', { path: to('none/p.json') }),
      /does not exist.*Choose another place/,
    );
    assert.equal(existsSync(to('p.txt')), false);
    await client.stop();
  });

  void test('hears in one sentence what is wrong', async () => {
    const run = sample();
    const client = await start();
    const refused = async (method: string, params: unknown): Promise<[number, string]> => {
      const error: unknown = await client
        .request(method, params)
        .catch((reason: unknown) => reason);
      const { code, message } = error as LspError;
      assert.doesNotMatch(message, /\n\s*at /);
      return [code, message];
    };
    const none = await refused('gilscope/report', {});
    assert.equal(none[0], 1006);
    const missing = join(run.folder, 'no.gilscope');
    const [code, message] = await refused('gilscope/openProfile', { path: missing });
    assert.equal(code, 1006);
    assert.match(message, /no\.gilscope.*no such file/);
    writeFileSync(missing, 'GILSCOPE and then nothing of the kind');
    assert.equal((await refused('gilscope/openProfile', { path: missing }))[0], 1006);
    const target = { kind: 'file', path: join(run.folder, 'no.py') };
    const base = { args: [], cwd: run.folder, workspaceFolder: null, startedBy: 'server' };
    const script = await refused('gilscope/run', { ...base, target });
    assert.equal(script[0], 1003);
    assert.match(script[1], /no\.py/);
    client.notify('workspace/didChangeConfiguration', {
      settings: { gilscope: { python: join(run.folder, 'no-python') } },
    });
    const there = { kind: 'file', path: run.script };
    const python = await refused('gilscope/run', { ...base, target: there });
    assert.equal(python[0], 1002);
    assert.match(python[1], /no-python.*the setting gilscope\.python/);
    for (const [method, params] of [
      ['gilscope/run', { ...base, target: { kind: 'folder' } }],
      ['gilscope/run', null],
      ['gilscope/openProfile', {}],
      ['gilscope/chart', { kind: 'tile', level: 'x' }],
      ['gilscope/chart', { kind: 'marks', file: 'a', line: 1, bins: 1e9 }],
      ['workspace/executeCommand', { command: 'gilscope.server.run', arguments: [{}] }],
      ['workspace/executeCommand', { command: 'gilscope.server.no' }],
    ] as const) {
      assert.equal((await refused(method, params))[0], -32602, JSON.stringify([method, params]));
    }
    assert.deepEqual(await client.request('gilscope/stop', { runId: null }), { stopped: false });
    await client.stop();
  });
});

void describe('a file that was edited on the disk after its profile was recorded', () => {
  const hashes = (text: string): string =>
    Buffer.concat(
      text
        .split('\n')
        .map((line) => createHash('sha256').update(line.trimEnd()).digest().subarray(0, 8)),
    ).toString('base64');

  void test('keeps the numbers of its unchanged lines where the profile knows the text', async () => {
    const run = sample('plain');
    const sources = { [run.script]: hashes(SAMPLE_SOURCE) };
    const manifest = JSON.parse(readFileSync(join(run.runFolder, 'run.json'), 'utf8')) as object;
    writeFileSync(join(run.runFolder, 'run.json'), JSON.stringify({ ...manifest, sources }));
    const file = await packSample(run);
    const edited = `# new\n${SAMPLE_SOURCE.replace('compute()', 'calculate()')}`;
    writeFileSync(run.script, edited);
    const client = await start();
    await client.request('gilscope/openProfile', { path: file });
    const uri = client.open(run.script, edited);
    assert.deepEqual(await hintsOf(client, uri), [
      [8, 'wait 80 ms · hold 15 ms (old)'],
      [10, 'hold 100 ms · blocks 80 ms (old)'],
    ]);
    const notes = await client.request<FileNotes>('gilscope/fileNotes', { uri });
    assert.deepEqual(
      notes.notes.map(({ line }) => line),
      [4, 7, 9],
    );
    const kept = createHash('sha256').update('    os.read(fd, 1)').digest('hex');
    assert.equal(notes.lineHashes[6], kept);
    await client.stop();
  });

  void test('shows no numbers where it is not known what the text was', async () => {
    const run = sample();
    utimesSync(run.script, new Date(), new Date());
    const client = await start();
    const uri = client.open(run.script, SAMPLE_SOURCE);
    const summary = await client.request<ProfileSummary>('gilscope/openProfile', {
      path: run.runFolder,
    });
    assert.deepEqual(summary.files, []);
    assert.deepEqual(await hintsOf(client, uri), []);
    await client.until<{ message: string }>('window/logMessage', ({ message }) =>
      message.includes('script.py was changed after the profile was recorded'),
    );
    const why =
      /^\*\*GILscope\*\* · no numbers for lines\s+\S+script\.py was changed after the profile was/;
    assert.match((await hover(client, uri, 7))?.value ?? '', why);
    const asked = { uri, line: 7 };
    assert.match((await client.request<HoverText>('gilscope/lineHover', asked)).markdown, why);
    // Of a file without costs nothing is missing.
    const other = client.open(join(run.folder, 'other.py'), SAMPLE_SOURCE);
    assert.equal(await hover(client, other, 7), null);
    await client.stop();
  });
});

void test('a run without any line says why in every hover', async () => {
  const run = sample();
  const writer = new TraceWriter({ frames: FRAMES.unknownVersion, endTicks: 1_000_000n });
  writer.addGil();
  writer.addThread({ tid: 100, name: 'MainThread' });
  writer.cycle(0, { thread: 0, waitStart: 10n, acquired: 10n, released: 500n, stack: 0 });
  writeFileSync(join(run.runFolder, '100.trace'), writer.bytes());
  const client = await start();
  const uri = client.open(run.script, SAMPLE_SOURCE);
  await openSample(client, run);
  assert.match(
    (await hover(client, uri, 4))?.value ?? '',
    /no numbers for lines\s+No lines for process 100: GILscope does not know how Python/,
  );
  await client.stop();
});

void test('a client that goes away without a word leaves no server', async () => {
  const client = await start();
  client.hangUp();
  assert.notEqual(await client.exited, null);
});

void test('the server ends with its temporary files gone when it is told to by a signal', async () => {
  const folder = join(sample().folder, 'tmp');
  mkdirSync(folder);
  const client = await start({ env: { ...process.env, TMPDIR: folder } });
  client.kill('SIGTERM');
  assert.equal(await client.exited, 143);
});
