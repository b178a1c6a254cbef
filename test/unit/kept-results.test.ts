/** Measurements count for one state of the product, and those of another are there when it comes back. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fingerprint, KeptResults } from '../../scripts/testing/kept-results.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-kept-'));
after(() => rmSync(folder, { recursive: true }));
const python = { version: '3.12.1', linkage: 'shared' };
const lacks = ['gcc', 'objcopy'].find((tool) => spawnSync(tool, ['--version']).status !== 0);

function library(name: string, source: string): string {
  const path = join(folder, `${name}.so`);
  writeFileSync(join(folder, 'it.c'), source);
  execFileSync('gcc', ['-g', '-O2', '-shared', '-fPIC', '-o', path, join(folder, 'it.c')]);
  return path;
}

test('a library is known by its code, not by its lines', { skip: lacks ?? false }, () => {
  const marks = [
    library('one', 'int f(int a) { return a + 1; }'),
    library('commented', '/* why */\n\nint f(int a) { return a + 1; }'),
    library('another', 'int f(int a) { return a + 2; }'),
  ].map((path) => fingerprint([path]));
  assert.equal(marks[0], marks[1]);
  assert.notEqual(marks[0], marks[2]);
});

test('each state has its own results, and only those are forgotten', (t) => {
  const name = `kept-test-${process.pid}`;
  const [one, other] = ['one', 'other'].map((mark) => new KeptResults(name, mark));
  assert.ok(one && other);
  t.after(() => rmSync(one.folder, { recursive: true }));
  one.save(python, { ratio: 1 });
  assert.deepEqual(other.load(python), {});
  other.save(python, { ratio: 2 });
  assert.deepEqual(one.load(python), { ratio: 1 });
  one.forget();
  assert.deepEqual([one.load(python), other.load(python)], [{}, { ratio: 2 }]);
});
