/** An editor in another language: everything that the server shows is in that language, what it saves is not. */
import assert from 'node:assert/strict';
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CodeLens, Hover, InlayHint, PublishDiagnosticsParams } from 'vscode-languageserver';
import type { Profile, ProfileSummary } from '../../server/protocol';
import type { ChartResponse } from '../../server/protocol-chart';
import { LspClient } from '../support/lsp-client';
import { packSample, sampleRun, SAMPLE_SOURCE, type SampleRun } from '../support/sample-run';

const HAN = /\p{Script=Han}/u;

describe('a Chinese editor', () => {
  let client: LspClient;
  let run: SampleRun;
  let file: string;
  let summary: ProfileSummary;
  let textDocument: { readonly uri: string };

  before(async () => {
    run = sampleRun('laden');
    utimesSync(run.script, 1, 1);
    file = await packSample(run);
    client = await LspClient.start({
      locale: 'zh-cn',
      settings: { codeLens: { enabled: true }, inline: { mode: 'inlayHint' } },
    });
    summary = await client.request<ProfileSummary>('gilscope/openProfile', { path: file });
    textDocument = { uri: pathToFileURL(run.script).href };
    client.notify('textDocument/didOpen', {
      textDocument: { ...textDocument, languageId: 'python', version: 1, text: SAMPLE_SOURCE },
    });
  });
  after(() => {
    client.kill('SIGKILL');
    run.remove();
  });

  it('has hints and lenses in Chinese', async () => {
    const range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    const hints = await client.request<InlayHint[]>('textDocument/inlayHint', {
      textDocument,
      range,
    });
    assert.deepEqual(
      hints.map(({ label }) => label),
      ['持有 100 ms · 阻塞他人 80 ms', '等待 80 ms · 持有 15 ms', '持有 100 ms · 阻塞他人 80 ms'],
    );
    const lenses = await client.request<CodeLens[]>('textDocument/codeLens', { textDocument });
    assert.equal(lenses[0]?.command?.title, 'GIL：持有 100 ms · 阻塞他人 80 ms');
  });

  it('has hovers in Chinese', async () => {
    const position = { line: 6, character: 2 };
    const hover = await client.request<Hover>('textDocument/hover', { textDocument, position });
    const { value } = hover.contents as { value: string };
    assert.match(value, /\| 等待\W+\| 80\u00a0ms\W+\|/);
    assert.match(value, /\*\*此行在等待谁\*\*\n\n- 80 ms，共等待 1 次，最长 80 ms：`work` /);
    // No word of English but names, units and states that are not translated.
    const words = value.replaceAll(/`[^`]*`|GILscope|CPU|GIL|Python|\bm?s\b|µs|ns/g, '');
    assert.doesNotMatch(words, /[a-z]{3}/i);
  });

  it('has findings, budgets and errors in Chinese', async () => {
    const [budget] = summary.findings.filter(({ rule }) => rule === 'budget-broken');
    assert.match(budget?.message ?? '', /^超出预算“hold < 50ms”：此行持有 GIL 100 ms。/);
    const chart = await client.request<ChartResponse>('gilscope/chart', { kind: 'meta' });
    assert.ok(chart.kind === 'meta' && chart.meta !== null);
    for (const { message } of chart.meta.findings) assert.match(message, HAN);
    const published = await client.until<PublishDiagnosticsParams>(
      'textDocument/publishDiagnostics',
      ({ diagnostics }) => diagnostics.some(({ code }) => code === 'budget-malformed'),
    );
    for (const { message } of published.diagnostics) assert.match(JSON.stringify(message), HAN);
    await assert.rejects(
      client.request('gilscope/saveProfile', { path: join(run.folder, 'x.txt') }),
      /分析记录可保存为/,
    );
  });

  it('saves profiles in English', async () => {
    const path = join(run.folder, 'saved.json');
    await client.request('gilscope/saveProfile', { path });
    const saved = JSON.parse(readFileSync(path, 'utf8')) as Profile;
    const [budget] = saved.findings.filter(({ rule }) => rule === 'budget-broken');
    assert.match(budget?.message ?? '', /^Over its budget “hold < 50ms”: /);
    assert.doesNotMatch(readFileSync(path, 'utf8'), HAN);
    const { text } = await client.request<{ text: string }>('gilscope/report', {});
    assert.doesNotMatch(text, HAN);
  });
});
