// `npm run check`: format, lint, types and the C warnings; one line a step, output only of what failed.
// `npm run format` (--format) writes the format instead.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFlags, nativeSources, runs } from './build-native.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeTool = (file, ...args) => [process.execPath, join(root, 'node_modules', file), ...args];

/** Each step: its name and its command, or in place of the command why it was not run. */
function steps() {
  return [
    ['eslint', nodeTool('eslint/bin/eslint.js', '--max-warnings', '0', '.')],
    ['prettier', nodeTool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')],
    ['types', nodeTool('typescript/bin/tsc', '--noEmit', '-p', '.')],
    ...nativeSteps(),
    ...shellSteps(),
  ];
}

/** What writes the format, in place of what checks it. */
function formatSteps() {
  const sources = nativeSources();
  const files = sources === null ? [] : [...sources.probe, ...sources.host, ...sources.headers];
  const style = ['clang-format', '-i', ...files, ...testSources()];
  return [
    ['prettier', nodeTool('prettier/bin/prettier.cjs', '--write', '--log-level', 'warn', '.')],
    ['C format', runs(['clang-format']) ? style : 'clang-format is not installed'],
  ];
}

function nativeSteps() {
  const sources = nativeSources();
  if (sources === null) return [['C', `no native sources for ${process.platform}`]];
  const files = [...sources.probe, ...sources.host];
  const warnings = ['gcc', 'clang'].map((cc) => [
    `C warnings, ${cc}`,
    runs([cc]) ? [cc, ...compileFlags, '-O2', '-fsyntax-only', ...files] : `${cc} is not installed`,
  ]);
  const style = runs(['clang-format'])
    ? ['clang-format', '--dry-run', '-Werror', ...files, ...sources.headers, ...testSources()]
    : 'clang-format is not installed';
  return [...warnings, ['C format', style]];
}

/** C that only tests use. */
function testSources() {
  return ['test', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => join(root, folder, name)),
  );
}

function shellSteps() {
  const scripts = ['.ci/run', 'scripts/get-pythons.sh', 'scripts/get-vscode.sh'];
  return scripts
    .filter((name) => existsSync(join(root, name)))
    .map((name) => [`bash syntax, ${name}`, ['bash', '-n', name]]);
}

/** Runs one step; whether it went well. */
async function passes(name, command) {
  if (typeof command === 'string') {
    console.log(`not run  ${name}: ${command}`);
    return true;
  }
  const startedAt = Date.now();
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 };
  const error = await new Promise((done) => {
    execFile(command[0], command.slice(1), options, (failure, stdout, stderr) => {
      done(failure === null ? null : `${stdout}${stderr}` || failure.message);
    });
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${error === null ? 'ok     ' : 'FAILED '}  ${name} (${seconds} s)`);
  if (error !== null) console.log(error);
  return error === null;
}

/** Two at a time; returns how many failed. */
async function runAll(waiting) {
  let failed = 0;
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await passes(...step))) failed += 1;
    }
  };
  await Promise.all([worker(), worker()]);
  return failed;
}

const failed = await runAll(process.argv.includes('--format') ? formatSteps() : steps());
console.log(failed === 0 ? 'check: all steps passed' : `check: ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
