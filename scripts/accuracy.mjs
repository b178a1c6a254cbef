// `npm run accuracy`: kinds of program × every CPython at hand, each run compared with an independent recorder of the
// same GIL events (test/recorder/gil_recorder.c), preloaded beside the probe. What was measured is kept in
// build/accuracy/ until the probe changes: a run that was ended goes on where it was.
//   --pythons 3.12,static   only these interpreters       --programs convoy,locks   only these programs
//   --rounds N              runs of each, default 3       --seconds N               begin nothing after so long
//   --again                 forget what was kept          --write                   also docs/accuracy.md, of all kept
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { accuracyDocument, cellsOf, eventHead } from './accuracy/document.mjs';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { Allowance, fingerprint, KeptResults, wordsOf } from './testing/kept-results.mjs';
import { loadSupport, selectPythons, writeDocument } from './testing/load-support.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const bench = (name) => join(root, 'test', 'fixtures', 'bench', name);
const kinds = [
  { name: 'two computing threads', program: 'cpu_two_threads.py' },
  { name: 'four computing threads', program: 'cpu_two_threads.py', args: ['4', '0.5'] },
  { name: 'convoy of tiny reads', program: 'convoy.py' },
  { name: 'pipe loop of one thread', program: bench('pipe_loop.py'), args: ['50000'] },
  { name: 'pipe ping-pong', program: 'ping_pong.py', args: ['10000'] },
  { name: 'locks and queues', program: 'locks.py' },
  { name: 'native code that holds', program: 'regex_hold.py' },
  { name: 'native code that lets go', program: 'zlib_release.py' },
  { name: 'sleeps', program: 'sleeps.py' },
  { name: 'asyncio with an executor', program: 'asyncio_tasks.py' },
  { name: 'deep recursion', program: 'deep_recursion.py' },
  { name: '200 threads', program: bench('many_threads.py'), args: ['200', '20', '1'] },
  { name: '3,000 short threads', program: 'short_threads.py', args: ['3000'] },
  { name: 'sub-interpreters', program: 'subinterpreters.py' },
];
/** Percent of the time that the first of two lines has. */
const shares = [50, 70, 90];

const { values: options } = scriptOptions(
  {
    pythons: { type: 'string', default: '' },
    programs: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  { numbers: ['rounds', 'seconds'] },
);
const rounds = Math.max(0, Number.parseInt(options.rounds, 10));
const wanted = wordsOf(options.programs);
const isWanted = ({ program }) =>
  wanted.length === 0 || wanted.some((word) => program.includes(word));

/** Adds runs until there are as many as rounds, or the time is over. */
async function fill(kept, key, allowance, measure, limit = rounds) {
  const runs = (kept.values[key] ??= []);
  while (runs.length < limit && !allowance.isSpent) {
    runs.push({ ...(await measure()), load: loadavg()[0] });
    results.save(kept.python, kept.values);
  }
  return runs;
}

async function measurePython(support, kept, allowance) {
  const { python } = kept;
  console.log(`\nCPython ${python.version}, ${python.linkage}\n${eventHead.join(' | ')}`);
  for (const kind of kinds.filter(isWanted)) {
    const measured = [python.path, kind.program, kind.args ?? []];
    await fill(kept, kind.name, allowance, () => support.measureAccuracy(...measured));
    const control = () => support.measureControl(...measured);
    await fill(kept, `control ${kind.name}`, allowance, control, Math.min(rounds, 1));
    const cells = cellsOf(kept.values, kind);
    if (cells !== null) console.log(cells.join(' | '));
  }
  for (const percent of wanted.length === 0 ? shares : []) {
    const measure = () => support.measureShares(python.path, percent);
    for (const run of await fill(kept, `shares ${percent}`, allowance, measure)) {
      const numbers = [run.truth, run.measured, run.standardError].map((n) => n.toFixed(4));
      console.log(`share, measured, standard error: ${numbers.join(' ')}, ${run.samples} samples`);
    }
  }
}

process.chdir(root);
await buildAll();
const mark = fingerprint([
  'dist/native/libgilscope.so',
  'test/recorder/gil_recorder.c',
  'test/recorder/forced_release.c',
]);
const results = new KeptResults('accuracy', mark);
if (options.again) results.forget();
const support = await loadSupport('accuracy-row');
const allowance = new Allowance(Number(options.seconds));
const pythons = selectPythons(testPythons(), wordsOf(options.pythons));
for (const python of pythons) {
  if (allowance.isSpent) break;
  await measurePython(support, { python, values: results.load(python) }, allowance);
}
if (options.write) {
  const kept = pythons.map((python) => ({ python, values: results.load(python) }));
  await writeDocument('accuracy.md', accuracyDocument(kept, kinds, shares));
}
