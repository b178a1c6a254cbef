// `npm run sanitize -- [asan|ubsan|tsan] …`: builds the probe and the host with a sanitizer of the C compiler and runs the
// tests that drive them. Fails where a test fails or the sanitizer reports anything. Without a name: all three.
//   --pythons 3.12,shared   only these interpreters ("free" are the free-threaded ones)
//   --tests events,faults   only files that name one of these
//   --seconds N             start nothing after that time; the next call goes on from there
//   --again                 forget what was kept of this build
//   --write                 also docs/sanitizers.md, from all that was kept of this build
// Each file on each interpreter is kept below build/sanitize/kept until the probe changes; what failed runs again at the
// next call, since a checked probe on a busy machine can be late. Python itself is not
// instrumented, so leaks are not looked for, and TSan sees the interpreter's locks but not its loads. The probe's own
// thread ends with the program, by design: TSan does not ask who joined it. TSan must be there before all else, which
// only the host can see to: it runs the shared interpreters only.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { buildNative, nativeSources } from './build-native.mjs';
import { testPythons } from './pythons.mjs';
import { documentOf } from './sanitize/document.mjs';
import { bundleTests, removeBundles, root, testFiles } from './testing/bundle.mjs';
import { Allowance, fingerprint, KeptResults, wordsOf } from './testing/kept-results.mjs';
import { writeDocument } from './testing/load-support.mjs';
import { runFiles } from './testing/run-files.mjs';
import { Tally } from './testing/tally.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const variants = ['asan', 'ubsan', 'tsan'];
const drivingProbe = [
  'awaits',
  'events',
  'faults',
  'free-threaded',
  'killed',
  'limits',
  'lines',
  'lock-kinds',
  'locks-oddities',
  'locks-recorded',
  'subinterpreters',
  'trace-live',
  'unrecognised',
];
/**
 * The recorder hands waits on conditions to libc itself, past TSan, which then takes the GIL's mutex for locked; and in the
 * child of a fork with threads TSan gives up (“dup thread with used id”).
 */
const withoutRecorder = [
  'awaits',
  'lock-kinds',
  'locks-oddities',
  'subinterpreters',
  'trace-live',
  'unrecognised',
];

/**
 * libpython 3.15 has a constructor that asks for thread-local memory. In a program that is executed (and not loaded by the
 * host) it runs before TSan's own, which then jumps to address 0: these tests execute children.
 */
const executesChildren = ['awaits', 'lock-kinds'];

const { values: options, positionals } = scriptOptions(
  {
    pythons: { type: 'string', default: '' },
    tests: { type: 'string', default: '' },
    seconds: { type: 'string', default: 'Infinity' },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  { numbers: ['seconds'], allowPositionals: true },
);

/** As results are kept and shown. */
const named = (python) => ({
  ...python,
  linkage: python.freeThreaded ? 'free-threaded' : python.linkage,
});
/** Asked for once: each run narrows them for its tests. */
const pythons = testPythons().map(named);
const titleOf = ({ version, linkage }) => `${version} ${linkage}`;

function pythonsFor(variant) {
  const words = wordsOf(options.pythons);
  return pythons
    .filter((python) => variant !== 'tsan' || python.linkage === 'shared')
    .filter((python) => words.length === 0 || words.some((word) => titleOf(python).includes(word)));
}

function filesFor(variant, python) {
  const of = variant === 'tsan' ? withoutRecorder : drivingProbe;
  const words = wordsOf(options.tests);
  const isIn = (name) => (words.length === 0 ? of.includes(name) : words.includes(name));
  return testFiles('interpreters', '.test.ts').filter((file) => {
    const name = nameOf(file);
    const minor = Number(python.minor.split('.')[1]);
    if (name === 'subinterpreters' && minor < 12) return false;
    if (variant === 'tsan' && minor >= 15 && executesChildren.includes(name)) return false;
    return isIn(name) && (name === 'free-threaded') === python.freeThreaded;
  });
}

const nameOf = (file) => file.replace(/^.*\/|\.test\.ts$/g, '');

/** The product with the checked C part in place of its own. */
function makeDist(variant) {
  const folder = join(root, 'build', 'sanitize', variant);
  buildNative(variant);
  for (const name of readdirSync(join(root, 'dist'))) {
    if (name !== 'native')
      cpSync(join(root, 'dist', name), join(folder, name), { recursive: true });
  }
  return folder;
}

/** Each process writes what it finds into a file REPORT.PID. */
function environment(folder, reports) {
  const common = `log_path=${join(reports, 'report')}:exitcode=66`;
  return {
    GILSCOPE_TEST_DIST: folder,
    ASAN_OPTIONS: `${common}:detect_leaks=0:verify_asan_link_order=0:handle_segv=0`,
    UBSAN_OPTIONS: `${common}:print_stacktrace=1`,
    TSAN_OPTIONS: `${common}:suppressions=${join(root, 'scripts', 'tsan-suppressions.txt')}:handle_segv=0:die_after_fork=0:report_thread_leaks=0`,
  };
}

/** One file of tests on one interpreter. */
async function runUnit(variant, folder, python, file) {
  const reports = join(folder, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  Object.assign(process.env, environment(folder, reports), { GILSCOPE_TEST_PYTHONS: python.path });
  const tally = await runFiles([file], { concurrency: 1, timeoutMs: 20 * 60_000 });
  const texts = readdirSync(reports).map((name) => readFileSync(join(reports, name), 'utf8'));
  for (const text of texts.slice(0, 5))
    tally.fail(`${variant}, CPython ${titleOf(python)}, ${file}`, text.slice(0, 6000));
  const { passed, failed, skipped } = tally;
  return { passed, failed: failed - Math.min(texts.length, 5), skipped, reports: texts.length };
}

async function runVariant(variant, allowance, kept) {
  const folder = makeDist(variant);
  for (const python of pythonsFor(variant)) {
    const files = filesFor(variant, python);
    await bundleTests('interpreters', files);
    for (const file of files) {
      const key = `${variant} ${nameOf(file)}`;
      const before = kept.load(python)[key];
      const isDone = before !== undefined && before.failed + before.reports === 0;
      if (isDone || allowance.isSpent) continue;
      console.log(`── ${variant}, CPython ${titleOf(python)}`);
      const result = await runUnit(variant, folder, python, file);
      kept.save(python, { ...kept.load(python), [key]: result });
    }
  }
}

/** Of all that was kept: `{variant, name, python, passed, failed, skipped, reports}`. */
function keptRows(kept) {
  return pythons.flatMap((python) =>
    Object.entries(kept.load(python)).map(([key, result]) => {
      const [variant, name] = key.split(' ');
      return { variant, name, python: titleOf(python), ...result };
    }),
  );
}

function totalOf(rows) {
  const total = new Tally();
  for (const row of rows) total.add(row);
  const reports = rows.reduce((sum, row) => sum + row.reports, 0);
  return { total, reports };
}

async function main() {
  await buildAll();
  const { probe, host, headers } = nativeSources();
  const inputs = [...probe, ...host, ...headers];
  const kept = new KeptResults('sanitize/kept', fingerprint(inputs));
  if (options.again) kept.forget();
  const allowance = new Allowance(Number(options.seconds));
  for (const variant of positionals.length > 0 ? positionals : variants) {
    if (!variants.includes(variant))
      throw new Error(`No ${variant}; there are ${variants.join(', ')}.`);
    await runVariant(variant, allowance, kept);
  }
  removeBundles();
  const rows = keptRows(kept);
  if (options.write) await writeDocument('sanitizers.md', documentOf(rows));
  const { total, reports } = totalOf(rows);
  console.log(`${reports} reports of sanitizers`);
  process.stdout.write(`${total}\n`, () => process.exit(total.failed + reports > 0 ? 1 : 0));
}

process.chdir(root);
await main();
