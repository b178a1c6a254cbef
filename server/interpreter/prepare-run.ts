import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Launch, RunParams } from '../protocol-run';
import { findInterpreter, type FindOptions, type FoundInterpreter } from './find-interpreter';
import { isFile, isFolder } from './interpreter-paths';
import { commandOf, makeLaunch, type ProbeOptions } from './launch';
import { nativeFiles } from './platform';
import { createRunFolder } from './run-folder';
import { RunError } from './run-error';

export interface PrepareOptions {
  readonly find: FindOptions;
  readonly target: RunParams['target'];
  readonly args: readonly string[];
  /** Options of python itself. */
  readonly pythonArgs?: readonly string[];
  /** Changes of the environment that `find.env` has in it already; the program gets them. */
  readonly envChanges?: Launch['env'];
  readonly cwd: string;
  /** Folder of the C part. */
  readonly nativeFolder: string;
  /** Folder to make the run folder in; empty: the system's temporary one. */
  readonly traceFolder: string;
  readonly probe?: ProbeOptions;
}

export interface PreparedRun {
  readonly interpreter: FoundInterpreter;
  readonly launch: Launch;
  /** Where the traces come to lie; the caller removes it. */
  readonly runFolder: string;
  readonly command: readonly string[];
}

/**
 * Does everything up to the start of the program: platform, script, interpreter, run folder, in this order.
 * @throws RunError
 */
export async function prepareRun(options: PrepareOptions): Promise<PreparedRun> {
  const { target, args, pythonArgs = [], envChanges = {}, cwd, probe } = options;
  const native = nativeFiles(options.nativeFolder);
  checkTarget(target, cwd);
  const interpreter = await findInterpreter(options.find);
  const command = commandOf(target, args, pythonArgs);
  const runFolder = createRunFolder(options.traceFolder, command, new Date());
  try {
    const launch = makeLaunch({
      interpreter,
      native,
      target,
      args,
      pythonArgs,
      cwd,
      runFolder,
      env: options.find.env,
      ...(probe === undefined ? {} : { probe }),
    });
    const env = { ...envChanges, ...launch.env };
    return { interpreter, launch: { ...launch, env }, runFolder, command };
  } catch (error) {
    rmSync(runFolder, { recursive: true, force: true });
    throw error;
  }
}

function checkTarget(target: RunParams['target'], cwd: string): void {
  if (!isFolder(cwd)) {
    throw new RunError('noScript', `The folder to run in is not there: ${cwd}.`);
  }
  if (target.kind === 'module') return;
  const path = resolve(cwd, target.path);
  if (!isFile(path) && !isFolder(path)) {
    throw new RunError('noScript', `There is no script ${path}.`);
  }
}
