import type { Launch, RunParams } from '../protocol';
import type { Interpreter } from './inspect-interpreter';
import type { NativeFiles } from './platform';
import { preloadPath } from './preload-path';

export interface LaunchOptions {
  readonly interpreter: Interpreter;
  readonly native: NativeFiles;
  readonly target: RunParams['target'];
  readonly args: readonly string[];
  readonly cwd: string;
  readonly runFolder: string;
  /** Bound of a process's trace; absent: the probe's own. */
  readonly maxTraceBytes?: number;
  /** Time between two samples of a long hold; absent: the probe's own. */
  readonly samplePeriodNs?: number;
  /** The environment that the program will have: for the user's own LD_PRELOAD. */
  readonly env: NodeJS.ProcessEnv;
}

/** What to start: the host where the interpreter has a libpython, else the interpreter with the probe preloaded. */
export function makeLaunch(options: LaunchOptions): Launch {
  const { interpreter, native, cwd } = options;
  const python = [...targetArguments(options.target), ...options.args];
  if (interpreter.library === null) {
    return { executable: interpreter.executable, args: python, cwd, env: preloadEnv(options) };
  }
  return {
    executable: native.host,
    args: [
      '--gilscope-library',
      interpreter.library,
      '--gilscope-trace',
      options.runFolder,
      ...numberOption('--gilscope-max-bytes', options.maxTraceBytes),
      ...numberOption('--gilscope-sample-ns', options.samplePeriodNs),
      '--',
      interpreter.executable,
      ...python,
    ],
    cwd,
    env: {},
  };
}

/** As a user would write it after `python`. */
export function commandOf(target: RunParams['target'], args: readonly string[]): string[] {
  return [...targetArguments(target), ...args];
}

function targetArguments(target: RunParams['target']): string[] {
  if (target.kind === 'module') return ['-m', target.module];
  // A name that begins with a dash would be an option to python.
  return [target.path.startsWith('-') ? `./${target.path}` : target.path];
}

function numberOption(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [name, String(Math.trunc(value))];
}

function preloadEnv(options: LaunchOptions): Record<string, string> {
  const users = options.env['LD_PRELOAD'] ?? '';
  const { maxTraceBytes, samplePeriodNs } = options;
  const probe = preloadPath(options.native.probe, options.runFolder);
  return {
    LD_PRELOAD: users === '' ? probe : `${probe}:${users}`,
    GILSCOPE_TRACE: options.runFolder,
    ...(users === '' ? {} : { GILSCOPE_LD_PRELOAD: users }),
    ...(maxTraceBytes === undefined
      ? {}
      : { GILSCOPE_MAX_BYTES: String(Math.trunc(maxTraceBytes)) }),
    ...(samplePeriodNs === undefined
      ? {}
      : { GILSCOPE_SAMPLE_NS: String(Math.trunc(samplePeriodNs)) }),
  };
}

/** An environment with a launch's changes: null removes. */
export function environmentFor(launch: Launch, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = { ...base };
  for (const [name, value] of Object.entries(launch.env)) {
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}
