import assert from 'node:assert/strict';
import { symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import type { ChartResponse, Marks, Segment } from '../../server/protocol-chart';
import { LspClient } from '../support/lsp-client';
import { sampleRun, SAMPLE_SOURCE, type SampleRun } from '../support/sample-run';

const BINS = 200;

void describe('the chart’s marks of a line in the editor', () => {
  const cleanups: (() => unknown)[] = [];
  let client: LspClient;
  let run: SampleRun;
  beforeEach(async () => {
    const [started, sample] = [await LspClient.start({}), sampleRun('plain')];
    cleanups.push(
      () => started.kill('SIGKILL'),
      () => sample.remove(),
    );
    [client, run] = [started, sample];
    // The text on the disk is that of the run: not changed since.
    utimesSync(run.script, 1, 1);
    await client.request('gilscope/openProfile', { path: run.runFolder });
  });
  after(() => {
    for (const cleanup of cleanups) cleanup();
  });

  const marksOf = async (file: string, line: number): Promise<Marks['lanes']> => {
    const request = { kind: 'marks', file, line, bins: BINS };
    const answer = await client.request<ChartResponse>('gilscope/chart', request);
    assert.ok(answer.kind === 'marks' && answer.marks.bins === BINS);
    return answer.marks.lanes;
  };
  const longestAt = async (file: string, line: number): Promise<Segment | null> => {
    const request = { kind: 'analysis', question: { kind: 'longestAt', file, line } };
    const answer = await client.request<ChartResponse>('gilscope/chart', request);
    assert.ok(answer.kind === 'analysis' && answer.answer?.kind === 'longestAt');
    return answer.answer.segment;
  };
  /** The line of the longest segment as profiled, with its length. */
  const longest = async (file: string, line: number): Promise<unknown> => {
    const segment = await longestAt(file, line);
    return segment && [segment.place?.line, segment.endNs - segment.startNs];
  };
  const change = (uri: string, text: string): void =>
    client.notify('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text }],
    });

  void test('follow the line through edits, and end with a change of it', async () => {
    const { script } = run;
    const uri = client.open(script, SAMPLE_SOURCE);
    const [read, work] = [await marksOf(script, 7), await marksOf(script, 4)];
    // The two threads were each at a line of their own.
    assert.deepEqual([read.length, work.length], [1, 1]);
    assert.notEqual(read[0]?.lane, work[0]?.lane);
    change(uri, `# new\n${SAMPLE_SOURCE.replace('compute()', 'calculate()')}`);
    assert.deepEqual(await marksOf(script, 8), read);
    assert.deepEqual(await longest(script, 8), [7, 80_000_000]);
    for (const line of [7, 4, 5, 1]) {
      assert.deepEqual(await marksOf(script, line), [], `line ${line}`);
      assert.equal(await longestAt(script, line), null, `line ${line}`);
    }
    await client.stop();
  });

  void test('are found by the real path, edited or not', async () => {
    const link = join(run.folder, 'link');
    symlinkSync(dirname(run.script), link);
    const linked = join(link, 'script.py');
    const read = await marksOf(run.script, 7);
    assert.notDeepEqual(read, []);
    assert.deepEqual(await marksOf(linked, 7), read);
    const uri = client.open(linked, SAMPLE_SOURCE);
    change(uri, `\n\n${SAMPLE_SOURCE}`);
    assert.deepEqual(await marksOf(linked, 9), read);
    assert.deepEqual(await longest(linked, 9), [7, 80_000_000]);
    assert.deepEqual(await marksOf(linked, 7), []);
    await client.stop();
  });
});
