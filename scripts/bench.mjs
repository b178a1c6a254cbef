// `npm run bench`: what GILscope costs, as ratios to plain python in the same run: both in turn, round after round.
//   --rows cpu,pipe     only rows whose name contains one of these     --pythons 3.12,static   only these interpreters
//   --rounds N          default 7                                       --quick                 a fifth of the work
//   --all               every interpreter; else the newest of each kind --write                 also docs/benchmarks.md
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { loadSupport, markdownTable, selectPythons } from './testing/load-support.mjs';

const programs = join(root, 'test', 'fixtures', 'bench');
/** Name, program, its arguments and which of them is scaled, and the goal for the ratio. */
const rows = [
  {
    name: 'CPU-bound, 2 threads',
    program: 'cpu_threads.py',
    args: [2, 12_000_000],
    scaled: 1,
    goal: 1.02,
  },
  {
    name: 'CPU-bound, 4 threads',
    program: 'cpu_threads.py',
    args: [4, 12_000_000],
    scaled: 1,
    goal: 1.02,
  },
  { name: 'pipe loop, 1 byte', program: 'pipe_loop.py', args: [250_000], scaled: 0, goal: 1.15 },
  {
    name: 'pipe ping-pong, 2 threads',
    program: 'pipe_ping_pong.py',
    args: [30_000],
    scaled: 0,
    goal: 1.15,
  },
  { name: 'short threads', program: 'short_threads.py', args: [5000], scaled: 0 },
  { name: 'deep recursion', program: 'deep_recursion.py', args: [3000, 60], scaled: 1 },
  { name: '200 threads', program: 'many_threads.py', args: [200, 150], scaled: 1 },
  { name: 'start and end', program: 'startup.py', args: [], scaled: -1 },
];

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    pythons: { type: 'string', default: '' },
    rounds: { type: 'string', default: '7' },
    quick: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const words = (text) => text.split(',').filter(Boolean);
const rounds = Math.max(1, Number.parseInt(options.rounds, 10));

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const quantile = (numbers, share) => {
  const ordered = sorted(numbers);
  const at = (ordered.length - 1) * share;
  const below = ordered[Math.floor(at)];
  return below + (ordered[Math.ceil(at)] - below) * (at - Math.floor(at));
};
const median = (numbers) => quantile(numbers, 0.5);

function chosenPythons() {
  const all = selectPythons(testPythons(), words(options.pythons));
  if (options.all || options.pythons) return all;
  return ['shared', 'static'].flatMap(
    (linkage) => all.findLast((python) => python.linkage === linkage) ?? [],
  );
}

function argumentsOf(row) {
  const scale = options.quick ? 0.2 : 1;
  return row.args.map((value, index) =>
    String(index === row.scaled ? Math.round(value * scale) : value),
  );
}

/** Milliseconds that the program's work took: its own word, or the whole process where it says nothing. */
function workMs(run, row) {
  if (run.ended.code !== 0) throw new Error(`${row.program} failed:\n${run.ended.stderr}`);
  const said = run.ended.stdout.toString().trim();
  return said === '' ? run.wallMs : Number(said) * 1000;
}

async function measureRow(support, interpreter, row) {
  const program = join(programs, row.program);
  const args = argumentsOf(row);
  const plain = [];
  const probed = [];
  let last;
  for (let round = 0; round < rounds; round += 1) {
    const runs = {
      plain: async () =>
        plain.push(workMs(await support.runPlain(interpreter.executable, program, args), row)),
      probed: async () => {
        last = await support.runProbed(interpreter, program, args);
        probed.push(workMs(last, row));
      },
    };
    // Who comes first alternates: drift of the machine hits both alike.
    for (const kind of round % 2 === 0 ? ['plain', 'probed'] : ['probed', 'plain'])
      await runs[kind]();
  }
  return { row, plain, probed, last };
}

function summary({ row, plain, probed, last }) {
  const ratios = probed.map((ms, index) => ms / plain[index]);
  const ratio = median(probed) / median(plain);
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const { cycles, streamBytes, readMs, profileMs, profile } = last;
  const perSecond = (ms) =>
    ms > 0 && cycles > 10_000 ? `${((cycles * 3) / ms / 1000).toFixed(1)} M` : '–';
  return {
    cells: [
      row.name,
      median(plain).toFixed(0),
      median(probed).toFixed(0),
      ratio.toFixed(3),
      `${low.toFixed(3)} … ${high.toFixed(3)}`,
      row.goal === undefined ? '' : `≤ ${row.goal} ${ratio <= row.goal ? '✓' : '✗'}`,
      String(cycles),
      // In a run of few cycles the stacks' definitions are all there is.
      cycles > 10_000 ? (streamBytes / cycles).toFixed(1) : '–',
      perSecond(readMs),
      perSecond(profileMs),
      String(profile?.overhead.cycleNs ?? 0),
    ],
    ratio,
  };
}

const head = [
  'program',
  'plain ms',
  'GILscope ms',
  'ratio',
  'quartiles',
  'goal',
  'cycles',
  'bytes/cycle',
  'events/s read',
  'events/s to profile',
  'own ns/cycle',
];

function intro() {
  return [
    `Ratios of medians over ${rounds} rounds, in which plain python and GILscope take turns; the quartiles are those`,
    'of the ratio within a round. Times are of the work inside the program, without start and end of the process',
    '(the last row is those). Full stacks are recorded. An acquisition, its request and its release are three events;',
    'they are read, and made into a profile, on one core. The last column is what the probe says of itself.',
    `Machine: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Linux.`,
  ].join('\n');
}

process.chdir(root);
await buildAll();
const support = await loadSupport('measured-run');
const chosen = rows.filter(
  ({ name }) =>
    words(options.rows).length === 0 || words(options.rows).some((word) => name.includes(word)),
);
const sections = [];
for (const python of chosenPythons()) {
  const title = `CPython ${python.version}, ${python.linkage}`;
  console.log(`\n${title}\n${head.join(' | ')}`);
  const interpreter = await support.inspect(python.path);
  const cells = [];
  for (const row of chosen) {
    const done = summary(await measureRow(support, interpreter, row));
    console.log(done.cells.join(' | '));
    cells.push(done.cells);
  }
  sections.push(`## ${title}\n\n${markdownTable(head, cells)}`);
}
if (options.write) {
  const text = `# What GILscope costs\n\nMade by \`npm run bench -- --write\`.\n\n${intro()}\n\n${sections.join('\n\n')}\n`;
  writeFileSync(join(root, 'docs', 'benchmarks.md'), text);
  console.log('\nwritten to docs/benchmarks.md');
}
