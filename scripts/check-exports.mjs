// `npm run check:exports [-- FILE.gilscope]`: exports a profile and has each file read by the code of the tool that it is
// for, with the sums compared. What can be brought by npm and pip is put into the cache folder. `go tool pprof` is used
// where PPROF names it or Go is installed; FIREFOX_PROFILER names a checkout of the Firefox Profiler with its packages.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { findChromium } from './testing/chromium.mjs';
import { root } from './testing/bundle.mjs';
import { Tally } from './testing/tally.mjs';

const VERSIONS = { speedscope: '1.25.0', perfetto: '0.16.0' };
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gilscope', 'exports');
const cli = join(root, 'dist', 'cli.js');
const profile = resolve(process.argv[2] ?? join(root, 'test/fixtures/profiles/trace-2.gilscope'));
const folder = mkdtempSync(join(tmpdir(), 'gilscope-exports-'));
const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe', ...options });

/** Puts the tools of npm and PyPI into the cache. */
function bring() {
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(cache, 'node_modules', 'speedscope'))) {
    const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
    run('npm', ['install', '--prefix', cache, ...options, `speedscope@${VERSIONS.speedscope}`]);
  }
  if (!existsSync(join(cache, 'python', 'perfetto'))) {
    const target = ['--target', join(cache, 'python')];
    run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      ...target,
      `perfetto==${VERSIONS.perfetto}`,
    ]);
  }
}

function exported(format, ...more) {
  const file = join(folder, `run.${format}`);
  run(process.execPath, [cli, 'export', profile, '--to', format, '--out', file, ...more]);
  return file;
}

/** @throws where both are not the same */
function same(what, seen, expected) {
  if (seen !== expected) throw new Error(`${what}: ${seen}, and ${expected} in the profile`);
  return `${what} ${seen}`;
}

/** Speedscope's own page, as its command line opens it. */
async function inSpeedscope(format, shown) {
  const source = readFileSync(exported(format)).toString('base64');
  const script = join(folder, `${format}.js`);
  const call = `speedscope.loadFileFromBase64("run.${format}", ${JSON.stringify(source)})`;
  writeFileSync(script, call);
  const page = pathToFileURL(join(cache, 'node_modules/speedscope/dist/release/index.html')).href;
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--host-resolver-rules=MAP * ~NOTFOUND',
  ];
  const browser = await chromium.launch({ executablePath: findChromium(), args: flags });
  try {
    const tab = await browser.newPage();
    const complaints = [];
    tab.on('pageerror', (error) => complaints.push(error.message));
    tab.on('dialog', (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });
    await tab.goto(`${page}#localProfilePath=${script}`);
    const isShown = `document.body.innerText.includes(${JSON.stringify(shown)})`;
    await tab.waitForFunction(isShown, undefined, { timeout: 60_000 });
    if (complaints.length > 0) throw new Error(complaints.join('; '));
    return `shows “${shown}”`;
  } finally {
    await browser.close();
  }
}

/** The classes that Perfetto's own definitions were made into. */
function inPerfetto({ threads }) {
  const script = join(root, 'scripts', 'exports', 'read_perfetto.py');
  const env = { ...process.env, PYTHONPATH: join(cache, 'python') };
  const read = JSON.parse(run('python3', [script, exported('perfetto')], { env }));
  same('fields that it does not know', read.unknown, 0);
  const names = ['holding', 'waiting'].map((name, at) => {
    const ns = threads.reduce((sum, row) => sum + (at === 0 ? row.holdNs : row.waitNs), 0);
    return same(`${name} ns`, read.ns[name] ?? 0, ns);
  });
  return [`${read.packets} packets`, ...names].join(', ');
}

function inPprof({ threads }) {
  const named = process.env.PPROF;
  const tool = named ? [named] : ['go', 'tool', 'pprof'];
  if (!named && spawnSync('go', ['version']).status !== 0) return null;
  const file = exported('pprof');
  const total = (index) => {
    const args = ['-top', '-unit=ns', `-sample_index=${index}`, file];
    const text = run(tool[0], [...tool.slice(1), ...args]);
    return Number(/([\d.]+)ns total/.exec(text)?.[1]);
  };
  const sum = (key) => threads.reduce((all, row) => all + row[key], 0);
  return [
    same('delay ns', total('delay'), sum('waitNs')),
    same('hold ns', total('hold'), sum('holdNs')),
  ].join(', ');
}

/** The importer of the page itself, which also brings the file to its newest version. */
async function inFirefox({ threads }) {
  const checkout = process.env.FIREFOX_PROFILER;
  if (!checkout) return null;
  const outfile = join(folder, 'firefox.cjs');
  const importer = resolve(checkout, 'src/profile-logic/process-profile.ts');
  const contents = `export { unserializeProfileOfArbitraryFormat } from ${JSON.stringify(importer)};`;
  await build({
    stdin: { contents, resolveDir: resolve(checkout) },
    ...{ outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
    alias: { 'firefox-profiler': resolve(checkout, 'src') },
    loader: { '.wasm': 'file' },
  });
  const { default: library } = await import(pathToFileURL(outfile).href);
  const bytes = Uint8Array.from(readFileSync(exported('firefox'))).buffer;
  const { meta, threads: read } = await library.unserializeProfileOfArbitraryFormat(bytes, 'run');
  const samples = read.reduce((sum, thread) => sum + thread.samples.length, 0);
  const acquires = threads.reduce((sum, row) => sum + row.acquires, 0);
  same('threads', read.length, threads.length);
  return [
    `version ${meta.preprocessedProfileVersion}`,
    `${read.length} threads`,
    `${samples} samples of ${acquires} holds`,
  ].join(', ');
}

const tally = new Tally();
bring();
const json = join(folder, 'profile.json');
run(process.execPath, [cli, 'report', profile, '--json', json]);
const numbers = JSON.parse(readFileSync(json, 'utf8'));
const checks = {
  [`speedscope ${VERSIONS.speedscope}`]: () => inSpeedscope('speedscope', 'hold by stack'),
  'speedscope, of collapsed stacks': () => inSpeedscope('collapsed', 'run.collapsed'),
  [`perfetto ${VERSIONS.perfetto}`]: () => inPerfetto(numbers),
  'go tool pprof': () => inPprof(numbers),
  'Firefox Profiler': () => inFirefox(numbers),
};
for (const [name, check] of Object.entries(checks)) {
  try {
    const seen = await check();
    if (seen === null) tally.skip(name, 'not here; the head of this script says how');
    else {
      tally.pass();
      console.log(`ok       ${name}: ${seen}`);
    }
  } catch (error) {
    tally.fail(name, error.message);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`${tally}`);
process.exitCode = tally.failed > 0 ? 1 : 0;
