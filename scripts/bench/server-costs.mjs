// What a finished run costs the server: time to the profile, and memory by the number of events.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { benchReader } from '../bench-reader.mjs';
import { findPythons } from '../pythons.mjs';
import { root } from '../testing/bundle.mjs';
import { bundleSupport, loadSupport } from '../testing/load-support.mjs';
import { writeSyntheticRun } from './synthetic-trace.mjs';

const EVENTS_PER_CYCLE = 3;
const MILLION = 1_000_000;

/** In a process of its own, as its memory is that of the whole process. */
function readFinished(script, folder, chart) {
  const args = [script, folder, String(chart), join(root, 'dist/profile-worker.js')];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout);
}

async function measureMemory(rows, saved) {
  const script = await bundleSupport('finished-run');
  const { traceFormat } = await loadSupport('trace-format');
  for (const millions of [0.1, 1, 10, 50].slice(rows.length / 2)) {
    const folder = mkdtempSync(join(tmpdir(), 'gilscope-synthetic-'));
    try {
      const cycles = Math.round((millions * MILLION) / EVENTS_PER_CYCLE);
      writeSyntheticRun(folder, cycles, traceFormat, 200);
      const both = [false, true].map((chart) => ({
        ...{ millions, chart },
        ...readFinished(script, folder, chart),
      }));
      rows.push(...both);
      saved(both);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** From the program's last line of output to the end of `gilscope run`, which then has kept and computed the profile. */
async function measureCommand(python, rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-command-'));
  const out = join(folder, 'out.gilscope');
  const json = join(folder, 'out.json');
  const program = join(root, 'test/fixtures/bench/pipe_loop.py');
  try {
    const cli = [join(root, 'dist/cli.js'), 'run', '--quiet', '--python', python, '--out', out];
    const args = [...cli, '--json', json, '--', program, String(rounds), 'thread'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let saidAt = 0;
    child.stdout.on('data', () => (saidAt = performance.now()));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
    const { default: profile } = await import(json, { with: { type: 'json' } });
    const cycles = profile.threads.reduce((sum, row) => sum + row.acquires, 0);
    return {
      events: cycles * EVENTS_PER_CYCLE,
      seconds: (performance.now() - saidAt) / 1000,
      keptBytes: statSync(out).size,
    };
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything about the server, added to `values` piece by piece; `saved` is called with each. */
export async function measureServer(values, saved) {
  if (values.reader === undefined) {
    values.reader = await benchReader(10 * MILLION);
    saved(values.reader);
  }
  const python = findPythons().findLast(({ minor }) => minor === '3.12');
  values.command ??= [];
  // Two programs share the cores here: on a busy machine it would say nothing.
  const isQuiet = () => loadavg()[0] <= 1.5 * cpus().length;
  while (python !== undefined && values.command.length < 3 && isQuiet()) {
    values.command.push(await measureCommand(python.path, 1_670_000));
    saved(values.command.at(-1));
  }
  values.memory ??= [];
  await measureMemory(values.memory, saved);
}
