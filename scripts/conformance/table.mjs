// What `npm run conformance` found, as text.
import { markdownTable } from '../testing/load-support.mjs';
import { causeOf } from './causes.mjs';

const title = (python) => `${python.version} ${python.linkage}`;
const sum = (items, value) => items.reduce((total, item) => total + value(item), 0);

function totals({ done }) {
  return {
    cases: sum(done, ({ comparison }) => comparison.cases),
    skipped: sum(done, ({ comparison }) => comparison.skipped),
    unsteady: sum(done, ({ comparison }) => comparison.unsteady.length),
    different: sum(done, ({ comparison }) => comparison.different.length),
  };
}

/** For the terminal. */
export function summaryLine(row) {
  const { cases, skipped, unsteady, different } = totals(row);
  const parts = [
    `${row.name}: ${cases} cases`,
    skipped > 0 ? `${skipped} skipped` : '',
    unsteady > 0 ? `${unsteady} unsteady` : '',
    different > 0 ? `${different} DIFFERENT` : 'none different',
    row.done.length < row.wished ? `${row.wished - row.done.length} files not run` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

function cell(row) {
  if (row === undefined) return '–';
  if (row.done.length < row.wished) return 'not run';
  const { cases, unsteady, different } = totals(row);
  const notes = [unsteady > 0 ? `${unsteady}~` : '', different > 0 ? `**${different}≠**` : ''];
  return [String(cases), ...notes.filter(Boolean)].join(' ');
}

/** An interpreter with fewer of its files has no column: another of its version has run them. */
const COLUMN_SHARE = 1 / 4;

/** By title of the interpreter: what of its tests was run. */
function runByPython(table) {
  const pythons = new Map(table.map(({ python }) => [title(python), { done: [], wished: 0 }]));
  for (const row of table) {
    const entry = pythons.get(title(row.python));
    entry.wished++;
    if (row.done.length === row.wished) entry.done.push(row.name.replace(/^test_/, ''));
  }
  return [...pythons].map(([name, { done, wished }]) => ({ name, done, wished }));
}

const hasColumn = ({ done, wished }) => done.length >= wished * COLUMN_SHARE;

/** What has no column, in words. */
function besides(table) {
  const rest = runByPython(table).filter((python) => !hasColumn(python));
  if (rest.length === 0) return '';
  const told = rest.map(({ name, done }) => `${name} (${done.join(', ') || 'nothing'})`);
  return `\nOf the same versions by other builds only these were run: ${told.join('; ')}.\n`;
}

function matrix(table) {
  const pythons = runByPython(table)
    .filter(hasColumn)
    .map(({ name }) => name);
  const names = [...new Set(table.map(({ name }) => name))];
  const rows = names.map((name) => [
    name.replace(/^test_/, ''),
    ...pythons.map((python) =>
      cell(table.find((row) => row.name === name && title(row.python) === python)),
    ),
  ]);
  const recorded = (value) =>
    pythons.map((python) => {
      const runs = table
        .filter((row) => title(row.python) === python)
        .flatMap(({ done }) => done.flatMap(({ probedRuns }) => probedRuns.slice(0, 1)));
      return sum(runs, value).toLocaleString('en');
    });
  return markdownTable(
    ['', ...pythons],
    [
      ...rows,
      ['Processes recorded', ...recorded((run) => run.recordedProcesses)],
      ['GIL acquisitions recorded', ...recorded((run) => run.recordedAcquisitions)],
    ],
  );
}

/** Cases of a kind, the same one of several interpreters in one line. */
function list(table, kind) {
  const lines = new Map();
  for (const row of table) {
    for (const one of row.done.flatMap(({ comparison }) => comparison[kind])) {
      const text = `${one.id}: ${outcomes(one.plain)} without, ${outcomes(one.probed)} under the probe`;
      const known = lines.get(`${row.name} ${text}`);
      if (known) known.pythons.push(title(row.python));
      else lines.set(`${row.name} ${text}`, { row, one, text, pythons: [title(row.python)] });
    }
  }
  return [...lines.values()];
}

/** `passed, failure` for two runs; `passed` where all are equal. */
function outcomes(runs) {
  return new Set(runs).size === 1 ? runs[0] : runs.join(', ');
}

function listText(lines, withCause) {
  if (lines.length === 0) return 'None.';
  return lines
    .map(({ row, one, text, pythons }) => {
      const cause = withCause ? ` ${causeOf(row.name, one.id) ?? 'Cause unknown.'}` : '';
      return `- ${row.name}, ${pythons.join(', ')}: \`${text}\`.${cause}`;
    })
    .join('\n');
}

/** docs/conformance.md, and the differences without a known cause. */
export function documentOf(table) {
  const different = list(table, 'different');
  const unexplained = different
    .filter(({ row, one }) => causeOf(row.name, one.id) === null)
    .map(({ row, text, pythons }) => `${row.name}, ${pythons.join(', ')}: ${text}`);
  const cases = sum(table, (row) => totals(row).cases);
  const skipped = sum(table, (row) => totals(row).skipped);
  const text = `# The same results with GILscope and without

Made by \`npm run conformance -- --write\`.

CPython's own tests, and those of packages that lean on threads, run without the probe and under it, as \`gilscope run\`
starts them: \`python -m test --junit-xml=… NAME\` and \`python -m pytest\`. Compared is what each single case came to, how
the run ended, and what regrtest says of it, such as that a test changed its environment. Where the first two runs differ, each
side runs up to three times.

${cases.toLocaleString('en')} cases, of which ${skipped.toLocaleString('en')} skip themselves on both sides; ${different.length === 0 ? 'none' : String(different.length)} different.

Numbers are cases, and one for each test file as a whole. \`2~\`: two of them are not steady by themselves, listed below. \`2≠\`: two are different. \`–\`: not in that
version, or not shipped with it. “Not run”: not yet, on the machine that made this table; nothing is known of it. Up to CPython 3.12
\`ThreadedVSOCKSocketStreamTest\` of test_socket is left out on both sides: it waits for ever, with the probe and without, on
a machine that has vsock but does not reach itself by it.

${matrix(table)}
${besides(table)}
## Different

${listText(different, true)}

## Unsteady

These came to different things from run to run, to the same ones on both sides.

${listText(list(table, 'unsteady'), false)}
`;
  return { text, unexplained };
}
