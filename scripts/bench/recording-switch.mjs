// What recording costs within one process: the program works with the probe's recording off and on, in turns. That leaves
// out by what two processes differ, which for programs that only compute is more than the cost itself.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative, nativeFolder } from '../build-native.mjs';
import { median, quantile } from '../testing/kept-results.mjs';
import { markdownTable } from '../testing/load-support.mjs';
import { pseudoMedian } from '../testing/pseudo-median.mjs';
import { commandOf } from './measure-row.mjs';
import { withOutput } from './run-tool.mjs';

const PAIRS = 240;
const GOAL = 1.01;
/** Those whose threads wait for work, or are none, between two turns, which is when recording can be switched. */
const names = [
  'computing, 2 threads',
  'computing, 4 threads',
  'computing, a thread each 10 ms',
  'calling functions, 2 threads',
];

/** To be called before test/support/ is loaded, which takes the probe from there. */
export function chooseSwitchedProbe() {
  buildNative('switched');
  process.env.GILSCOPE_TEST_DIST = join(nativeFolder('switched'), '..');
}

/** Adds `processes` runs of each of these rows to `kept`: the ratios of each, by name. `save` is called after each. */
export async function measureRecording(support, executable, kept, wanted, save) {
  const { processes, allowance } = wanted;
  const rows = wanted.rows.filter(({ name }) => names.includes(name));
  const interpreter = await support.inspect(executable);
  for (let run = 0; run < processes; run += 1) {
    for (const row of rows) {
      const runs = (kept[row.name] ??= []);
      if (runs.length > run || allowance.isSpent) continue;
      runs.push(await ratiosOf(support, interpreter, row));
      save();
      console.log(row.name, median(runs.at(-1)).toFixed(4));
    }
  }
}

async function ratiosOf(support, interpreter, row) {
  return await withOutput(async (folder) => {
    mkdirSync(folder);
    const environment = { ...process.env, BENCH_SWITCHED: String(PAIRS) };
    const { command, env } = support.launchCommand(
      interpreter,
      commandOf(row),
      folder,
      environment,
    );
    const { code, stdout, stderr } = await support.runProcess(command[0], command.slice(1), {
      env,
    });
    const [, ratios] = /^ratios (.*)$/m.exec(stdout.toString()) ?? [];
    if (code !== 0 || ratios === undefined)
      throw new Error(`${row.name} ended with ${code}: ${stderr}`);
    return JSON.parse(ratios);
  });
}

const verdict = ({ low, high }) => (high <= GOAL ? '✓' : low > GOAL ? '✗' : '?');

/** Of ratios, which are as often so many times too large as too small. */
function middleOf(ratios) {
  const found = pseudoMedian(ratios.map(Math.log));
  return found && Object.fromEntries(Object.entries(found).map(([k, v]) => [k, Math.exp(v)]));
}

function rowOf(name, runs) {
  const ratios = runs.flat();
  const sure = middleOf(ratios);
  if (!sure) return [];
  const processes = runs.map((each) => median(each));
  const between = (low, high) => `${low.toFixed(4)} … ${high.toFixed(4)}`;
  return [
    [
      name,
      String(runs.length),
      String(ratios.length),
      between(quantile(processes, 0.25), quantile(processes, 0.75)),
      `**${sure.middle.toFixed(4)}**`,
      between(sure.low, sure.high),
      `≤ ${GOAL} ${verdict(sure)}`,
    ],
  ];
}

/** Empty where it was not measured. */
export function recordingSection(kept) {
  const rows = names.flatMap((name) => rowOf(name, kept[name] ?? []));
  if (rows.length === 0) return '';
  const head = [
    'program',
    'processes',
    'pairs of turns',
    'processes, quartiles',
    'ratio',
    '90 % sure',
    'goal',
  ];
  return `## Recording on and off in one process

Two processes of one program differ by where their memory lies, by more than GILscope costs a program that only computes:
what recording costs is told here. One process works with recording off and on (\`npm run bench -- --recording\`), in turns of about 40 ms in random
order: off, the hooks call what they stand before, and there are no samples. Noise of the machine makes a turn longer as
often as it makes the other longer, so the ratio is the pseudo-median of all pairs (Hodges and Lehmann), its interval by
Wilcoxon's signed ranks. Left out is what GILscope's process costs while it records nothing: hooks that only call on, some nanoseconds 400 times a
second. Runs of whole processes, as above, do not tell more: by 40 of each, two threads that compute had 1.013 and a thread
each 10 ms 1.010 (± 0.006 each), and plain \`python\` to itself 1.002 ± 0.008 and 0.993 ± 0.006.
A row of more processes than another was not decided by as many as that, and got as many again. CPython ${kept.python}.

${markdownTable(head, rows)}`;
}
