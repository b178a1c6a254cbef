import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspectInterpreter } from '../../server/interpreter/inspect-interpreter';
import { environmentFor, makeLaunch } from '../../server/interpreter/launch';
import { nativeFiles } from '../../server/interpreter/platform';
import type { StackTable, TraceState } from '../../server/trace/events';
import { openRun } from '../../server/trace/run-reader';
import { CollectingSink } from './collect-events';
import { dist } from './run-profile';

const POLL_MS = 20;

export interface TracedRun {
  readonly stdout: string;
  readonly sink: CollectingSink;
  readonly state: TraceState;
}

/**
 * Runs a program of test/fixtures/programs with the probe and reads its events. Leaves no file.
 *
 * @param isEnough asked while the program runs; once it is, the program is killed
 */
export async function tracedRun(
  python: string,
  program: string,
  args: readonly string[] = [],
  isEnough: ((state: TraceState) => boolean) | null = null,
): Promise<TracedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-traced-'));
  try {
    const launch = makeLaunch({
      interpreter: await inspectInterpreter(python, { cwd: folder, env: process.env }),
      native: nativeFiles(join(dist, 'native')),
      target: { kind: 'file', path: programFile(program) },
      args: [...args],
      cwd: folder,
      runFolder: folder,
      env: process.env,
    });
    const env = environmentFor(launch, process.env);
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(launch.executable, launch.args, { cwd: folder, env, stdio: [...stdio] });
    let stdout = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    const closed = once(child, 'close');
    const sink = new CollectingSink();
    const reader = openRun(folder);
    while (isEnough !== null && child.exitCode === null && child.signalCode === null) {
      if (isEnough(reader.read(sink, false))) child.kill('SIGKILL');
      await pause(POLL_MS);
    }
    const [code, signal] = (await closed) as [number | null, string | null];
    if (code !== 0 && !(isEnough !== null && signal === 'SIGKILL'))
      throw new Error(`${program} on ${python} ended with ${code ?? signal}`);
    return { stdout, sink, state: reader.read(sink, true) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function programFile(program: string): string {
  return resolve('test/fixtures/programs', program);
}

/** Line of the program that ends with the comment `# mark`. */
export function lineOfMark(program: string, mark: string): number {
  const lines = readFileSync(programFile(program), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.trimEnd().endsWith(`# ${mark}`));
  if (index < 0) throw new Error(`no line of ${program} is marked ${mark}`);
  return index + 1;
}

/** Line of the innermost frame of this file on a stack; 0: there is none. */
export function lineIn(stacks: StackTable, node: number, program: string): number {
  for (let at = node; at !== 0; at = stacks.parentOf(at)) {
    const location = stacks.locations[stacks.locationOf(at)];
    if (location?.file === programFile(program)) return location.line;
  }
  return 0;
}
