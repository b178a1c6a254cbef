// `npm run sanitize -- [asan|ubsan|tsan] …`: builds the probe and the host with a sanitizer of the C compiler and runs the
// tests that drive them. Fails where a test fails or the sanitizer reports anything. Without a name: all three.
//   --pythons 3.12,shared   only these interpreters       --tests events,faults   only files that name one of these
// Python itself is not instrumented, so leaks are not looked for, and TSan sees the interpreter's locks but not its
// loads. The probe's own thread ends with the program, by design: TSan does not ask who joined it. TSan must be there before all else, which only the host can see to: it runs the shared interpreters only.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAll } from './build.mjs';
import { buildNative } from './build-native.mjs';
import { testPythons } from './pythons.mjs';
import { bundleTests, removeBundles, root, testFiles } from './testing/bundle.mjs';
import { selectPythons } from './testing/load-support.mjs';
import { runFiles } from './testing/run-files.mjs';
import { Tally } from './testing/tally.mjs';

const variants = ['asan', 'ubsan', 'tsan'];
const drivingProbe = [
  'events',
  'lines',
  'limits',
  'faults',
  'killed',
  'trace-live',
  'unrecognised',
];
/**
 * The recorder hands waits on conditions to libc itself, past TSan, which then takes the GIL's mutex for locked; and in the
 * child of a fork with threads TSan gives up (“dup thread with used id”).
 */
const withoutRecorder = ['trace-live', 'unrecognised'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { pythons: { type: 'string', default: '' }, tests: { type: 'string', default: '' } },
});
const words = (text) => text.split(',').filter(Boolean);

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

async function runVariant(variant) {
  const tally = new Tally();
  const folder = makeDist(variant);
  const reports = join(folder, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const pythons = selectPythons(testPythons(), words(options.pythons)).filter(
    (python) => variant !== 'tsan' || python.linkage === 'shared',
  );
  const env = environment(folder, reports);
  Object.assign(process.env, env, {
    GILSCOPE_TEST_PYTHONS: pythons.map((python) => python.path).join(delimiter),
  });
  const wanted = words(options.tests);
  const all = variant === 'tsan' ? withoutRecorder : drivingProbe;
  const names = wanted.length > 0 ? wanted : all;
  const files = testFiles('interpreters', '.test.ts').filter((file) =>
    names.some((name) => file.includes(name)),
  );
  await bundleTests('interpreters', files);
  tally.add(await runFiles(files, { concurrency: 1, timeoutMs: 20 * 60_000 }));
  const found = readdirSync(reports);
  for (const name of found.slice(0, 20)) {
    tally.fail(`${variant}: ${name}`, readFileSync(join(reports, name), 'utf8').slice(0, 6000));
  }
  if (found.length === 0) console.log(`${variant}: no report`);
  else console.log(`${variant}: ${found.length} reports in ${reports}`);
  return tally;
}

process.chdir(root);
await buildAll();
const total = new Tally();
for (const variant of positionals.length > 0 ? positionals : variants) {
  if (!variants.includes(variant))
    throw new Error(`No ${variant}; there are ${variants.join(', ')}.`);
  console.log(`── ${variant}`);
  total.add(await runVariant(variant));
}
removeBundles();
process.stdout.write(`${total}\n`, () => process.exit(total.failed > 0 ? 1 : 0));
