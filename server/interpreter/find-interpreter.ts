import { join } from 'node:path';
import { inspectInterpreter, type Interpreter } from './inspect-interpreter';
import {
  condaExecutable,
  isFile,
  isFolder,
  onPath,
  resolveChoice,
  venvExecutable,
} from './interpreter-paths';
import { messageOf, RunError } from './run-error';

export interface FindOptions {
  /** The user's explicit choice (setting, `--python`); empty: none. */
  readonly choice: string;
  /** What to call that choice, and how to make another: `the setting gilscope.python`, `--python`. */
  readonly choiceName: string;
  /** The Python extension's choice; empty: none. */
  readonly pythonExtensionChoice: string;
  /** Folder whose `.venv` and `venv` count; null: none does. */
  readonly workspaceFolder: string | null;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told what each step looked at, and why it was taken or passed over. */
  readonly log: (line: string) => void;
  readonly timeoutMs?: number;
}

export interface FoundInterpreter extends Interpreter {
  /** The step that found it, for a person: `VIRTUAL_ENV`. */
  readonly foundBy: string;
}

/** One step: what is at it, or why it is passed over. */
interface Step {
  readonly name: string;
  readonly look: () => readonly string[] | string;
  /** On PATH a file that is no working Python is passed over; anything the user chose is not. */
  readonly chosen: boolean;
}

/**
 * Finds the interpreter. The first of these that is there is taken:
 * 1. the explicit choice; 2. the Python extension's choice; 3. the workspace's `.venv`, then `venv`; 4. `VIRTUAL_ENV`;
 * 5. `CONDA_PREFIX`; 6. `python3`, then `python` on PATH.
 * @throws RunError `noInterpreter` where no step has one, else as {@link inspectInterpreter}: what was chosen is
 * never silently replaced by another.
 */
export async function findInterpreter(options: FindOptions): Promise<FoundInterpreter> {
  const failures: string[] = [];
  for (const step of stepsOf(options)) {
    const looked = step.look();
    if (typeof looked === 'string') {
      options.log(`${step.name}: ${looked}`);
      continue;
    }
    for (const path of looked) {
      const found = await tryPath(path, step, options);
      if (typeof found !== 'string') return found;
      failures.push(found);
    }
  }
  const tried = failures.length === 0 ? '' : ` ${failures.join(' ')}`;
  throw new RunError(
    'noInterpreter',
    `No Python interpreter was found.${tried} Install CPython 3.9 or newer, or name one with ${options.choiceName}.`,
  );
}

async function tryPath(
  path: string,
  step: Step,
  options: FindOptions,
): Promise<FoundInterpreter | string> {
  const { cwd, env, timeoutMs } = options;
  try {
    const interpreter = await inspectInterpreter(path, {
      cwd,
      env,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    options.log(`${step.name}: ${path} taken: ${describeInterpreter(interpreter, path)}`);
    return { ...interpreter, foundBy: step.name };
  } catch (error) {
    const message = messageOf(error);
    if (!step.chosen && message.includes('is not a working Python')) {
      options.log(`${step.name}: ${path} passed over: ${message}`);
      return message;
    }
    options.log(`${step.name}: ${path} cannot be used: ${message}`);
    const kind = error instanceof RunError ? error.kind : 'badInterpreter';
    throw new RunError(
      kind,
      `${message} It comes from ${step.name}; name another with ${options.choiceName}.`,
    );
  }
}

function describeInterpreter(interpreter: Interpreter, path: string): string {
  const kind = interpreter.library === null ? 'static' : `shared, ${interpreter.library}`;
  const real =
    interpreter.executable === path
      ? ''
      : `, a launcher of ${interpreter.executable}, run directly`;
  return `CPython ${interpreter.version}${interpreter.freeThreaded ? ' free-threaded' : ''} (${kind})${real}`;
}

function stepsOf(options: FindOptions): Step[] {
  const { workspaceFolder, env, cwd } = options;
  const chosen = (name: string, choice: string): Step => ({
    name,
    chosen: true,
    look: () => (choice === '' ? 'not set' : chosenPaths(name, choice, options)),
  });
  const environment = (variable: string, executable: (folder: string) => string): Step => ({
    name: variable,
    chosen: true,
    look: () => inEnvironment(env[variable], executable),
  });
  const venvs = workspaceFolder === null ? [] : ['.venv', 'venv'];
  return [
    chosen(options.choiceName, options.choice),
    chosen("the Python extension's choice", options.pythonExtensionChoice),
    ...venvs.map((name) => ({
      name: `${name} of the workspace`,
      chosen: true,
      look: () => inEnvironment(join(workspaceFolder ?? cwd, name), venvExecutable),
    })),
    environment('VIRTUAL_ENV', venvExecutable),
    environment('CONDA_PREFIX', condaExecutable),
    ...['python3', 'python'].map((name) => ({
      name: `${name} on PATH`,
      chosen: false,
      look: () => {
        const paths = onPath(name, env, cwd);
        return paths.length === 0 ? 'none' : paths;
      },
    })),
  ];
}

function chosenPaths(name: string, choice: string, options: FindOptions): string[] {
  const path = resolveChoice(choice, options);
  if (path.includes('/') || path.includes('\\')) return [path];
  const first = onPath(path, options.env, options.cwd)[0];
  if (first !== undefined) return [first];
  options.log(`${name}: ${choice} is not on PATH`);
  throw new RunError(
    'badInterpreter',
    `There is no ${choice} on PATH. It comes from ${name}; give the path of a CPython 3.9 or newer there.`,
  );
}

function inEnvironment(
  folder: string | undefined,
  executable: (folder: string) => string,
): readonly string[] | string {
  if (folder === undefined || folder === '') return 'not set';
  if (!isFolder(folder)) return `${folder} is not there`;
  const path = executable(folder);
  return isFile(path) ? [path] : `no ${path}`;
}
