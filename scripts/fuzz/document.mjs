// docs/fuzz.md, made of what scripts/fuzz.mjs kept.
import { markdownTable } from '../testing/load-support.mjs';

const OUTCOMES = ['refused', 'said', 'whole', 'bug'];
const million = (value) => value.toLocaleString('en');
const most = (rows, key) => rows.reduce((max, row) => Math.max(max, row[key]), 0);

/** By kind of damage: how many inputs came to what. */
function sumsOf(rows) {
  const sums = new Map();
  for (const [kind, counts] of rows.flatMap((row) => Object.entries(row.counts))) {
    const sum = sums.get(kind) ?? Object.fromEntries(OUTCOMES.map((name) => [name, 0]));
    for (const name of OUTCOMES) sum[name] += counts[name];
    sums.set(kind, sum);
  }
  return sums;
}

/** A table of kinds and outcomes, for the document and the terminal. */
function tableOf(rows) {
  const sums = [...sumsOf(rows)].map(([kind, sum]) => [kind, OUTCOMES.map((name) => sum[name])]);
  const all = OUTCOMES.map((_, at) => sums.reduce((total, [, counts]) => total + counts[at], 0));
  const lines = [...sums, ['all', all]].map(([kind, counts]) => [
    kind,
    million(counts.reduce((total, count) => total + count, 0)),
    ...counts.map(million),
  ]);
  return markdownTable(['damage', 'inputs', 'refused', 'loss said', 'nothing said', 'bugs'], lines);
}

/** The whole page. `seeds`: what was damaged; `parts`: one of how many went on to profile, to everything; the format. */
export function documentOf(rows, randomSeed, seeds, parts) {
  const inputs = rows.reduce((sum, row) => sum + row.to - row.from, 0);
  return `# Damaged traces and profile files

Made by \`npm run fuzz -- --write\`: ${million(inputs)} inputs of seed ${randomSeed}, each a trace or a profile file of a real program with damage
done to it, read as the product reads it. Recorded in version ${parts.version} of the trace format.

Damaged were ${seeds.length} recordings: ${seeds.join(', ')}. \`test/fixtures/programs/small.py\` says what each program does; “without-gil” is a free-threaded build,
“bounded” a trace with a small size limit, trace-N is the kept profile of that version of the format.

Every input was read to its last event, and every event checked: holds of a GIL do not overlap, times do not run backwards, what is named exists. One of
${parts.profile} went on to the profile, its report and its invariants, one of ${parts.everything} also to the chart and every export. Every fourth was read as if the program
still ran; “changes between reads” has other damage at the second reading than at the first.

Each came to one of:

- **refused**: one error, in one line, that says what is wrong with which file and what to do;
- **loss said**: a profile that says what is missing, or that the trace contradicts itself;
- **nothing said**: a profile that says nothing of it, where the bytes mean nothing, or another sound trace came out. Cuts, damage to the headers of
  chunks and to whole profile files can only take away: for these, whatever came as far as a profile was compared with the profile of the sound
  file, and is equal;
- **bugs**: another exception, a number that is none, a difference that is not said, no end in 20 s, more than 512 MB of JavaScript heap or 1 GB of memory in all.

${tableOf(rows)}

The slowest input took ${(most(rows, 'slowestMs') / 1000).toFixed(2)} s on a busy machine; the largest memory of the whole process was
${Math.round(most(rows, 'peakRssBytes') / 2 ** 20)} MB.
`;
}
