// `npm run bench`: what GILscope costs, as ratios to plain python, and beside it the tools that a user would otherwise
// take (scripts/get-rivals.sh brings them). A program runs with plain python and under each tool at once, and they work in
// turns. What was measured is kept in build/bench/ until the probe changes: a run that was ended goes on where it was.
//   --rows computing,pipe   only rows whose name contains one of these     --pythons 3.12,static   these interpreters
//   --rounds N              default 5: runs beside plain python            --rivals N              runs of the others, 2
//   --seconds N             begin nothing after so long                    --again                 forget what was kept
//   --write                 also docs/benchmarks.md, of all that is kept
//   --server, --parts       only: reader and profile; where the time of a cycle goes
//   --recording             only: recording off and on within one process, in --rounds processes
import { benchDocument, cellsOf, head } from './bench/document.mjs';
import { measureCycleParts, whyNoCycleParts } from './bench/cycle-parts.mjs';
import { measureServer } from './bench/server-costs.mjs';
import { benchRows } from './bench/rows.mjs';
import { measureRow } from './bench/measure-row.mjs';
import { chooseSwitchedProbe, measureRecording } from './bench/recording-switch.mjs';
import { benchPython } from './bench/tools.mjs';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { Allowance, fingerprint, KeptResults, wordsOf } from './testing/kept-results.mjs';
import {
  loadSupport,
  selectAllPythons,
  selectPythons,
  writeDocument,
} from './testing/load-support.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const { values: options } = scriptOptions(
  {
    rows: { type: 'string', default: '' },
    pythons: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    rivals: { type: 'string', default: '2' },
    seconds: { type: 'string', default: 'Infinity' },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    server: { type: 'boolean', default: false },
    parts: { type: 'boolean', default: false },
    recording: { type: 'boolean', default: false },
  },
  { numbers: ['rounds', 'rivals', 'seconds'] },
);
const limits = { own: Number(options.rounds), rival: Number(options.rivals) };

/** The versions whose environments have the other tools, else the newest of each linkage. */
function chosenPythons() {
  const words = wordsOf(options.pythons);
  if (words.length > 0) return selectAllPythons(testPythons(), words);
  const all = selectPythons(testPythons(), []);
  const equipped = all.filter((python) => benchPython(python) !== python.path);
  if (equipped.length > 0) return equipped;
  return ['shared', 'static'].flatMap(
    (linkage) => all.findLast((python) => python.linkage === linkage) ?? [],
  );
}

async function cycleParts(python) {
  const missing = whyNoCycleParts();
  if (missing !== null) throw new Error(`The parts of a cycle cannot be measured: ${missing}.`);
  const interpreter = await support.inspect(benchPython(python));
  const values = await measureCycleParts(interpreter.executable, (command, folder, env) =>
    support.launchCommand(interpreter, command, folder, env),
  );
  console.log(values);
  return { ...values, python: `${python.version} ${python.linkage}` };
}

async function recordingOnAndOff(python) {
  const kept = results.load(recording);
  kept.python ??= `${python.version} ${python.linkage}`;
  const save = () => results.save(recording, kept);
  const asked = { rows: chosen, processes: limits.own, allowance };
  await measureRecording(support, benchPython(python), kept, asked, save);
}

process.chdir(root);
await buildAll();
const results = new KeptResults('bench', fingerprint(['dist/native/libgilscope.so']));
if (options.again) results.forget();
if (options.recording) chooseSwitchedProbe();
const support = await loadSupport('measured-run');
const allowance = new Allowance(Number(options.seconds));
const wanted = wordsOf(options.rows);
const chosen = benchRows.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
);
const pythons = chosenPythons();
const server = { version: 'server', linkage: 'any' };
const parts = { version: 'parts', linkage: 'any' };
if (options.server) {
  const values = results.load(server);
  await measureServer(values, (piece) => {
    console.log(piece);
    results.save(server, values);
  });
}
if (options.parts) results.save(parts, await cycleParts(pythons[0]));
const recording = { version: 'recording', linkage: 'any' };
if (options.recording) await recordingOnAndOff(pythons[0]);
const isPartOnly = options.server || options.parts || options.recording;
for (const python of isPartOnly ? [] : pythons) {
  const kept = { python, values: results.load(python) };
  console.log(`\nCPython ${python.version}, ${python.linkage}\n${head.join(' | ')}`);
  for (const row of chosen) {
    const save = () => results.save(python, kept.values);
    await measureRow(support, kept, row, limits, allowance, save);
    for (const cells of cellsOf(kept.values, row)) console.log(cells.join(' | '));
  }
}
if (options.write) {
  const kept = pythons.map((python) => ({ python, values: results.load(python) }));
  const text = benchDocument(
    kept,
    results.load(recording),
    results.load(parts),
    results.load(server),
  );
  await writeDocument('benchmarks.md', text);
}
