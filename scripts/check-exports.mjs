// `npm run check:exports [-- FILE.gilscope]`: exports a profile and has each file read by the code of the tool that it is
// for, with the sums compared. What is not here is brought into the cache folder by npm, pip and, where Go is not
// installed and PPROF names no pprof, from the package of Go for Debian.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { findChromium } from './testing/chromium.mjs';
import { root } from './testing/bundle.mjs';
import { Tally } from './testing/tally.mjs';
import { bringReaders, VERSIONS } from './exports/readers.mjs';

const { cache, pprof } = bringReaders();
const cli = join(root, 'dist', 'cli.js');
const profile = resolve(process.argv[2] ?? join(root, 'test/fixtures/profiles/trace-2.gilscope'));
const folder = mkdtempSync(join(tmpdir(), 'gilscope-exports-'));
const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe', ...options });

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
  if (pprof === null) return null;
  const file = exported('pprof');
  const total = (index) => {
    const args = ['-top', '-unit=ns', `-sample_index=${index}`, file];
    const text = run(pprof[0], [...pprof.slice(1), ...args]);
    return Number(/([\d.]+)ns total/.exec(text)?.[1]);
  };
  return [
    same('delay ns', total('delay'), sumOf(threads, 'waitNs')),
    same('hold ns', total('hold'), sumOf(threads, 'holdNs')),
  ].join(', ');
}

/** The command line of the Firefox Profiler, which has the importer of the page: what it says of each thread. */
async function inFirefox({ threads }) {
  const script = join(cache, 'node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js');
  const env = { ...process.env, HOME: folder, USERPROFILE: folder };
  const ask = (...args) =>
    spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' });
  const told = ask('load', exported('firefox'));
  try {
    await untilReady(() => ask('profile', 'info'), told);
    const read = threads.map((_, index) => {
      const about = (what) =>
        JSON.parse(ask('thread', what, '--json', '--thread', `t-${index}`).stdout);
      const waits = about('markers').byType.find(({ markerName }) => markerName === 'waiting');
      const ns = (milliseconds) => Math.round(milliseconds * 1e6);
      return {
        name: about('samples').friendlyThreadName,
        holdNs: ns(about('samples').categoryBreakdown?.totalSamples ?? 0),
        waitNs: ns((waits?.count ?? 0) * (waits?.durationStats.avg ?? 0)),
      };
    });
    const names = (rows) => rows.map(({ name }) => name).join(', ');
    return [
      same('threads', names(read), names(threads)),
      same('hold ns', sumOf(read, 'holdNs'), sumOf(threads, 'holdNs')),
      same('wait ns', sumOf(read, 'waitNs'), sumOf(threads, 'waitNs')),
    ].join('; ');
  } finally {
    ask('stop', '--all');
  }
}

/** Its process that keeps the profile may take longer to start than the one that asks would wait. */
async function untilReady(ask, told) {
  for (let tries = 0; ask().status !== 0; tries++) {
    if (tries === 50) throw new Error(`it did not load: ${told.stdout}${told.stderr}`);
    await setTimeout(200);
  }
}

/** Python's reader of CSV, which refuses what is not well formed where it is told to. */
function inCsv({ threads, lines }) {
  const read = (table) => {
    const script = join(root, 'scripts', 'exports', 'read_csv.py');
    return JSON.parse(run('python3', [script, exported('csv', '--table', table)]));
  };
  const rows = read('threads');
  return [
    same('wait ns of threads', sumOf(rows, 'waitNs'), sumOf(threads, 'waitNs')),
    same('lines', read('lines').length, lines.length),
  ].join(', ');
}

function sumOf(rows, key) {
  return rows.reduce((sum, row) => sum + Number(row[key]), 0);
}

const tally = new Tally();
const json = join(folder, 'profile.json');
run(process.execPath, [cli, 'report', profile, '--json', json]);
const numbers = JSON.parse(readFileSync(json, 'utf8'));
const checks = {
  [`speedscope ${VERSIONS.speedscope}`]: () => inSpeedscope('speedscope', 'hold by stack'),
  'speedscope, of collapsed stacks': () => inSpeedscope('collapsed', 'run.collapsed'),
  [`perfetto ${VERSIONS.perfetto}`]: () => inPerfetto(numbers),
  'go tool pprof': () => inPprof(numbers),
  [`Firefox Profiler's command line ${VERSIONS.firefox}`]: () => inFirefox(numbers),
  'CSV, by Python': () => inCsv(numbers),
};
for (const [name, check] of Object.entries(checks)) {
  try {
    const seen = await check();
    if (seen === null) tally.skip(name, 'neither Go nor apt-get is here; PPROF names a pprof');
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
