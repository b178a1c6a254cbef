// Loads a module of test/support/, which is TypeScript, into a script.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { root } from './bundle.mjs';

/** The exports of `test/support/NAME.ts`. */
export async function loadSupport(name) {
  return createRequire(import.meta.url)(await bundleSupport(name));
}

/** The file into which `test/support/NAME.ts` was bundled. */
export async function bundleSupport(name) {
  const outfile = join(root, 'build', 'scripts', `${name}.cjs`);
  mkdirSync(join(root, 'build', 'scripts'), { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [`test/support/${name}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return outfile;
}

/** Writes docs/NAME, formatted as the check wants it. */
export async function writeDocument(name, text) {
  const path = join(root, 'docs', name);
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
  console.log(`\nwritten to docs/${name}`);
}

/** A Markdown table; all columns but the first to the right. */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}

/** The interpreters with a GIL whose `3.12 shared` contains one of the given words; all without a word. */
export function selectPythons(pythons, words) {
  return selectTitles(
    pythons.filter((python) => !python.freeThreaded),
    words,
  );
}

/** The same, those without a GIL too: `3.13 free-threaded`. */
export function selectAllPythons(pythons, words) {
  const free = (python) => (python.freeThreaded ? { ...python, linkage: 'free-threaded' } : python);
  return selectTitles(pythons.map(free), words);
}

function selectTitles(pythons, words) {
  const title = (python) => `${python.version} ${python.linkage}`;
  return pythons.filter(
    (python) => words.length === 0 || words.some((word) => title(python).includes(word)),
  );
}
