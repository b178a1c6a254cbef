// The tests in a real VS Code: the Mocha suite in its extension host, by `@vscode/test-electron`, and tests of what a
// user sees, through the DOM. VSCODE_EXE names a desktop VS Code for the suite; without it code-server stands in.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from '@vscode/test-electron';
import { packageExtension } from '../package.mjs';
import { testPythons } from '../pythons.mjs';
import { bundledFile, bundleTests, keepBundlesIn, root, testFiles } from './bundle.mjs';
import { findChromium } from './chromium.mjs';
import { runFiles } from './run-files.mjs';
import { Tally, twiceInCi, whyNoTime } from './tally.mjs';

const screenshots = join(root, 'build', 'screenshots');
const standIn = 'test/editor/vscode-stand-in.ts';
const suiteIndex = 'test/editor/suite/index.ts';
const minuteMs = 60_000;

/** Bundles the suite, the tests of the page and the stand-in; returns the files of the first two. */
async function bundleAll(pattern) {
  const suite = testFiles('editor/suite', '.test.ts', pattern);
  const dom = testFiles('editor', '.test.ts', pattern).filter(
    (file) => dirname(file) === 'test/editor',
  );
  await bundleTests('editor', [...dom, ...suite, suiteIndex, standIn], {
    banner: { js: '#!/usr/bin/env node' },
  });
  chmodSync(bundledFile(standIn), 0o755);
  return { suite, dom };
}

/** Runs both; a part whose VS Code or browser is missing is skipped by the names of its files. */
export async function runEditorTests(pattern) {
  const { suite, dom } = await bundleAll(pattern);
  mkdirSync(screenshots, { recursive: true });
  const lacking = whyNoTime() ?? whatIsLacking();
  const tally = new Tally();
  tally.add(await twiceInCi(dirname(suiteIndex), () => runSuite(suite, lacking)));
  tally.add(await runDom(dom, lacking));
  return tally;
}

/** Why code-server cannot stand in here, or null. Installs it where only that is missing. */
function whatIsLacking() {
  if (findChromium() === null) return 'no Chromium; Debian: apt install chromium';
  if (!existsSync(join(root, 'dist', 'native', 'libgilscope.so')))
    return 'no probe for this platform';
  if (testPythons().length === 0) return 'no supported Python';
  const done = spawnSync('bash', [join(root, 'scripts', 'get-vscode.sh')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 10 * minuteMs,
  });
  return done.status === 0 ? null : 'VS Code could not be brought; see scripts/get-vscode.sh';
}

function skipped(files, reason) {
  const tally = new Tally();
  for (const file of files) tally.skip(file, reason);
  return tally;
}

async function runSuite(files, lacking) {
  const executable = process.env.VSCODE_EXE || bundledFile(standIn);
  if (!process.env.VSCODE_EXE && lacking !== null) return skipped(files, lacking);
  const tally = new Tally();
  if (files.length === 0) return tally;
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-suite-'));
  const resultFile = join(folder, 'result.json');
  let reason = '';
  try {
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: bundledFile(suiteIndex),
      launchArgs: [
        join(root, 'test', 'fixtures'),
        `--user-data-dir=${join(folder, 'user')}`,
        `--extensions-dir=${join(folder, 'extensions')}`,
      ],
      extensionTestsEnv: {
        GILSCOPE_ROOT: root,
        GILSCOPE_SUITE_RESULT: resultFile,
        GILSCOPE_PYTHON: editorPython(),
        HARNESS_SCREENSHOTS: screenshots,
      },
    });
  } catch (error) {
    reason = error.message;
  }
  countSuite(tally, resultFile, reason);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  console.log(`${tally.failed > 0 ? 'FAILED ' : 'ok     '}  ${dirname(suiteIndex)}: ${tally}`);
  return tally;
}

/** Counts what the suite wrote down, which a crash cannot turn into a success. */
function countSuite(tally, resultFile, reason) {
  const name = (outcome) => `${basename(dirname(suiteIndex))}: ${outcome.name}`;
  const result = existsSync(resultFile)
    ? JSON.parse(readFileSync(resultFile, 'utf8'))
    : { ended: false, outcomes: [] };
  for (const outcome of result.outcomes) {
    if (outcome.state === 'passed') tally.pass();
    else if (outcome.state === 'skipped') tally.skip(name(outcome), '');
    else tally.fail(name(outcome), outcome.error);
  }
  if (!result.ended) tally.fail('the suite did not end', reason);
  else if (reason !== '' && tally.failed === 0) tally.fail('the suite ended badly', reason);
}

/** The interpreter that editor tests use: the newest shared one, else the newest. */
export function editorPython() {
  const pythons = testPythons().filter((python) => !python.freeThreaded);
  return (pythons.findLast((python) => python.linkage === 'shared') ?? pythons.at(-1)).path;
}

async function runDom(files, lacking) {
  if (files.length === 0) return new Tally();
  if (lacking !== null) return skipped(files, lacking);
  process.env.GILSCOPE_VSIX = await packageExtension(join(root, 'build', 'gilscope.vsix'));
  process.env.GILSCOPE_PYTHON = editorPython();
  process.env.HARNESS_SCREENSHOTS = screenshots;
  // Pages share the machine; a whole VS Code has it alone.
  const isPage = (file) => file.endsWith('.browser.test.ts');
  const tally = new Tally();
  const timeoutMs = 8 * minuteMs;
  tally.add(await runFiles(files.filter(isPage), { concurrency: 2, timeoutMs }));
  const editors = files.filter((file) => !isPage(file));
  tally.add(await runFiles(editors, { concurrency: 1, timeoutMs }));
  return tally;
}

// The task that prepares debugging in VS Code.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  keepBundlesIn('debug');
  await bundleAll();
}
