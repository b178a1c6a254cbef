// `npm run bench`: what GILscope costs, as ratios to plain python, and beside it the tools that a user would otherwise
// take (scripts/get-rivals.sh brings them). Every run of a tool has one of plain python next to it. What was measured is
// kept in build/bench/ until the probe changes: a run that was ended goes on where it was.
//   --rows computing,pipe   only rows whose name contains one of these     --pythons 3.12,static   these interpreters
//   --rounds N              default 9: pairs with plain python             --rivals N              pairs of the others, 3
//   --seconds N             begin nothing after so long                    --again                 forget what was kept
//   --write                 also docs/benchmarks.md, of all that is kept
//   --server, --parts       only: reader and profile; where the time of a cycle goes
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchDocument, cellsOf, head } from './bench/document.mjs';
import { measureCycleParts, whyNoCycleParts } from './bench/cycle-parts.mjs';
import { measureServer } from './bench/server-costs.mjs';
import { benchRows } from './bench/rows.mjs';
import { measureRun, withOutput } from './bench/run-tool.mjs';
import { benchPython, hasModule, ownTool, rivalTools } from './bench/tools.mjs';
import { buildAll } from './build.mjs';
import { testPythons } from './pythons.mjs';
import { root } from './testing/bundle.mjs';
import { Allowance, fingerprint, KeptResults, wordsOf } from './testing/kept-results.mjs';
import { loadSupport, selectPythons, writeDocument } from './testing/load-support.mjs';

const programs = join(root, 'test', 'fixtures', 'bench');
const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    pythons: { type: 'string', default: '' },
    rounds: { type: 'string', default: '9' },
    rivals: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    server: { type: 'boolean', default: false },
    parts: { type: 'boolean', default: false },
  },
});
const limits = { own: Number(options.rounds), rival: Number(options.rivals) };
const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

/** The versions whose environments have the other tools, else the newest of each linkage. */
function chosenPythons() {
  const all = selectPythons(testPythons(), wordsOf(options.pythons));
  if (options.pythons) return all;
  const equipped = all.filter((python) => benchPython(python) !== python.path);
  if (equipped.length > 0) return equipped;
  return ['shared', 'static'].flatMap(
    (linkage) => all.findLast((python) => python.linkage === linkage) ?? [],
  );
}

/** How to start each tool on a row: plain python first, then GILscope, then the others that can run here. */
function contestants(support, python, row) {
  const executable = benchPython(python);
  const command = [join(programs, row.program), ...row.args.map(String)];
  const started = async (given, onOutput) => ({
    ended: await support.runProcess(given[0], given.slice(1), { env: environment, onOutput }),
  });
  const rivals = rivalTools
    .filter((tool) => tool.missing(executable) === null)
    .map((tool) => ({
      name: tool.name,
      limit: limits.rival,
      run: (onOutput) =>
        withOutput((out) => started(tool.command(executable, command, out), onOutput)),
    }));
  const probed = async (onOutput) => {
    const interpreter = await support.inspect(executable);
    const [program, ...args] = command;
    const done = await support.runProbed(interpreter, program, args, {
      env: environment,
      onOutput,
    });
    const { cycles, streamBytes, profile } = done;
    return { ended: done.ended, own: { cycles, streamBytes, overhead: profile?.overhead } };
  };
  const wholeCommand = (onOutput) =>
    withOutput((out) => {
      const cli = [join(root, 'dist/cli.js'), 'run', '--quiet', '--python', executable];
      return started([process.execPath, ...cli, '--out', out, '--', ...command], onOutput);
    });
  return {
    plain: (onOutput) => started([executable, ...command], onOutput),
    tools: [
      { name: ownTool.name, limit: limits.own, run: row.whole ? wholeCommand : probed },
      ...rivals,
    ],
  };
}

/** A run of the tool with one of plain python before or after it, in turn. */
async function measurePair(row, executable, plain, tool, number) {
  const runs = { plain: () => measureRun(row, executable, plain) };
  runs.tool = () => measureRun(row, executable, tool.run);
  const done = {};
  for (const kind of number % 2 === 0 ? ['plain', 'tool'] : ['tool', 'plain'])
    done[kind] = await runs[kind]();
  return {
    plain: done.plain.times,
    tool: done.tool.times,
    own: done.tool.own,
    load: loadavg()[0],
  };
}

async function measureRow(support, kept, row, allowance) {
  const executable = benchPython(kept.python);
  if (row.needs && !hasModule(executable, row.needs)) {
    kept.values[row.name] = { missing: `${row.needs} is not installed` };
    return;
  }
  const { plain, tools } = contestants(support, kept.python, row);
  const pairs = (kept.values[row.name] ??= {});
  for (let round = 0; round < Math.max(limits.own, limits.rival); round += 1) {
    for (const tool of tools.filter(({ limit }) => round < limit)) {
      const done = (pairs[tool.name] ??= []);
      // One that failed on a row will fail again.
      if (!Array.isArray(done) || done.length > round) continue;
      if (allowance.isSpent) return;
      try {
        done.push(await measurePair(row, executable, plain, tool, round));
      } catch (error) {
        if (tool.name === ownTool.name) throw error;
        pairs[tool.name] = { failed: error.message.slice(0, 400) };
      }
      results.save(kept.python, kept.values);
    }
  }
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

process.chdir(root);
await buildAll();
const results = new KeptResults('bench', fingerprint(['dist/native/libgilscope.so']));
if (options.again) results.forget();
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
for (const python of options.server || options.parts ? [] : pythons) {
  const kept = { python, values: results.load(python) };
  console.log(`\nCPython ${python.version}, ${python.linkage}\n${head.join(' | ')}`);
  for (const row of chosen) {
    await measureRow(support, kept, row, allowance);
    for (const cells of cellsOf(kept.values, row)) console.log(cells.join(' | '));
  }
}
if (options.write) {
  const kept = pythons.map((python) => ({ python, values: results.load(python) }));
  const text = benchDocument(kept, results.load(parts), results.load(server));
  await writeDocument('benchmarks.md', text);
}
