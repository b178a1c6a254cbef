// `npm run accuracy`: kinds of program × every CPython at hand, each run compared with an independent recorder of the
// same GIL events (test/recorder/gil_recorder.c), preloaded beside the probe.
//   --pythons 3.12,static   only these interpreters       --programs convoy,locks   only these programs
//   --rounds N              runs of each, default 3: the middle one counts; counts must be equal in all
//   --write                 also docs/accuracy.md
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { loadSupport, markdownTable, selectPythons } from './testing/load-support.mjs';

const kinds = [
  { name: 'two computing threads', program: 'cpu_two_threads.py' },
  { name: 'four computing threads', program: 'cpu_two_threads.py', args: ['4', '0.5'] },
  { name: 'convoy of tiny reads', program: 'convoy.py' },
  { name: 'pipe ping-pong', program: 'ping_pong.py', args: ['10000'] },
  { name: 'locks and queues', program: 'locks.py' },
  { name: 'native code that holds', program: 'regex_hold.py' },
  { name: 'native code that lets go', program: 'zlib_release.py' },
  { name: 'sleeps', program: 'sleeps.py' },
  { name: 'asyncio with an executor', program: 'asyncio_tasks.py' },
  { name: 'deep recursion', program: 'deep_recursion.py' },
  { name: '3,000 short threads', program: 'short_threads.py', args: ['3000'] },
  { name: 'sub-interpreters', program: 'subinterpreters.py' },
];

const { values: options } = parseArgs({
  options: {
    pythons: { type: 'string', default: '' },
    programs: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const words = (text) => text.split(',').filter(Boolean);
const rounds = Math.max(1, Number.parseInt(options.rounds, 10));
const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** Where waits are nothing but the way through free locks, a share of their total says nothing. */
const error = (share, nsEach) =>
  Math.abs(share) > 0.005 && Math.abs(nsEach) < 100 ? '< 0.1 µs each' : percent(share);

async function measureKind(support, python, kind) {
  const runs = [];
  for (let round = 0; round < rounds; round += 1) {
    runs.push(await support.measureAccuracy(python.path, kind.program, kind.args ?? []));
  }
  const wrong = runs.reduce((sum, run) => sum + run.wrongCounts, 0);
  const size = (run) => Math.abs(run.waitNsEach) + Math.abs(run.holdNsEach);
  const run = runs.sort((a, b) => size(a) - size(b))[Math.floor(runs.length / 2)];
  return [
    kind.name,
    String(run.threads),
    String(run.acquires),
    run.perSecond.toFixed(0),
    wrong === 0 ? 'equal' : `${wrong} differ`,
    error(run.waitError, run.waitNsEach),
    error(run.holdError, run.holdNsEach),
    run.waitNsEach.toFixed(0),
    run.holdNsEach.toFixed(0),
  ];
}

async function measureShares(support, python) {
  const row = await support.measureShares(python.path);
  const error = Math.abs(row.measured - row.truth);
  return [
    `${python.version} ${python.linkage}`,
    percent(row.truth),
    percent(row.measured),
    percent(error),
    percent(row.standardError),
    String(row.samples),
  ];
}

const eventHead = [
  'program',
  'threads',
  'acquisitions',
  'per second',
  'counts',
  'wait',
  'hold',
  'wait, ns each',
  'hold, ns each',
];
const shareHead = ['CPython', 'true share', 'measured', 'error', 'standard error', 'samples'];

const intro = `Made by \`npm run accuracy -- --write\`.

Each program runs once with two recorders in the same process: GILscope's probe, and an independent one
(\`test/recorder/gil_recorder.c\`) that is preloaded, knows nothing of the probe, uses another clock and another way to
tell forced releases. “Counts” are acquisitions and contended acquisitions of every single thread, in all ${rounds} runs. “Wait”
and “hold” are the differences of the totals over all threads, of the middle one of ${rounds} runs.

Both stamp the same call, the recorder within the probe's hook. So a wait is longer and a hold shorter by the recorder's
own work, the last columns; and a thread that loses its CPU between the two stamps makes a difference of milliseconds.`;

process.chdir(root);
await buildAll();
const support = await loadSupport('accuracy-row');
const sections = [];
const shares = [];
for (const python of selectPythons(testPythons(), words(options.pythons))) {
  const title = `CPython ${python.version}, ${python.linkage}`;
  console.log(`\n${title}\n${eventHead.join(' | ')}`);
  const rows = [];
  for (const kind of kinds) {
    const wanted = words(options.programs);
    if (wanted.length > 0 && !wanted.some((word) => kind.program.includes(word))) continue;
    rows.push(await measureKind(support, python, kind));
    console.log(rows.at(-1).join(' | '));
  }
  shares.push(await measureShares(support, python));
  console.log(`shares: ${shares.at(-1).join(' | ')}`);
  sections.push(`### ${title}\n\n${markdownTable(eventHead, rows)}`);
}
if (options.write) {
  const text = `# How exact GILscope is

${intro}

## Events

${sections.join('\n\n')}

## Shares of two lines

Long holds are split over the lines that ran inside them by sampling. The true share is the program's own, by the CPU
clock of its thread; the standard error is what theory gives for that many samples, √(p(1−p)/n).

${markdownTable(shareHead, shares)}
`;
  writeFileSync(join(root, 'docs', 'accuracy.md'), text);
  console.log('\nwritten to docs/accuracy.md');
}
