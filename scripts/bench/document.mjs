// docs/benchmarks.md, made of kept results.
import { cpus } from 'node:os';
import { loadLine, median, quantile } from '../testing/kept-results.mjs';
import { markdownTable } from '../testing/load-support.mjs';
import { medianInterval } from '../testing/median-interval.mjs';
import { TURNS } from './measure-row.mjs';
import { benchRows } from './rows.mjs';
import { recordingSection } from './recording-switch.mjs';
import { partsSection, serverSection } from './server-document.mjs';
import { benchPython, controlTool, findWrk, ownTool, rivalTools } from './tools.mjs';

const BYTES_GOAL = 16;

export const head = ['program', 'tool', 'plain', 'ratio', 'quartiles', 'of CPU', 'runs'];

/** Ratios of one tool on one row; null where it did not run. */
function ratiosOf(values, row, name) {
  const pairs = values[row.name]?.[name];
  if (!Array.isArray(pairs) || pairs.length === 0) return null;
  const ratios = pairs.map(({ ratio, plain, tool }) => ratio ?? tool.median / plain.median);
  return {
    pairs: pairs.length,
    plainNs: median(pairs.map(({ plain }) => plain.median)),
    ratio: median(ratios),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    sure: medianInterval(ratios),
    ofCpu: median(pairs.map(({ plain, tool }) => tool.cpu / plain.cpu)),
    addedNs: median(pairs.map(({ plain }, index) => plain.median * (ratios[index] - 1))),
    own: pairs.map(({ own }) => own).filter((own) => own !== undefined),
  };
}

const time = (ns) => {
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toFixed(1)} µs` : `${(ns / 1e6).toFixed(0)} ms`;
};
/** Servers and whole runs do not say it. */
const cpuText = (ratio) => (Number.isNaN(ratio) ? '–' : ratioText(ratio));
const ratioText = (ratio) => (ratio < 10 ? ratio.toFixed(3) : ratio.toFixed(1));

/** Rows for the terminal: one for each tool. */
export function cellsOf(values, row) {
  return [ownTool, controlTool, ...rivalTools].flatMap(({ name }) => {
    const found = ratiosOf(values, row, name);
    if (found === null) return [];
    const { plainNs, ratio, ofCpu, pairs } = found;
    const told = [time(plainNs), ratioText(ratio), rangeText(found), cpuText(ofCpu)];
    return [[row.name, name, ...told, String(pairs)]];
  });
}

/** Only what the runs are enough to say. */
function verdict(sure, goal) {
  if (sure === null) return '?';
  if (sure.high <= goal) return '✓';
  return sure.low > goal ? '✗' : '?';
}

const rangeText = ({ low, high }) => `${ratioText(low)} … ${ratioText(high)}`;

function ownTable(values) {
  const columns = [
    'program',
    'runs',
    'plain',
    'ratio',
    'quartiles',
    'median, 90 % sure',
    'plain again',
    'of CPU time',
    'added',
    'goal',
    'cycles',
    'bytes a cycle',
    'own ns a cycle',
  ];
  const rows = benchRows.flatMap((row) => {
    const found = ratiosOf(values, row, ownTool.name);
    if (found === null) {
      const missing = values[row.name]?.missing;
      return missing === undefined
        ? []
        : [[row.name, `not run: ${missing}`, ...Array(columns.length - 2).fill('')]];
    }
    const { pairs, plainNs, ratio, sure, ofCpu, addedNs, own } = found;
    const control = ratiosOf(values, row, controlTool.name);
    const goal = row.goal === undefined ? '' : `≤ ${row.goal} ${verdict(sure, row.goal)}`;
    const cycles = own.length === 0 ? 0 : median(own.map((each) => each.cycles));
    const bytes =
      own.length === 0 ? 0 : median(own.map((each) => each.streamBytes / Math.max(each.cycles, 1)));
    const cycleNs = own.length === 0 ? 0 : median(own.map((each) => each.overhead?.cycleNs ?? 0));
    return [
      [
        row.name,
        String(pairs),
        `${time(plainNs)} a ${row.unit}`,
        ratioText(ratio),
        rangeText(found),
        sure === null ? '–' : rangeText(sure),
        control === null ? '–' : rangeText(control),
        cpuText(ofCpu),
        `${time(Math.max(addedNs, 0))}`,
        goal,
        cycles === 0 ? '–' : cycles.toFixed(0),
        // In a run of few cycles the stacks' definitions are all there is.
        cycles < 10_000 ? '–' : bytes.toFixed(1),
        cycleNs === 0 ? '–' : cycleNs.toFixed(0),
      ],
    ];
  });
  return markdownTable(columns, rows);
}

function bytesLine(values) {
  const runs = benchRows.flatMap(
    (row) => ratiosOf(values, row, ownTool.name)?.own.slice(0, 1) ?? [],
  );
  const cycles = runs.reduce((sum, { cycles: count }) => sum + count, 0);
  if (cycles === 0) return '';
  const bytes = runs.reduce((sum, { streamBytes }) => sum + streamBytes, 0) / cycles;
  return `\nTrace: ${bytes.toFixed(1)} bytes a cycle over all these programs, stacks and code included (goal: at most ${BYTES_GOAL}) ${bytes <= BYTES_GOAL ? '✓' : '✗'}.`;
}

function rivalsTable(python, values) {
  const executable = benchPython(python);
  const tools = rivalTools.filter((tool) => tool.missing(executable) === null);
  if (tools.length === 0) return '';
  const names = [ownTool.name, ...tools.map(({ name }) => name)];
  const rows = benchRows
    .filter((row) => ratiosOf(values, row, ownTool.name) !== null)
    .map((row) => [
      row.name,
      ...names.map((name) => {
        const found = ratiosOf(values, row, name);
        if (found !== null) return ratioText(found.ratio);
        return values[row.name]?.[name]?.failed === undefined ? '–' : 'failed';
      }),
    ]);
  const missing = rivalTools
    .filter((tool) => !tools.includes(tool))
    .map((tool) => `${tool.name}: ${tool.missing(executable)}.`);
  return `\n\n### Beside other tools\n\n${markdownTable(['program', ...names], rows)}\n\n${[...failures(values), ...missing.map((line) => `Not run here: ${line}`)].map((line) => `- ${line}`).join('\n')}`;
}

function failures(values) {
  return benchRows.flatMap((row) =>
    rivalTools.flatMap(({ name }) => {
      const failed = values[row.name]?.[name]?.failed;
      return failed === undefined ? [] : [`${name} on “${row.name}”: ${oneLine(failed)}`];
    }),
  );
}

function oneLine(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return [lines[0], lines.length > 1 ? lines.at(-1) : '']
    .join(' ')
    .replaceAll(/[^ ]*\/[^ ]*/g, '…')
    .slice(0, 200);
}

function toolsTable() {
  const columns = ['tool', 'waits for the GIL', 'lines', 'exact events', 'what it records'];
  const rows = [ownTool, ...rivalTools].map((tool) => [
    tool.name,
    tool.waits,
    tool.lines,
    tool.exact,
    tool.records,
  ]);
  return markdownTable(columns, rows);
}

function intro() {
  const wrk = findWrk();
  const load = wrk
    ? 'wrk (one thread, eight connections)'
    : 'an own generator in Python (eight connections)';
  return `# What GILscope costs

Made by \`npm run bench -- --write\` on ${cpus()[0]?.model.trim() ?? 'an unknown machine'}, ${cpus().length} cores, Linux.

A program runs with plain \`python\`, with plain \`python\` once more, and under each tool, all at the same time; they work in turns of 40 ms in random order, and
who has no turn is stopped. A run has ${TURNS.count} turns; of programs that only compute 12 of 0.4 s, since what a stop leaves cold would cost them more
than GILscope does. Its ratio is the median over its turns, of the tool's time for a unit of work and the (geometric) mean of plain python's
two in the same round. Told are the median and the quartiles over runs. “Plain again” is the second plain \`python\` over the first: two processes of the same program differ by
this much, mostly by where their memory lies. “Of CPU time” is the ratio of the processor time of the whole process, GILscope's own thread included.
Servers and whole commands cannot work in turns: each of their runs has one of plain \`python\` next to it. Only the last row is the whole command,
from start to the kept profile. GILscope records full stacks in all rows. Servers are under load by ${load} on the same cores. “Added” is for
one unit of work; “median, 90 % sure” is where the true median lies with that confidence, by the
ranks of five runs or more; a goal is met ✓ or missed ✗ where all of that lies on one side of it, else marked ?; “own ns a cycle” is what the probe says of itself in its profile (\`overhead\`), by clocks within its own hooks.

${toolsTable()}`;
}

function allPairs(values) {
  return Object.values(values).flatMap((tools) => Object.values(tools).flat());
}

/** The whole document. */
export function benchDocument(kept, recording, parts, server) {
  const sections = kept
    .filter(({ values }) => Object.keys(values).length > 0)
    .map(
      ({ python, values }) =>
        `## CPython ${python.version}, ${python.linkage}\n\n${loadLine(allPairs(values), cpus().length)}\n\n${ownTable(values)}\n${bytesLine(values)}${rivalsTable(python, values)}`,
    );
  const more = [recordingSection(recording), partsSection(parts), serverSection(server)];
  return `${[intro(), ...sections, ...more].filter(Boolean).join('\n\n')}\n`;
}
