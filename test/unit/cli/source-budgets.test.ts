/** Budgets of sources on the disk: what cannot be told of them is said, and is no kept budget. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkSourceBudgets } from '../../../server/cli/source-budgets';
import { emptyProfile, NOTHING_LOST } from '../../support/profiles';

const STARTED = Date.parse(emptyProfile().startedAt) / 1000;

/** @param changed Seconds after the start of the run. */
function script(t: TestContext, changed: number, text = 'x()  # gilscope: hold < 5ms\n'): string {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-budgets-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'a.py');
  writeFileSync(file, text);
  utimesSync(file, STARTED + changed, STARTED + changed);
  return file;
}

test('a budget is kept where all is known', (t) => {
  const file = script(t, -1);
  assert.deepEqual(checkSourceBudgets(emptyProfile(), [file]), { findings: [], problems: [] });
});

test('a budget is not kept where a process is missing', (t) => {
  const file = script(t, -1);
  const profile = emptyProfile({ lost: { ...NOTHING_LOST, processes: 1 } });
  const { findings, problems } = checkSourceBudgets(profile, [file]);
  assert.deepEqual(problems, []);
  assert.equal(findings.length, 1);
  assert.deepEqual(findings[0]?.where, { file, line: 1 });
  assert.match(findings[0].message, /could not be checked: a process could not be recorded/);
});

test('budgets of a file that was changed while the program ran are not judged', (t) => {
  const file = script(t, 1);
  const { findings, problems } = checkSourceBudgets(emptyProfile(), [file]);
  assert.deepEqual(findings, []);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /a\.py: .*was changed while the program ran/);
  const plain = script(t, 1, 'x()\n');
  assert.deepEqual(checkSourceBudgets(emptyProfile(), [plain]).problems, []);
});
