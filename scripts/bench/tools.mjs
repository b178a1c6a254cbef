// The tools that are measured beside each other, each as the command that a user would give.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../testing/bundle.mjs';

const home = process.env.HOME ?? homedir();
/** Where scripts/get-rivals.sh puts them. */
const rivals = join(process.env.XDG_CACHE_HOME || join(home, '.cache'), 'gilscope', 'rivals');

/** The virtual environment of this interpreter with the tools, else the interpreter itself. */
export function benchPython(python) {
  const own = join(rivals, python.version, 'bin', 'python');
  const isOwn = existsSync(own) && realpathSync(own) === realpathSync(python.path);
  return isOwn ? own : python.path;
}

export function hasModule(executable, name) {
  const question = `import importlib.util as u, sys; sys.exit(u.find_spec(${JSON.stringify(name)}) is None)`;
  return spawnSync(executable, ['-c', question]).status === 0;
}

/** A command in one of the environments, or on PATH; null: nowhere. */
function findCommand(name) {
  const environments = existsSync(rivals) ? readdirSync(rivals) : [];
  const folders = [
    ...environments.map((version) => join(rivals, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** wrk with the libraries beside it; null: an own generator of load, in Python, takes its place. */
export function findWrk() {
  const own = join(rivals, 'wrk');
  const path = join(own, 'usr/bin/wrk');
  if (!existsSync(path)) return null;
  return {
    path,
    env: { ...process.env, LD_LIBRARY_PATH: join(own, 'usr/lib/x86_64-linux-gnu') },
  };
}

const PY_SPY = 'samples of the stack of the thread that holds the GIL; no waits';
const samplesGil = (hertz) => (executable, command, out) => [
  findCommand('py-spy'),
  ...['record', '--gil', '--rate', String(hertz), '--format', 'raw', '--output', out, '--'],
  executable,
  ...command,
];
const answers = new Map();

/** It knows the GIL of the versions that it was made for; of others it says so, and goes on. */
function pySpyIsMissing(executable) {
  const pySpy = findCommand('py-spy');
  if (pySpy === null) return 'not installed';
  if (!answers.has(executable)) {
    const program = [executable, '-c', 'import time; time.sleep(0.3)'];
    const args = ['record', '--gil', '--format', 'raw', '--output', '/dev/null', '--', ...program];
    const { status, stdout, stderr } = spawnSync(pySpy, args, { encoding: 'utf8' });
    const [fault] = /Cannot detect GIL[^(\n]*|Permission denied[^\n]*/.exec(stdout + stderr) ?? [];
    answers.set(executable, fault?.trim() ?? (status === 0 ? null : `it ended with ${status}`));
  }
  return answers.get(executable);
}
const moduleIsMissing = (name) => (executable) =>
  hasModule(executable, name) ? null : `${name} cannot be installed for this version`;

/** `records`: what one learns of the GIL. `missing`: why it cannot run here, or null. `command`: executable and arguments. */
export const rivalTools = [
  {
    name: 'py-spy, 100 Hz',
    records: PY_SPY,
    waits: 'no',
    lines: 'sampled',
    exact: 'no',
    missing: pySpyIsMissing,
    command: samplesGil(100),
  },
  {
    name: 'py-spy, 1000 Hz',
    records: PY_SPY,
    waits: 'no',
    lines: 'sampled',
    exact: 'no',
    missing: pySpyIsMissing,
    command: samplesGil(1000),
  },
  {
    name: 'profiling.sampling',
    records: 'with --mode=gil, 1 kHz: samples of the stacks of threads that hold the GIL; no waits',
    waits: 'no',
    lines: 'sampled',
    exact: 'no',
    missing: moduleIsMissing('profiling.sampling'),
    command: (executable, command, out) => [
      ...[executable, '-m', 'profiling.sampling', 'run', '--mode=gil', '--all-threads'],
      ...['--sampling-rate=1khz', '--collapsed', '-o', out],
      ...command,
    ],
  },
  {
    name: 'gil_load',
    records: 'sampled shares of time in which each thread held the GIL or waited; no places',
    waits: 'sampled',
    lines: 'no',
    exact: 'no',
    missing: moduleIsMissing('gil_load'),
    command: (executable, command) => [
      ...[executable, '-m', 'gil_load', join(root, 'test/fixtures/bench/under_gil_load.py')],
      ...command,
    ],
  },
  {
    name: 'VizTracer',
    records: 'every call and return, by function; nothing of the GIL',
    waits: 'no',
    lines: 'functions',
    exact: 'calls',
    missing: moduleIsMissing('viztracer'),
    command: (executable, command, out) => [
      ...[executable, '-m', 'viztracer', '--quiet', '--output_file', `${out}.json`, '--'],
      ...command,
    ],
  },
  {
    name: 'cProfile',
    records: 'every call of the main thread, by function; nothing of other threads or the GIL',
    waits: 'no',
    lines: 'functions',
    exact: 'calls',
    missing: () => null,
    command: (executable, command, out) => [executable, '-m', 'cProfile', '-o', out, ...command],
  },
];

export const ownTool = {
  name: 'GILscope',
  records:
    'every acquisition and release with its full stack; long holds split over lines by samples',
  waits: 'exact',
  lines: 'exact for waits and short holds, sampled within long ones',
  exact: 'yes',
  /** The whole command, up to the kept profile. */
  command: (executable, command, out) => [
    ...[process.execPath, join(root, 'dist/cli.js'), 'run', '--quiet', '--python', executable],
    ...['--out', out, '--', ...command],
  ],
};

/** Plain python once more: by how much two runs of the same differ. */
export const controlTool = { name: 'plain again' };
