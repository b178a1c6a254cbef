/** Profiles that earlier versions wrote still open, with the numbers that those versions showed. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { analyseRun } from '../../server/cli/analyse';
import { TRACE_VERSION } from '../../server/trace/format';
import { OLDEST_TRACE_VERSION } from '../../server/trace/format-v1';

const FOLDER = 'test/fixtures/profiles';

/** Exact in every version: not how a hold divides among lines, which is sampled. */
interface KeyNumbers {
  readonly command: readonly string[];
  readonly startedAt: string;
  readonly wallNs: number;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly python: string;
  readonly threads: readonly Readonly<Record<string, number | string>>[];
  readonly handoffNs: number;
  readonly lines: readonly Readonly<Record<string, number | string>>[];
  readonly locks?: readonly Readonly<Record<string, number | string>>[];
}

function picked(row: object, like: object): Record<string, unknown> {
  const values = row as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(like).map((key) => [key, values[key]]));
}

describe('profiles of earlier versions', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.gilscope'));

  it('are kept of every version of the trace that is read', () => {
    const versions = Array.from(
      { length: TRACE_VERSION - OLDEST_TRACE_VERSION + 1 },
      (_, index) => `trace-${OLDEST_TRACE_VERSION + index}.gilscope`,
    );
    assert.deepEqual(names.sort(), versions);
  });

  for (const name of names) {
    it(`${name} opens with its numbers`, () => {
      const json = readFileSync(join(FOLDER, name.replace('.gilscope', '.json')), 'utf8');
      const expected = JSON.parse(json) as KeyNumbers;
      const { profile } = analyseRun(join(FOLDER, name), true);
      const { command, startedAt, wallNs, exit, python, handoffNs } = expected;
      assert.deepEqual(
        [profile.command, profile.startedAt, profile.wallNs, profile.exit],
        [command, startedAt, wallNs, exit],
      );
      assert.equal(profile.processes[0]?.python, python);
      assert.equal(profile.gils[0]?.handoffNs, handoffNs);
      assert.equal(profile.threads.length, expected.threads.length);
      for (const [index, thread] of expected.threads.entries()) {
        assert.deepEqual(picked(profile.threads[index] ?? {}, thread), thread);
      }
      for (const line of expected.lines) {
        const row = profile.lines.find(
          (candidate) => candidate.file === '/srv/shop/shop.py' && candidate.line === line['line'],
        );
        assert.ok(row, `line ${line['line'] ?? ''}`);
        assert.deepEqual(picked({ ...row, waitNs: row.wait.selfNs }, line), line);
      }
      for (const lock of expected.locks ?? []) {
        const rows = profile.locks.map((row) => picked(row, lock));
        assert.ok(rows.some((row) => isDeepStrictEqual(row, lock)));
      }
      assert.ok(profile.findings.every(({ rule }) => rule !== 'invariant-broken'));
    });
  }
});
