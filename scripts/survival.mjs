// `npm run survival`: kills profiled programs of every kind at random moments and compares what is left with an
// independent recorder (test/recorder/gil_recorder.c).
//   --count N               kills, default 200             --seed S     which ones; the same seed gives the same kills
//   --pythons 3.12,static   only these interpreters        --from K     go on with the K-th kill
//   --write                 also docs/survival.md, from all kills of this seed that were made so far
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import {
  loadSupport,
  markdownTable,
  selectPythons,
  writeDocument,
} from './testing/load-support.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const { values: options } = scriptOptions(
  {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    pythons: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
  { numbers: ['count', 'seed', 'from'] },
);
const number = (name) => Number.parseInt(options[name], 10);
const resultsFolder = join(root, 'build', 'survival');
const resultsFile = join(resultsFolder, `seed-${number('seed')}.jsonl`);

async function killAll(support, pythons) {
  const from = number('from');
  for (let i = from; i < from + number('count'); i += 1) {
    const python = pythons[i % pythons.length];
    const title = `${python.version} ${python.linkage}`;
    const run = await support.killedRun(python.path, number('seed') * 100_000 + i);
    appendFileSync(resultsFile, `${JSON.stringify({ index: i, python: title, ...run })}\n`);
    const said = run.faults.length === 0 ? 'complete' : `FAULT\n  ${run.faults.join('\n  ')}`;
    console.log(
      `${i} | CPython ${title} | ${run.kind} | killed after ${run.killedAfterMs.toFixed(1)} ms | ` +
        `${run.cycles} acquisitions, ${run.missing} missing, blind ${run.blindMs.toFixed(2)} ms | ${said}`,
    );
  }
}

/** The latest result of each kill. */
function results() {
  if (!existsSync(resultsFile)) return [];
  const lines = readFileSync(resultsFile, 'utf8').trim().split('\n');
  return [
    ...new Map(lines.map((line) => JSON.parse(line)).map((run) => [run.index, run])).values(),
  ];
}

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const most = (values) => Math.max(0, ...values);

function row(name, runs) {
  const blind = runs.map((run) => run.blindMs);
  return [
    name,
    String(runs.length),
    String(runs.filter((run) => run.faults.length === 0).length),
    String(runs.reduce((sum, run) => sum + run.cycles, 0)),
    String(runs.reduce((sum, run) => sum + run.missing, 0)),
    String(most(runs.map((run) => run.missing))),
    `${middle(blind).toFixed(1)} ms`,
    `${most(blind).toFixed(1)} ms`,
  ];
}

const head = [
  '',
  'kills',
  'as it must be',
  'acquisitions',
  'missing',
  'at most',
  'blind',
  'at most',
];

function page(runs) {
  const by = (key) => [...new Set(runs.map((run) => run[key]))].sort();
  const kinds = by('kind').map((kind) =>
    row(
      kind,
      runs.filter((run) => run.kind === kind),
    ),
  );
  const pythons = by('python').map((name) =>
    row(
      `CPython ${name}`,
      runs.filter((run) => run.python === name),
    ),
  );
  return `# What survives a kill

Made by \`npm run survival -- --write\`: ${runs.length} programs, each ended by \`kill -9\` at a random moment between the
birth of its trace and 1.5 s later, one in five within the first 60 ms. An independent recorder
(\`test/recorder/gil_recorder.c\`) counts the same GIL events in the same process, in a mapped file of its own.

“As it must be”: the exit status is 137; the profile and the \`*.gilscope\` file are readable and equal; every
invariant holds; the report says that the program was killed; nothing is said to be lost; and every thread's acquisitions,
contended ones, hold and wait are the recorder's. “Missing” are acquisitions that only the recorder has: one for each
GIL can be, if the kill falls between its stamp and the probe's. “Blind” is the time between the last sign of life in the
trace and the kill: up to there an open hold or wait counts.

${markdownTable(['program', ...head.slice(1)], [...kinds, row('all', runs)])}

${markdownTable(['interpreter', ...head.slice(1)], pythons)}
`;
}

process.chdir(root);
await buildAll();
mkdirSync(resultsFolder, { recursive: true });
const support = await loadSupport('killed-run');
const pythons = selectPythons(
  testPythons().filter((python) => !python.freeThreaded),
  options.pythons.split(',').filter(Boolean),
);
await killAll(support, pythons);
const runs = results();
if (options.write) {
  await writeDocument('survival.md', page(runs));
}
const faulty = runs.filter((run) => run.faults.length > 0);
console.log(`${runs.length} kills of seed ${number('seed')}, ${faulty.length} with a fault`);
process.exitCode = faulty.length > 0 ? 1 : 0;
