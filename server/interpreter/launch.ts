import type { Launch, RunParams } from '../protocol-run';
import type { Interpreter } from './inspect-interpreter';
import type { NativeFiles } from './platform';
import { preloadPath } from './preload-path';

/** What the probe is asked for; absent: its own default. */
export interface ProbeOptions {
  /** Bound of a process's trace. */
  readonly maxTraceBytes?: number;
  /** Time between two samples of a long hold. */
  readonly samplePeriodNs?: number;
  /** Whether forked children record too. */
  readonly followChildren?: boolean;
  /** Soft limit of open files that the program is to have: Node raises its own, which children inherit. */
  readonly openFiles?: number;
}

export interface LaunchOptions {
  readonly interpreter: Interpreter;
  readonly native: NativeFiles;
  readonly target: RunParams['target'];
  readonly args: readonly string[];
  /** Options of python itself. */
  readonly pythonArgs?: readonly string[];
  readonly cwd: string;
  readonly runFolder: string;
  readonly probe?: ProbeOptions;
  /** The environment that the program will have: for the user's own LD_PRELOAD. */
  readonly env: NodeJS.ProcessEnv;
}

/** What to start: the host where the interpreter has a libpython, else the interpreter with the probe preloaded. */
export function makeLaunch(options: LaunchOptions): Launch {
  const { interpreter, native, cwd } = options;
  const python = commandOf(options.target, options.args, options.pythonArgs);
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
      ...probeNumbers(options.probe ?? {}).flatMap(([name, value]) => [
        `--gilscope-${name}`,
        value,
      ]),
      '--',
      interpreter.executable,
      ...python,
    ],
    cwd,
    env: {},
  };
}

/** As a user would write it after `python`. */
export function commandOf(
  target: RunParams['target'],
  args: readonly string[],
  pythonArgs: readonly string[] = [],
): string[] {
  return [...pythonArgs, ...targetArguments(target), ...args];
}

function targetArguments(target: RunParams['target']): string[] {
  if (target.kind === 'module') return ['-m', target.module];
  // A name that begins with a dash would be an option to python.
  return [target.path.startsWith('-') ? `./${target.path}` : target.path];
}

/** The options as the host and the probe read them: `max-bytes` 1024. */
function probeNumbers(probe: ProbeOptions): [name: string, value: string][] {
  const numbers: [string, number | undefined][] = [
    ['max-bytes', probe.maxTraceBytes],
    ['sample-ns', probe.samplePeriodNs],
    ['no-children', probe.followChildren === false ? 1 : undefined],
    ['open-files', probe.openFiles],
  ];
  return numbers.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(Math.trunc(value))]],
  );
}

function preloadEnv(options: LaunchOptions): Record<string, string> {
  const users = options.env['LD_PRELOAD'];
  const numbers = probeNumbers(options.probe ?? {}).map(([name, value]) => [
    `GILSCOPE_${name.toUpperCase().replaceAll('-', '_')}`,
    value,
  ]);
  const probe = preloadPath(options.native.probe, options.runFolder);
  return {
    LD_PRELOAD: users === undefined ? probe : `${probe}:${users}`,
    GILSCOPE_TRACE: options.runFolder,
    ...(users === undefined ? {} : { GILSCOPE_LD_PRELOAD: users }),
    ...(Object.fromEntries(numbers) as Record<string, string>),
  };
}

/** An environment with a launch's changes. */
export function environmentFor(launch: Launch, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return changedEnvironment(base, launch.env);
}

/** An environment with changes: null removes. */
export function changedEnvironment(
  base: NodeJS.ProcessEnv,
  changes: Launch['env'],
): NodeJS.ProcessEnv {
  const env = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}
