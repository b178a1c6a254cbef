// `npm test`: builds what is missing and runs every test. `npm test -- unit|interpreters|editor [part of a file name]`.
// What cannot run here is named and counted as skipped. The last line is `N passed, N failed[, N skipped]`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingPythons, testPythons } from './pythons.mjs';
import { Tally } from './testing/tally.mjs';

const minuteMs = 60_000;
const parts = { unit: runUnit, interpreters: runInterpreters, editor: runEditor };

/** Tests of interpreters that measure no times, and so may share the machine. */
const unmeasured =
  /\/(awaits|children|cli|cli-export|conformance|faults|left-out-children|limits|line-tables|locks-oddities|lsp-runs|system-limits|trace-live|transparency|unrecognised|unwinder)\.test/;
/** Of them those that take longest. */
const longest = /\/(faults|transparency|lsp-runs)\.test/;

async function bundled(part, pattern) {
  const { bundleTests, testFiles } = await import('./testing/bundle.mjs');
  const files = testFiles(part, '.test.ts', pattern);
  await bundleTests(part, files);
  return files;
}

async function runNodeTests(files, concurrency, timeoutMs) {
  const { runFiles } = await import('./testing/run-files.mjs');
  return runFiles(files, { concurrency, timeoutMs });
}

async function runUnit(pattern) {
  return runNodeTests(await bundled('unit', pattern), 2, 3 * minuteMs);
}

async function runInterpreters(pattern) {
  const tally = new Tally();
  const pythons = testPythons();
  if (!existsSync(join('dist', 'native', 'libgilscope.so'))) {
    tally.skip('interpreters', `no probe for ${process.platform}-${process.arch}`);
    return tally;
  }
  for (const name of missingPythons(pythons)) {
    tally.skip(`interpreters on ${name}`, 'not on this machine; see scripts/get-pythons.sh');
  }
  const files = await bundled('interpreters', pattern);
  const isUnmeasured = (file) => unmeasured.test(file);
  // The longest first, so that nothing is left to run alone at the end.
  const unmeasuredFiles = files.filter(isUnmeasured);
  const isLong = (file) => longest.test(file);
  unmeasuredFiles.sort((a, b) => isLong(b) - isLong(a));
  tally.add(await runNodeTests(unmeasuredFiles, 3, 10 * minuteMs));
  tally.add(
    await runNodeTests(
      files.filter((file) => !isUnmeasured(file)),
      2,
      10 * minuteMs,
    ),
  );
  return tally;
}

async function runEditor(pattern) {
  const { runEditorTests } = await import('./testing/editor.mjs');
  return runEditorTests(pattern);
}

function installPackages() {
  if (existsSync('node_modules/esbuild')) return;
  console.log('installing packages: npm ci');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) throw new Error('npm ci failed: see above; it needs the network once.');
}

/** Whether the product could be built; says what stood in the way. */
async function isBuilt(total) {
  const { buildAll } = await import('./build.mjs');
  try {
    await buildAll();
    return true;
  } catch (error) {
    total.fail('build', error.message);
    return false;
  }
}

async function runAll(wanted, pattern, total) {
  installPackages();
  const built = await isBuilt(total);
  for (const part of wanted) {
    console.log(`── ${part}`);
    // Unit tests take the sources; the others need the product.
    if (built || part === 'unit') total.add(await parts[part](pattern));
    else total.skip(part, 'the build failed');
  }
  const { removeBundles } = await import('./testing/bundle.mjs');
  removeBundles();
}

process.chdir(join(import.meta.dirname, '..'));
const [part, pattern] = process.argv.slice(2);
const total = new Tally();
if (part !== undefined && !(part in parts)) {
  total.fail(part, `no such part; there are ${Object.keys(parts).join(', ')}`);
} else {
  const wanted = part === undefined ? Object.keys(parts) : [part];
  await runAll(wanted, pattern, total).catch((error) => total.fail('npm test', error.message));
  if (total.passed + total.failed === 0) total.fail('npm test', 'no test ran');
}
// Whatever a test left open must not keep this process alive.
process.stdout.write(`${total}\n`, () => process.exit(total.failed > 0 ? 1 : 0));
