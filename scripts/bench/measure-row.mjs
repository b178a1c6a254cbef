// One program of the benchmark under every tool that can run it.
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { root } from '../testing/bundle.mjs';
import { median } from '../testing/kept-results.mjs';
import { takeTurns } from './paced-programs.mjs';
import { measureRun, withOutput } from './run-tool.mjs';
import { benchPython, controlTool, hasModule, ownTool, rivalTools } from './tools.mjs';

/** Of a program in one run. */
export const TURNS = { count: 100, seconds: 0.04 };
const programs = join(root, 'test', 'fixtures', 'bench');
const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
/** The program of a row with its arguments. */
export const commandOf = (row) => [join(programs, row.program), ...row.args.map(String)];
const isPaced = (row) => !row.server && !row.whole;

/** The tools that run on a row, each with how often. */
function contestants(executable, row, limits) {
  const rivals = rivalTools.filter((tool) => tool.missing(executable) === null);
  return [
    { tool: ownTool, limit: limits.own },
    ...(isPaced(row) ? [{ tool: controlTool, limit: limits.own }] : []),
    ...rivals.map((tool) => ({ tool, limit: limits.rival })),
  ];
}

/** What stands in the way of a row, or null. */
function whyNot(python, executable, { needs, sinceMinor = 0 }) {
  if (Number(python.minor.split('.')[1]) < sinceMinor) return `needs CPython 3.${sinceMinor}`;
  return needs && !hasModule(executable, needs) ? `${needs} is not installed` : null;
}

/**
 * Adds to `kept` until every tool has its runs. `save` is called after each piece.
 * support: of test/support/measured-run.ts; limits: {own, rival}
 */
export async function measureRow(support, { python, values }, row, limits, allowance, save) {
  const executable = benchPython(python);
  const missing = whyNot(python, executable, row);
  if (missing !== null) {
    values[row.name] = { missing };
    return;
  }
  // What an earlier state of the benchmark could not run is no result.
  if (values[row.name]?.missing !== undefined) values[row.name] = {};
  const done = (values[row.name] ??= {});
  const all = contestants(executable, row, limits);
  const work = { support, executable, row };
  for (let round = 0; round < Math.max(limits.own, limits.rival); round += 1) {
    // One that failed on a row will fail again.
    const due = all.filter(({ tool, limit }) => {
      const runs = (done[tool.name] ??= []);
      return round < limit && Array.isArray(runs) && runs.length <= round;
    });
    if (due.length === 0) continue;
    const tools = due.map(({ tool }) => tool);
    for (const group of isPaced(row) ? [tools] : tools.map((tool) => [tool])) {
      if (allowance.isSpent) return;
      const measured = isPaced(row)
        ? await measureTurns(work, group)
        : await measurePair(work, group[0], round);
      for (const [name, run] of measured) {
        if (run.failed === undefined) done[name].push({ ...run, load: loadavg()[0] });
        else if (name === ownTool.name) throw new Error(`${row.name}: ${run.failed}`);
        else done[name] = { failed: run.failed.slice(0, 400) };
      }
      save();
    }
  }
}

/** All tools and plain python in turns: {ratio, plain, tool} of each, of the times of the same round of turns. */
async function measureTurns({ support, executable, row }, tools) {
  return await withOutput(async (out) => {
    const plain = { name: 'plain', command: [executable, ...commandOf(row)], env: environment };
    const others = [];
    for (const [index, tool] of tools.entries())
      others.push({
        name: tool.name,
        ...(await startOf(tool, support, executable, row, `${out}-${index}`)),
      });
    const ran = await takeTurns([plain, ...others], row.turns ?? TURNS);
    const base = ran.get(plain.name);
    if (base.failed !== undefined) throw new Error(`${row.name}, plain: ${base.failed}`);
    const result = new Map();
    for (const { name, runFolder } of others) {
      const { turns, failed, ended } = ran.get(name);
      if (failed !== undefined) result.set(name, { failed });
      else if (runFolder !== undefined && ended?.code !== 0)
        result.set(name, { failed: 'it did not end as it should' });
      else
        result.set(name, {
          ...compare(baselineFor(name, base, ran.get(controlTool.name)), turns),
          ...(runFolder === undefined
            ? {}
            : { own: ownFacts(support.readMeasured(runFolder, ended)) }),
        });
    }
    return result;
  });
}

async function startOf(tool, support, executable, row, out) {
  if (tool.name === controlTool.name)
    return { command: [executable, ...commandOf(row)], env: environment };
  if (tool.name !== ownTool.name)
    return { command: tool.command(executable, commandOf(row), out), env: environment };
  mkdirSync(out);
  const interpreter = await support.inspect(executable);
  return {
    ...support.launchCommand(interpreter, commandOf(row), out, environment),
    runFolder: out,
  };
}

const ownFacts = ({ cycles, streamBytes, profile }) => ({
  ...{ cycles, streamBytes },
  overhead: profile?.overhead,
});

const sumOf = (turns, key) => turns.reduce((sum, turn) => sum + turn[key], 0);
const sayOf = (turns) => ({
  median: median(turns.map(({ ns }) => ns)),
  cpu: sumOf(turns, 'cpu') / turns.length,
});

/** The turns of a tool's plain processes: of both where both ran, since one may be lucky with its memory. */
function baselineFor(name, plain, again) {
  if (name === controlTool.name || again === undefined || again.failed !== undefined)
    return plain.turns;
  return plain.turns.map((turn, at) => meanTurn(turn, again.turns[at]));
}

const meanTurn = (one, other) => ({
  ns: Math.sqrt(one.ns * other.ns),
  cpu: Math.sqrt(one.cpu * other.cpu),
});

function compare(plain, tool) {
  const ratio = median(tool.map(({ ns }, turn) => ns / plain[turn].ns));
  return { ratio, plain: sayOf(plain), tool: sayOf(tool) };
}

/** A run of the tool with one of plain python before or after it, in turn. */
async function measurePair({ support, executable, row }, tool, number) {
  const runs = {
    plain: () =>
      measureRun(row, executable, (heard) => run([executable, ...commandOf(row)], heard)),
    tool: () => measureRun(row, executable, (heard) => runUnder(tool, heard)),
  };
  const run = async (command, onOutput) => ({
    ended: await support.runProcess(command[0], command.slice(1), { env: environment, onOutput }),
  });
  const runUnder = async (given, onOutput) => {
    if (given.name === ownTool.name && !row.whole) {
      const interpreter = await support.inspect(executable);
      const [program, ...args] = commandOf(row);
      const done = await support.runProbed(interpreter, program, args, {
        env: environment,
        onOutput,
      });
      return { ended: done.ended, own: ownFacts(done) };
    }
    return await withOutput((out) => run(given.command(executable, commandOf(row), out), onOutput));
  };
  const done = {};
  try {
    for (const kind of number % 2 === 0 ? ['plain', 'tool'] : ['tool', 'plain'])
      done[kind] = await runs[kind]();
  } catch (error) {
    return new Map([[tool.name, { failed: error.message }]]);
  }
  const { times, own } = done.tool;
  return new Map([[tool.name, { plain: done.plain.times, tool: times, own }]]);
}
