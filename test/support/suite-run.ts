/** Runs a test-suite written in Python, without the probe and under it, the latter started as `gilscope run` does. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Interpreter } from '../../server/interpreter/inspect-interpreter';
import { environmentFor, makeLaunch } from '../../server/interpreter/launch';
import { nativeFiles } from '../../server/interpreter/platform';
import type { Launch } from '../../server/protocol-run';
import { GIL, GIL_ENTRY_BYTES, GIL_TABLE_OFFSET, HEADER } from '../../server/trace/format';
import { WHOLE, type Outcomes } from './compare-outcomes';
import { parseJunit } from './junit';

export interface Suite {
  /** `python -m` what, with which arguments before those for the report. */
  readonly module: string;
  readonly args: readonly string[];
  /** The option, joined to the report's path, that asks for a JUnit report. */
  readonly reportOption: string;
  /** Absolute; null: a new empty folder. */
  readonly cwd: string | null;
}

export interface SuiteRun {
  readonly outcomes: Outcomes;
  /** `status 0`, `SIGSEGV`, `no end in 600 s`. */
  readonly end: string;
  readonly seconds: number;
  /** What the probe saw: proof that it was there. */
  readonly recordedProcesses: number;
  readonly recordedAcquisitions: number;
  /** What it wrote. */
  readonly output: string;
}

export interface SuiteOptions {
  readonly interpreter: Interpreter;
  readonly suite: Suite;
  readonly probed: boolean;
  readonly timeoutSeconds: number;
}

/** The soft limit of open files that a shell usually has: Node raises its own. */
const OPEN_FILES = 1024;
const STOPPING = ['SIGINT', 'SIGTERM'] as const;
const DUMP_MS = 1000;

/** Runs a suite once. Leaves no file and no process. */
export async function runSuite(options: SuiteOptions): Promise<SuiteRun> {
  // Short: sockets with paths lie in it.
  const scratch = mkdtempSync(join(tmpdir(), 'gsc-'));
  try {
    return await runIn(scratch, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runIn(scratch: string, options: SuiteOptions): Promise<SuiteRun> {
  const folders = ['run', 'work', 'tmp'].map((name) => join(scratch, name));
  const [runFolder = '', work = '', temporary = ''] = folders;
  for (const folder of folders) mkdirSync(folder);
  const report = join(scratch, 'report.xml');
  const env = cleanEnvironment(temporary);
  const launch = launchOf(options, options.suite.cwd ?? work, report, runFolder, env);
  const startedAt = performance.now();
  const log = join(scratch, 'output.txt');
  const end = await runToEnd(launch, env, log, options.timeoutSeconds);
  const seconds = (performance.now() - startedAt) / 1000;
  const output = readFileSync(log, 'utf8');
  const xml = existsSync(report) ? readFileSync(report, 'utf8') : '';
  return {
    outcomes: { [WHOLE]: verdictOf(end, output), ...Object.fromEntries(parseJunit(xml)) },
    end,
    seconds,
    ...countRecorded(runFolder),
    output,
  };
}

/** What bears on Python or the probe comes from here alone. */
function cleanEnvironment(temporary: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PYTHON|GILSCOPE|LD_|NODE_|npm_)/.test(name),
  );
  return { ...Object.fromEntries(kept), TMPDIR: temporary };
}

function launchOf(
  { interpreter, suite, probed }: SuiteOptions,
  cwd: string,
  report: string,
  runFolder: string,
  env: NodeJS.ProcessEnv,
): Launch {
  const args = [...suite.args, `${suite.reportOption}${report}`];
  if (probed) {
    return makeLaunch({
      interpreter,
      native: nativeFiles(resolve('dist/native')),
      target: { kind: 'module', module: suite.module },
      args,
      cwd,
      runFolder,
      env,
      probe: { openFiles: OPEN_FILES },
    });
  }
  const command = [interpreter.executable, '-m', suite.module, ...args];
  return {
    executable: 'prlimit',
    args: [`--nofile=${OPEN_FILES}:`, ...command],
    cwd,
    env: {},
  };
}

function runToEnd(
  launch: Launch,
  env: NodeJS.ProcessEnv,
  log: string,
  timeoutSeconds: number,
): Promise<string> {
  const output = openSync(log, 'w');
  const child = spawn(launch.executable, launch.args, {
    cwd: launch.cwd,
    env: environmentFor(launch, env),
    stdio: ['ignore', output, output],
    detached: true,
  });
  const abandon = (): void => {
    killGroup(child);
    // Later: other suites that run at the same time have to be ended too.
    setImmediate(() => process.exit(130));
  };
  for (const name of STOPPING) process.once(name, abandon);
  return new Promise((done, fail) => {
    let end: string | null = null;
    const timer = setTimeout(() => {
      end = `no end in ${timeoutSeconds} s`;
      // At which regrtest writes where its threads are.
      child.kill('SIGUSR1');
      setTimeout(() => killGroup(child), DUMP_MS);
    }, timeoutSeconds * 1000);
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(child);
      done(end ?? signal ?? `status ${String(code)}`);
    });
  }).finally(() => {
    for (const name of STOPPING) process.off(name, abandon);
    closeSync(output);
  }) as Promise<string>;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has left nothing behind.
  }
}

/** What the suite says of itself as a whole: regrtest also tells that a test changed its environment. */
function verdictOf(end: string, output: string): string {
  const said = /^(?:Tests result|Result): (.*)$/m.exec(output)?.[1];
  return said === undefined ? end : `${end}, ${said}`;
}

function countRecorded(folder: string) {
  const traces = readdirSync(folder).filter((name) => name.endsWith('.trace'));
  const acquisitions = traces.map((name) => acquisitionsOf(join(folder, name)));
  return {
    recordedProcesses: traces.length,
    recordedAcquisitions: acquisitions.reduce((sum, one) => sum + one, 0),
  };
}

function acquisitionsOf(trace: string): number {
  const head = Buffer.alloc(65_536);
  const file = openSync(trace, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  let sum = 0n;
  for (let i = 0; i < head.readUInt32LE(HEADER.gilCount); i += 1) {
    sum += head.readBigUInt64LE(GIL_TABLE_OFFSET + i * GIL_ENTRY_BYTES + GIL.acquireSeq);
  }
  return Number(sum);
}
