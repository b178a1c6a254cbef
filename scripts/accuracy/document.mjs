// docs/accuracy.md, made of kept results.
import { cpus } from 'node:os';
import { loadLine, median, quantile } from '../testing/kept-results.mjs';
import { markdownTable } from '../testing/load-support.mjs';

/** Goals, as shares; and what an acquisition's two stamps may lie apart, ns. */
const GOAL = 0.005;
const GOAL_WHERE_OFTEN = 0.01;
const OFTEN_PER_SECOND = 100_000;
const STAMPS_NS = 100;

export const eventHead = [
  'program',
  'threads',
  'acquisitions',
  'per second',
  'counts',
  'wait ms',
  'wait',
  'hold ms',
  'hold',
  'ns each, wait / hold',
  'two recorders, ns each',
];

const percent = (share, digits = 2) => `${(100 * share).toFixed(digits)} %`;
const signed = (ns) => `${ns > 0 ? '+' : ''}${ns.toFixed(0)}`;
const milliseconds = (ns) => (ns < 1e7 ? (ns / 1e6).toFixed(2) : (ns / 1e6).toFixed(0));

/** The runs of one kind of program, put together: medians. */
function summarise(runs) {
  const of = (value) => median(runs.map(value));
  return {
    runs: runs.length,
    threads: of((run) => run.threads),
    acquires: of((run) => run.acquires),
    perSecond: of((run) => run.perSecond),
    wrong: runs.reduce((sum, run) => sum + run.wrongCounts.length, 0),
    forcedCompared: runs.every((run) => run.forcedCompared),
    wait: timesOf(runs, 'wait'),
    hold: timesOf(runs, 'hold'),
    limit: of((run) => run.perSecond) > OFTEN_PER_SECOND ? GOAL_WHERE_OFTEN : GOAL,
  };
}

function timesOf(runs, name) {
  const share = (run) => run[`${name}GapNs`] / Math.max(run[`${name}Ns`], 1);
  return {
    ns: median(runs.map((run) => run[`${name}Ns`])),
    share: median(runs.map(share)),
    nsEach: median(runs.map((run) => run[`${name}GapNs`] / Math.max(run.acquires, 1))),
  };
}

/** '✓' within the goal, '≈' only the distance of two stamps, '✗' more. */
function verdict({ share, nsEach }, limit) {
  if (Math.abs(share) <= limit) return '✓';
  return Math.abs(nsEach) <= STAMPS_NS ? '≈' : '✗';
}

const timeCell = (times, limit) => `${percent(times.share)} ${verdict(times, limit)}`;

/** A row of the table; null without runs. */
export function cellsOf(values, kind) {
  const runs = values[kind.name] ?? [];
  if (runs.length === 0) return null;
  const row = summarise(runs);
  const control = values[`control ${kind.name}`] ?? [];
  const each = ({ wait, hold }) => `${signed(wait.nsEach)} / ${signed(hold.nsEach)}`;
  return [
    kind.name,
    row.threads.toFixed(0),
    row.acquires.toFixed(0),
    row.perSecond.toFixed(0),
    `${row.wrong === 0 ? 'equal' : `${row.wrong} differ`}${row.forcedCompared ? '' : ' *'}`,
    milliseconds(row.wait.ns),
    timeCell(row.wait, row.limit),
    milliseconds(row.hold.ns),
    timeCell(row.hold, row.limit),
    each(row),
    control.length === 0 ? '–' : each(summarise(control)),
  ];
}

/** Over all interpreters, one row for each kind of program. */
function overview(kept, kinds) {
  const head = ['program', 'runs', 'counts', 'wait', 'hold', 'largest wait', 'largest hold'];
  const rows = kinds.flatMap((kind) => {
    const all = kept
      .map(({ values }) => values[kind.name] ?? [])
      .filter((runs) => runs.length > 0)
      .map(summarise);
    if (all.length === 0) return [];
    const runs = all.reduce((sum, row) => sum + row.runs, 0);
    const wrong = all.reduce((sum, row) => sum + row.wrong, 0);
    const largest = (name) =>
      all.reduce((worst, row) =>
        Math.abs(row[name].share) > Math.abs(worst[name].share) ? row : worst,
      );
    const middle = (name) => percent(median(all.map((row) => Math.abs(row[name].share))));
    const worst = (name) => timeCell(largest(name)[name], largest(name).limit);
    return [
      [
        kind.name,
        String(runs),
        wrong === 0 ? 'equal' : `${wrong} differ`,
        middle('wait'),
        middle('hold'),
        worst('wait'),
        worst('hold'),
      ],
    ];
  });
  return markdownTable(head, rows);
}

function totals(kept, kinds) {
  const runs = kept.flatMap(({ values }) => kinds.flatMap((kind) => values[kind.name] ?? []));
  const sum = (value) => runs.reduce((total, run) => total + value(run), 0);
  const times = marksOf(kept, kinds, (name) => name);
  const control = marksOf(kept, kinds, (name) => `control ${name}`);
  return [
    `${runs.length} runs on ${kept.length} interpreters, ${sum((run) => run.threads)} threads,`,
    `${sum((run) => run.acquires)} acquisitions, ${sum((run) => (run.forcedCompared ? run.forced : 0))} forced releases:`,
    `**${sum((run) => run.wrongCounts.length)} counts differ.** Of ${times.all} times, ${times.met} are within the goal,`,
    `${times.stamps} differ by no more than the distance of two stamps, ${times.more} by more. The same comparison of two`,
    `independent recorders, without GILscope: of ${control.all} times, ${control.met}, ${control.stamps} and ${control.more}.`,
  ].join('\n');
}

/** How many times are within the goal, differ by two stamps, and by more. */
function marksOf(kept, kinds, keyOf) {
  const marks = kept.flatMap(({ values }) =>
    kinds
      .map((kind) => values[keyOf(kind.name)] ?? [])
      .filter((runs) => runs.length > 0)
      .map(summarise)
      .flatMap((row) => [verdict(row.wait, row.limit), verdict(row.hold, row.limit)]),
  );
  const count = (mark) => marks.filter((each) => each === mark).length;
  return { all: marks.length, met: count('✓'), stamps: count('≈'), more: count('✗') };
}

function sharesTable(kept, shares) {
  const head = [
    'CPython',
    'true share',
    'measured',
    'error',
    'standard error',
    'error / standard error',
    'samples',
  ];
  const rows = kept.flatMap(({ python, values }) =>
    shares.flatMap((share) =>
      (values[`shares ${share}`] ?? []).map((run) => {
        const error = run.measured - run.truth;
        return [
          `${python.version} ${python.linkage}`,
          percent(run.truth, 1),
          percent(run.measured, 1),
          percent(error, 1),
          percent(run.standardError, 1),
          (error / run.standardError).toFixed(2),
          String(run.samples),
        ];
      }),
    ),
  );
  return { table: markdownTable(head, rows), ratios: rows.map((row) => Number(row[5])) };
}

function sharesText(kept, shares) {
  const { table, ratios } = sharesTable(kept, shares);
  if (ratios.length === 0) return 'Not measured.';
  const rms = Math.sqrt(ratios.reduce((sum, ratio) => sum + ratio * ratio, 0) / ratios.length);
  const within = ratios.filter((ratio) => Math.abs(ratio) <= 2).length;
  return `Over these ${ratios.length} runs the error is ${rms.toFixed(2)} standard errors (root mean square; theory: about 1.00), ${percent(within / ratios.length, 0)} of them are within two (theory: 95 %), the median
is ${median(ratios).toFixed(2)} (theory: 0), the largest ${quantile(ratios.map(Math.abs), 1).toFixed(2)}. More than theory
has it means that the samples were not independent: on a busy machine the sampler has to wait for a core now and then, and the next sample
stands for all that time. How many samples a line has stands in the profile.

${table}`;
}

const intro = `# How exact GILscope is

Made by \`npm run accuracy -- --write\` on ${cpus()[0]?.model.trim() ?? 'an unknown machine'}, ${cpus().length} cores, Linux.

Each program runs with two recorders in the same process: GILscope's probe, and an independent one
(\`test/recorder/gil_recorder.c\`) that is preloaded, knows nothing of the probe, uses another clock
(\`clock_gettime\`) and another way to tell forced releases. “Counts” are acquisitions, contended acquisitions and forced
releases of every single thread, in every run (\`*\`: in a stripped executable up to CPython 3.12 the recorder can
tell forced releases only by their timing; there they are not compared). “Wait” and “hold” are the differences of the totals over all
threads, as a share of what the recorder has; “ns each” is the same for one acquisition. All are medians of the runs.

Goals: counts equal; times within 0.5 %, or 1 % where one thread acquires more than 100,000 times a second.
✓ within the goal. ≈ more than that, but no more than ${STAMPS_NS} ns an acquisition: where a program's waits are nothing but the way
through a free lock, they are a few tens of nanoseconds long, as long as the way from one recorder's stamp to the other's. ✗ more.`;

const causes = `## Where the times differ

Not one of the differences is a lost or an invented interval: the counts would show that. What is left:

- **Two stamps of one call.** An acquisition is stamped by both recorders within the same call, one after the
  other: the recorder stands outside or inside of the probe's hook, and between the two stamps lies the other's own work, a
  reading of the clock and a look-up. That makes some tens of nanoseconds an acquisition, in the wait with one sign and in
  the hold with the other. The last column is the same comparison without GILscope: two copies of the independent recorder, one beside the other.
- **A thread that loses its CPU between the two stamps.** Then the whole time until it runs again lies between them: some milliseconds, now and then,
  as much more often as other programs are at work on the machine. It makes the outliers, with either sign, above all in programs
  that do nothing but acquire: there the two stamps are a large part of all that the program does. A single such moment in a pipe loop, whose waits are
  10 ms in all, is a difference of a hundred percent. The control, two recorders without GILscope, has the same outliers in the same programs.
- **Two clocks.** The probe reads the processor's counter and puts it against \`CLOCK_MONOTONIC\` at the start and at the end. The rate is fixed by
  the first readings; the kernel slews its own clock meanwhile. Parts in a million.`;

function allRuns(kept) {
  return kept.flatMap(({ values }) => Object.values(values).flat());
}

/** The whole document. */
export function accuracyDocument(kept, kinds, shares) {
  const measured = kept.filter(({ values }) => Object.keys(values).length > 0);
  const sections = measured.map(({ python, values }) => {
    const rows = kinds.map((kind) => cellsOf(values, kind)).filter((cells) => cells !== null);
    return `### CPython ${python.version}, ${python.linkage}\n\n${markdownTable(eventHead, rows)}`;
  });
  const missing = kept.filter((each) => !measured.includes(each));
  const left = missing.map(({ python }) => `${python.version} ${python.linkage}`).join(', ');
  return `${intro}

${totals(measured, kinds)}

${loadLine(allRuns(measured), cpus().length)}${left === '' ? '' : `\nNot measured: ${left}.`}

## By kind of program

Medians over the interpreters, and the interpreter that differs most.

${overview(measured, kinds)}

${causes}

## Shares of two lines

Long holds are split over the lines that ran inside them by sampling. The true share is the program's own, by the CPU
clock of its thread; the standard error is what theory gives for that many independent samples, √(p(1−p)/n).

${sharesText(measured, shares)}

## By interpreter

${sections.join('\n\n')}
`;
}
