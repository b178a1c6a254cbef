/** Comparing and exporting in the editor: through the server, as the client does. */
import assert from 'node:assert/strict';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { comparedNotes } from '../../server/lsp/compared-notes';
import type { FileNotes, HoverText, ProfileSummary } from '../../server/protocol';
import type { ChartResponse } from '../../server/protocol-chart';
import {
  type Change,
  type ComparedLine,
  type Comparison,
  LINE_COSTS,
  type LineCost,
  type LineMatch,
} from '../../server/protocol-comparison';
import type { ExportResult } from '../../server/protocol-export';
import { FRAMES } from '../../server/trace/format';
import { LspClient } from '../support/lsp-client';
import { packSample, sampleRun } from '../support/sample-run';
import { TraceWriter } from '../support/trace-writer';

const cleanups: (() => unknown)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function opened(): Promise<{ client: LspClient; file: string; script: string }> {
  const run = sampleRun('shop');
  cleanups.push(() => run.remove());
  utimesSync(run.script, 1, 1);
  const client = await LspClient.start();
  cleanups.push(() => client.kill('SIGKILL'));
  const file = await packSample(run);
  await client.request('gilscope/openProfile', { path: file });
  return { client, file, script: run.script };
}

describe('gilscope/compare', () => {
  it('says in the hover what the profile from before does not know, and calls no line new', async () => {
    const { client, script } = await opened();
    const blind = sampleRun('shop');
    cleanups.push(() => blind.remove());
    const writer = new TraceWriter({ frames: FRAMES.unknownVersion, endTicks: 1_000_000n });
    writer.addGil();
    writer.addThread({ tid: 100, name: 'MainThread' });
    writer.cycle(0, { thread: 0, waitStart: 10n, acquired: 10n, released: 500n, stack: 0 });
    writeFileSync(join(blind.runFolder, '100.trace'), writer.bytes());
    const uri = pathToFileURL(script).href;
    const asked = { uri, line: 7 };
    const hover = async (): Promise<string> =>
      (await client.request<HoverText>('gilscope/lineHover', asked)).markdown;
    assert.doesNotMatch(await hover(), /profile from before/);
    await client.request<Comparison>('gilscope/compare', { path: await packSample(blind) });
    assert.match(
      await hover(),
      /profile from before has no lines, so that lines cannot be compared\./,
    );
    assert.match(await hover(), /profile from before: No lines for process 100: .* does not know/);
    const { notes } = await client.request<FileNotes>('gilscope/fileNotes', { uri });
    assert.equal(notes.find(({ line }) => line === 7)?.text, 'wait 80 ms · hold 15 ms');
    await client.request('gilscope/compare', { path: null });
    assert.doesNotMatch(await hover(), /profile from before/);
    await client.stop();
  });

  it('shows each line before and after, and the chart of both, until told otherwise', async () => {
    const { client, file, script } = await opened();
    const uri = pathToFileURL(script).href;
    const textsOf = async (): Promise<string[]> => {
      const answer = await client.request<FileNotes>('gilscope/fileNotes', { uri });
      return answer.notes.map(({ line, text }) => `${line} ${text}`).sort();
    };
    const alone = await textsOf();
    const comparison = await client.request<Comparison>('gilscope/compare', { path: file });
    assert.equal(comparison.format, 'gilscope-comparison');
    assert.deepEqual(
      [comparison.totals.wait.before, comparison.totals.wait.after],
      [80_000_000, 80_000_000],
    );
    await client.until<ProfileSummary>(
      'gilscope/profileChanged',
      ({ comparedWith }) => comparedWith === 'sample.gilscope',
    );
    assert.deepEqual(await textsOf(), [
      '4 hold ≈ 100 ms · blocks ≈ 80 ms',
      '7 wait ≈ 80 ms · hold ≈ 15 ms',
      '9 hold ≈ 100 ms · blocks ≈ 80 ms',
    ]);
    const chart = await client.request<ChartResponse>('gilscope/chart', { kind: 'comparison' });
    assert.ok(chart.kind === 'comparison' && chart.view !== null);
    const { view } = chart;
    assert.equal(view.beforeTitle, 'sample.gilscope');
    assert.deepEqual(view.comparison, comparison);
    assert.ok(view.afterCurves.gilLoad.length > 0);
    assert.deepEqual(view.beforeCurves, view.afterCurves);

    assert.equal(await client.request('gilscope/compare', { path: null }), null);
    assert.deepEqual(await textsOf(), alone);
    const none = await client.request<ChartResponse>('gilscope/chart', { kind: 'comparison' });
    assert.deepEqual(none, { kind: 'comparison', view: null });
  });

  it('says what cannot be compared, and leaves the profile as it is', async () => {
    const { client, script } = await opened();
    await assert.rejects(
      client.request('gilscope/compare', { path: script }),
      /this is not a GILscope trace/,
    );
    const summary = await client.request<ChartResponse>('gilscope/chart', { kind: 'meta' });
    assert.ok(summary.kind === 'meta' && summary.meta !== null);
    await client.request('gilscope/clear', {});
    await assert.rejects(
      client.request('gilscope/compare', { path: script }),
      /There is no profile/,
    );
  });
});

describe('gilscope/exportProfile', () => {
  it('writes each format, with what the user has to know', async () => {
    const { client, file } = await opened();
    for (const format of ['perfetto', 'firefox', 'speedscope', 'pprof', 'collapsed', 'csv']) {
      const path = `${file}.${format}`;
      const { notes } = await client.request<ExportResult>('gilscope/exportProfile', {
        path,
        format,
      });
      assert.deepEqual(notes, []);
      assert.ok(readFileSync(path).length > 50, format);
    }
    const params = { path: `${file}.txt`, format: 'collapsed', cost: 'wait' };
    await client.request('gilscope/exportProfile', params);
    assert.match(readFileSync(params.path, 'utf8'), /^read \(script\.py:7\) 80000000\n$/);
  });

  it('says what it does not know, and where it cannot write', async () => {
    const { client, file } = await opened();
    const ask = (path: string, format: string): Promise<unknown> =>
      client.request('gilscope/exportProfile', { path, format });
    await assert.rejects(ask(`${file}.svg`, 'svg'), /format must be one of perfetto, firefox/);
    await assert.rejects(ask(join(file, 'x'), 'pprof'), /\/x.*: (?:ENOTDIR|no such file)/);
  });
});

describe('inline text of a comparison', () => {
  const change = (before: number, now: number, spread = 0): Change => ({
    before: before * 1e6,
    after: now * 1e6,
    spread: spread * 1e6,
  });
  const line = (
    costs: Partial<Record<LineCost, Change>>,
    match: LineMatch = 'same',
  ): ComparedLine => {
    const all = Object.fromEntries(
      LINE_COSTS.map((cost) => [cost, costs[cost] ?? change(0, 0)]),
    ) as Record<LineCost, Change>;
    const place = { file: '/a.py', line: 3, function: 'f' };
    return { match, before: match === 'after' ? null : place, after: place, self: all, total: all };
  };
  const textOf = (...given: Parameters<typeof line>): string | undefined =>
    comparedNotes([line(...given)], 1e9, 1e5)[0]?.text;

  it('has both numbers where they differ by more than chance', () => {
    assert.equal(textOf({ wait: change(310, 40) }), 'wait 310 ms → 40 ms');
    assert.equal(
      textOf({ wait: change(310, 40), hold: change(20, 21, 5) }),
      'wait 310 ms → 40 ms · hold ≈ 21 ms',
    );
    assert.equal(
      textOf({ wait: change(10, 40), hold: change(1200, 310) }),
      'hold 1.2 s → 310 ms · wait 10 ms → 40 ms',
    );
    assert.equal(textOf({ blocks: change(5, 0) }), 'blocks 5 ms → 0 ns');
    assert.equal(textOf({ wait: change(0, 40) }, 'after'), 'wait 40 ms (new)');
    assert.equal(textOf({ wait: change(0.05, 0.02) }), undefined);
  });

  it('is never longer than the editor shows', () => {
    const all = { wait: change(3101, 4022), hold: change(5203, 6204), blocks: change(7011, 8055) };
    assert.ok((textOf(all) ?? '').length <= 43);
    assert.ok((textOf(all, 'after') ?? '').length <= 43);
  });
});
