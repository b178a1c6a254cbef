/**
 * Line tables against the interpreters' own word, over modules of their standard libraries. GILSCOPE_LINE_TABLES=all
 * takes all modules.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { testPythons } from '../../scripts/pythons.mjs';
import { checkRow, type LineTableRow } from '../support/line-table-rows';
import { titleOf } from '../support/pythons';

const script = join('test', 'fixtures', 'line-tables', 'dump_line_tables.py');
const step = process.env['GILSCOPE_LINE_TABLES'] === 'all' ? 1 : 20;

function standardLibrary(python: string): string[] {
  const code = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  const folder = spawnSync(python, ['-c', code], { encoding: 'utf8' }).stdout.trim();
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py') && !name.includes('site-packages'))
    .sort()
    .filter((_, i) => i % step === 0)
    .map((name) => join(folder, name));
}

/** Linkage makes no difference here. */
const pythons = new Map(testPythons().map((python) => [python.version, python]));

for (const python of pythons.values()) {
  test(`line tables of ${titleOf(python)}`, async () => {
    const files = standardLibrary(python.path);
    assert.ok(files.length > 20, `${files.length} files`);
    const child = spawn(python.path, ['-W', 'ignore', script, ...files], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let instructions = 0;
    for await (const line of createInterface({ input: child.stdout }))
      instructions += checkRow(JSON.parse(line) as LineTableRow);
    assert.deepEqual(await exited, [0, null]);
    assert.ok(instructions > 10_000, `${instructions} instructions`);
  });
}
