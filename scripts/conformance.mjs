// `npm run conformance`: CPython's own tests, and those of packages that lean on threads, give under the probe what they
// give without it, test by test. Every run is kept in the cache folder, so it can be stopped and go on, or be done in
// pieces:
//   --pythons 3.12,static   only these interpreters (3.13 free-threaded is one)
//   --tests test_thread,cheroot   only these (whole names; * at an end)
//   --timeout 600           seconds for one test file     --again                       forget the kept runs of these
//   --jobs 2                test files at a time
//   --any-build             count kept runs under another build of the probe, the latest
//   --kept                  run nothing, compare what is kept
//   --write                 also docs/conformance.md
// Tests of Debian's CPythons and of the free-threaded one: `scripts/get-pythons.sh --tests`. The status is 1 where a difference has no known cause.
import { dirname, join } from 'node:path';
import { buildAll } from './build.mjs';
import { argumentsFor, cpythonTests } from './conformance/cpython-tests.mjs';
import { isPrepared, packages, preparePackage } from './conformance/packages.mjs';
import { documentOf, summaryLine } from './conformance/table.mjs';
import { pythonCache, testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { loadSupport, selectAllPythons, writeDocument } from './testing/load-support.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const { values: options } = scriptOptions(
  {
    pythons: { type: 'string', default: '' },
    tests: { type: 'string', default: '' },
    timeout: { type: 'string', default: '600' },
    jobs: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    'any-build': { type: 'boolean', default: false },
    kept: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  { numbers: ['timeout', 'jobs'] },
);
const words = (text) => text.split(',').filter(Boolean);
const caches = dirname(pythonCache);
const storeFolder = join(caches, 'conformance');

const titleOf = (python) => `${python.version} ${python.linkage}`;

const wanted = (name) =>
  words(options.tests).length === 0 ||
  words(options.tests).some((word) =>
    word.endsWith('*') ? name.startsWith(word.slice(0, -1)) : name === word,
  );

/** What to run on an interpreter: rows of the table with their units. */
function rowsOf(python) {
  const tests = cpythonTests(python);
  if (tests === null) console.log('  it has come without its tests, or cannot run them here');
  const own = (tests ?? []).map(({ name, modules }) => ({
    name,
    units: modules
      .filter((module) => wanted(name) || wanted(module))
      .map((module) => cpythonUnit(python, module)),
  }));
  return [...own, ...packageRows(python)].filter(({ units }) => units.length > 0);
}

function cpythonUnit(python, module) {
  const args = argumentsFor(python, module);
  const suite = { module: 'test', args, reportOption: '--junit-xml=', cwd: null };
  return { name: module, suite };
}

/** Packages are for the interpreters of which `on` names one. */
function packageRows(python) {
  const here = packages.filter(
    ({ name, on }) => wanted(name) && on.includes(`${python.minor} ${python.linkage}`),
  );
  return here.map((wish) => ({
    name: `${wish.name} ${wish.version}`,
    units: [{ name: `${wish.name} ${wish.version}`, wish }],
  }));
}

/** A package's suite needs its environment first; null where only kept runs count and it was never made. */
function prepared(python, unit) {
  if (unit.wish === undefined) return { python, unit };
  const folder = join(caches, 'suites', `${unit.name} on ${titleOf(python)}`.replaceAll(' ', '-'));
  if (options.kept && !isPrepared(folder)) return null;
  const place = preparePackage(python, unit.wish, folder);
  const suite = {
    module: 'pytest',
    args: ['-p', 'no:cacheprovider'],
    reportOption: '--junit-xml=',
    cwd: place.source,
  };
  return { python: { ...python, path: place.python }, unit: { name: unit.name, suite } };
}

async function conformUnit(support, store, python, unit) {
  const said = (run) =>
    `    ${unit.name} ${run.probed ? 'under the probe' : 'without'}: ${run.end}, ` +
    `${Object.keys(run.outcomes).length - 1} cases, ${run.seconds.toFixed(0)} s`;
  const ready = prepared(python, unit);
  if (ready === null) return null;
  if (options.again) store.forget(titleOf(python), unit.name);
  return support.conform({
    store,
    ...ready,
    timeoutSeconds: Number(options.timeout),
    mayRun: !options.kept,
    anyProbe: options['any-build'],
    onRun: (run) => console.log(said(run)),
  });
}

/** Some test files at a time; the rows of the table in their order. */
async function conformAll(support, store, python) {
  const rows = rowsOf(python).map((row) => ({
    ...row,
    python,
    wished: row.units.length,
    done: [],
  }));
  const waiting = rows.flatMap((row) => row.units.map((unit) => ({ row, unit })));
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { row, unit } = next;
      const result = await conformUnit(support, store, python, unit);
      if (result !== null) row.done.push({ unit: unit.name, ...result });
      if (result !== null && row.done.length === row.wished) console.log(`  ${summaryLine(row)}`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, work));
  return rows;
}

process.chdir(root);
await buildAll();
const support = await loadSupport('conformance');
const store = support.openStore(storeFolder);
const table = [];
for (const python of selectAllPythons(testPythons(), words(options.pythons))) {
  console.log(`\nCPython ${python.version} ${python.linkage}`);
  table.push(...(await conformAll(support, store, python)));
}
const { text, unexplained } = documentOf(table);
for (const line of unexplained) console.log(`differs, cause unknown: ${line}`);
if (options.write) await writeDocument('conformance.md', text);
if (unexplained.length > 0) process.exitCode = 1;
