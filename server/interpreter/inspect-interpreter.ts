import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { captureOutput, type Captured } from './capture-output';
import { FACTS_SCRIPT, parseFacts, type InterpreterFacts } from './interpreter-facts';
import { RunError } from './run-error';

/** An interpreter that can be profiled. */
export interface Interpreter {
  /** What to run: absolute, the environment's own path, symbolic links kept. */
  readonly executable: string;
  /** `3.12.1`. */
  readonly version: string;
  readonly hexVersion: number;
  readonly freeThreaded: boolean;
  readonly prefix: string;
  readonly basePrefix: string;
  /** The libpython that it really uses; null: the runtime is in the executable itself (a static build). */
  readonly library: string | null;
}

export interface InspectOptions {
  /** Where it is run: shims choose by the folder. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

const OLDEST = 0x03090000;
const TIMEOUT_MS = 15_000;

/**
 * Runs the interpreter once, isolated, and learns what it is.
 * @throws RunError `badInterpreter` or `notSupported`: missing, not executable, not Python, too old, not CPython, silent.
 */
export async function inspectInterpreter(
  path: string,
  options: InspectOptions,
): Promise<Interpreter> {
  checkFile(path);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const captured = await captureOutput(path, ['-I', '-S', '-c', FACTS_SCRIPT], {
    cwd: options.cwd,
    env: options.env,
    timeoutMs,
  });
  return judge(path, factsOf(path, captured, timeoutMs));
}

function bad(message: string): RunError {
  return new RunError('badInterpreter', message);
}

function checkFile(path: string): void {
  let isFile: boolean;
  try {
    isFile = statSync(path).isFile();
  } catch {
    throw bad(`There is no Python interpreter at ${path}.`);
  }
  if (!isFile) throw bad(`${path} is a folder, not a Python interpreter.`);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw bad(`${path} cannot be run: it is not an executable file for this user.`);
  }
}

function factsOf(path: string, captured: Captured, timeoutMs: number): InterpreterFacts {
  switch (captured.kind) {
    case 'timeout':
      throw bad(`${path} did not answer within ${timeoutMs / 1000} s when asked for its version.`);
    case 'tooMuchOutput':
      throw bad(`${path} is not a Python interpreter: asked for its version, it wrote no end.`);
    case 'notStarted':
      throw bad(`${path} cannot be run (${captured.errno || captured.message}).`);
    case 'ended': {
      const facts = captured.code === 0 ? parseFacts(captured.stdout) : undefined;
      if (facts) return facts;
      if (captured.stderr.startsWith('Unknown option: -I')) throw tooOld(path, 'older than 3.4');
      throw bad(`${path} is not a working Python interpreter: ${answerOf(captured)}.`);
    }
  }
}

function answerOf(captured: Extract<Captured, { kind: 'ended' }>): string {
  const end =
    captured.signal === null ? `status ${String(captured.code)}` : `killed by ${captured.signal}`;
  const words = captured.stderr.trim().split('\n').at(-1) ?? '';
  const said = words === '' ? 'no version' : `“${words.slice(0, 160)}”`;
  return `asked for its version, it ended with ${end} and ${said}`;
}

function tooOld(path: string, version: string): RunError {
  return bad(`GILscope needs CPython 3.9 or newer; ${path} is ${version}.`);
}

function judge(path: string, facts: InterpreterFacts): Interpreter {
  if (facts.implementation !== 'cpython') {
    throw bad(
      `GILscope needs CPython 3.9 or newer; ${path} is ${facts.implementation} (Python ${facts.version}).`,
    );
  }
  if (facts.hexVersion < OLDEST) throw tooOld(path, facts.version);
  if (facts.bits !== 64) throw unsupported(path, 'a 32-bit build; a 64-bit CPython is needed');
  if (facts.libc === 'musl' || facts.libc === 'none') {
    throw unsupported(
      path,
      facts.libc === 'musl'
        ? 'built for the musl C library; one for glibc is needed'
        : 'linked statically with its C library; one that loads glibc is needed',
    );
  }
  return {
    executable: facts.executable === '' ? path : facts.executable,
    version: facts.version,
    hexVersion: facts.hexVersion,
    freeThreaded: facts.freeThreaded,
    prefix: facts.prefix,
    basePrefix: facts.basePrefix,
    library: libraryOf(path, facts),
  };
}

function unsupported(path: string, why: string): RunError {
  return new RunError('notSupported', `GILscope cannot profile ${path}: it is ${why}.`);
}

function libraryOf(path: string, facts: InterpreterFacts): string | null {
  if (facts.runtimeFile === null || facts.runtimeFile === facts.executableFile) return null;
  if (!existsSync(facts.runtimeFile)) {
    throw bad(
      `${path} runs from ${facts.runtimeFile}, which is not there (any more). Reinstall this Python.`,
    );
  }
  return facts.runtimeFile;
}
