// Bundles TypeScript tests for Node, as the product itself is bundled.
import { readdirSync, existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const bundles = join(root, 'build', 'test');

/** Of this process alone, so that several runs of the tests can go on beside each other. */
let outputFolder = join(bundles, `run-${process.pid}`);

/** Bundles into a folder with a name, which debuggers know and which stays. */
export function keepBundlesIn(name) {
  outputFolder = join(bundles, name);
}

/** Removes the bundles of this run, and those that a killed run left. */
export function removeBundles() {
  rmSync(outputFolder, { recursive: true, force: true });
  for (const name of existsSync(bundles) ? readdirSync(bundles) : []) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(bundles, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Packages that tests load from node_modules at run time: they find files of their own there. */
const external = [
  'vscode',
  'mocha',
  'playwright-core',
  'esbuild',
  '@vscode/test-electron',
  '@vscode/vsce',
];

const seeded = join(root, 'test', 'support', 'seeded-fast-check.ts');

const seededFastCheck = {
  name: 'seeded-fast-check',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^fast-check$/ }, ({ importer }) =>
      importer === seeded ? undefined : { path: seeded },
    ),
};

/** The files below test/PART that end in ENDING, relative to the project, in order; narrowed to those naming PATTERN. */
export function testFiles(part, ending, pattern) {
  const folder = join(root, 'test', part);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => relative(root, join(folder, name)))
    .filter((name) => pattern === undefined || name.includes(pattern))
    .sort();
}

/** Where the bundle of a test file, relative to the project, lies. */
export function bundledFile(file) {
  return join(outputFolder, relative('test', file)).replace(/\.ts$/, '.cjs');
}

/** Bundles these files, each on its own, below build/test/. */
export async function bundleTests(part, files, options = {}) {
  rmSync(join(outputFolder, part), { recursive: true, force: true });
  if (files.length === 0) return;
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outbase: 'test',
    outdir: outputFolder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    external,
    plugins: [seededFastCheck],
    logLevel: 'warning',
    // Scripts that tests share ask import.meta whether they were started by themselves: in a bundle they were not.
    logOverride: { 'empty-import-meta': 'silent' },
    ...options,
  });
}
