import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import type { Launch } from '../protocol-run';
import { environmentFor } from './launch';
import { errnoOf, messageOf, RunError } from './run-error';
import { stopProcesses, type StopOptions } from './stop-processes';

export interface ProgramExit {
  readonly code: number | null;
  /** `SIGKILL`; null where it ended by itself. */
  readonly signal: string | null;
}

export interface RunningProgram {
  readonly pid: number;
  /** Resolves once the program has ended and its output is through. Never rejects. */
  readonly ended: Promise<ProgramExit>;
  /** Ends it and all it started. What it has measured until then is kept. */
  stop(options?: StopOptions): ReturnType<typeof stopProcesses>;
  /** Passes a signal on. */
  signal(signal: NodeJS.Signals): void;
}

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  /**
   * Absent: the program has our own standard input, output and error. Else it has no input, is the leader of a
   * process group of its own, and what it writes comes here, whole characters at a time.
   */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/**
 * Starts a program.
 * @throws RunError `badInterpreter` or `noScript` (its folder is missing): it could not be started.
 */
export async function runProgram(launch: Launch, options: RunOptions): Promise<RunningProgram> {
  const { onOutput } = options;
  const child = spawn(launch.executable, launch.args, {
    cwd: launch.cwd,
    env: environmentFor(launch, options.env),
    stdio: onOutput ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    detached: onOutput !== undefined,
  });
  const pid = await started(child, launch);
  if (onOutput) pipe(child, onOutput);
  const ended = new Promise<ProgramExit>((resolve) => {
    // With pipes, a child that outlives the program may hold them open: the program's own end counts.
    child.once('exit', (code, signal) => {
      if (onOutput) void drained(child).then(() => resolve({ code, signal }));
      else resolve({ code, signal });
    });
  });
  return {
    pid,
    ended,
    stop: (stopOptions) => stopProcesses(pid, stopOptions),
    signal: (name) => void child.kill(name),
  };
}

function started(child: ChildProcess, launch: Launch): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (error) => reject(startError(error, launch)));
  });
}

function startError(error: unknown, launch: Launch): RunError {
  const what = `${launch.executable} could not be started in ${launch.cwd}`;
  switch (errnoOf(error)) {
    case 'ENOENT':
      return new RunError('noScript', `${what}: the file or the folder is not there.`);
    case 'EACCES':
      return new RunError('badInterpreter', `${what}: this user may not run it, or not there.`);
    case 'E2BIG':
      return new RunError('badInterpreter', `${what}: its arguments are too long.`);
    default:
      return new RunError('badInterpreter', `${what}: ${messageOf(error)}.`);
  }
}

function pipe(child: ChildProcess, onOutput: NonNullable<RunOptions['onOutput']>): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[name]?.on('data', (bytes: Buffer) => onOutput(name, decoder.write(bytes)));
    child[name]?.once('end', () => {
      const rest = decoder.end();
      if (rest !== '') onOutput(name, rest);
    });
  }
}

const DRAIN_MS = 500;

/** Waits for the ends of both pipes, but not for longer than what is on its way needs. */
function drained(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The exit status that a shell would show: the program's own, or 128 + the number of the signal. */
export function exitStatus(exit: ProgramExit): number {
  if (exit.signal === null) return exit.code ?? 0;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[exit.signal] ?? 0);
}
