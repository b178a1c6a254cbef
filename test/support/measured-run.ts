import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile } from '../../server/protocol';
import type { Launch } from '../../server/protocol-run';
import { inspectInterpreter, type Interpreter } from '../../server/interpreter/inspect-interpreter';
import { environmentFor, makeLaunch } from '../../server/interpreter/launch';
import { nativeFiles } from '../../server/interpreter/platform';
import { createEngine } from '../../server/profile/engine';
import type { EventSink } from '../../server/trace/events';
import {
  CHUNK,
  CHUNK_BYTES,
  CHUNK_HEADER_BYTES,
  CHUNK_KIND,
  HEADER,
} from '../../server/trace/format';
import { openRun } from '../../server/trace/run-reader';
import { dist, runProcess, type Ended, type ProfileOptions } from './run-profile';

export { runProcess };

export interface MeasuredRun {
  readonly ended: Ended;
  readonly wallMs: number;
  /** GIL cycles in the trace; 0 without the probe. */
  readonly cycles: number;
  /** Bytes of the GILs' streams: cycles, stacks and code, without samples. */
  readonly streamBytes: number;
  /** Time to read the trace alone, and with the profile made of it. */
  readonly readMs: number;
  readonly profileMs: number;
  readonly profile: Profile | null;
}

export interface MeasureOptions {
  readonly maxTraceBytes?: number;
  readonly samplePeriodNs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly onOutput?: ProfileOptions['onOutput'];
  /** `PY_VERSION_HEX` that the probe is to take the interpreter for. */
  readonly assumeHex?: string;
}

export function inspect(python: string): Promise<Interpreter> {
  return inspectInterpreter(python, { cwd: process.cwd(), env: process.env });
}

/** Runs a program with plain python. */
export async function runPlain(
  python: string,
  program: string,
  args: readonly string[],
): Promise<MeasuredRun> {
  const before = performance.now();
  const ended = await runProcess(python, [program, ...args]);
  const wallMs = performance.now() - before;
  return { ended, wallMs, cycles: 0, streamBytes: 0, readMs: 0, profileMs: 0, profile: null };
}

/** Runs a program under the probe, without the command around it, and reads the trace. */
export async function runProbed(
  interpreter: Interpreter,
  program: string,
  args: readonly string[],
  options: MeasureOptions = {},
): Promise<MeasuredRun> {
  const runFolder = mkdtempSync(join(tmpdir(), 'gilscope-measured-'));
  const env = { ...process.env, ...options.env };
  try {
    const launch = launchOf(interpreter, [program, ...args], runFolder, env, options);
    const { args: launchArgs, env: more } = assuming(launch, options.assumeHex);
    const before = performance.now();
    const ended = await runProcess(launch.executable, launchArgs, {
      env: { ...environmentFor(launch, env), ...more },
      ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
    });
    const wallMs = performance.now() - before;
    return { ended, wallMs, ...readMeasured(runFolder, ended) };
  } finally {
    rmSync(runFolder, { recursive: true, force: true });
  }
}

/** The whole command, and its environment, that runs a program under the probe. */
export function launchCommand(
  interpreter: Interpreter,
  program: readonly string[],
  runFolder: string,
  env: NodeJS.ProcessEnv,
): { command: string[]; env: NodeJS.ProcessEnv } {
  const launch = launchOf(interpreter, program, runFolder, env);
  return { command: [launch.executable, ...launch.args], env: environmentFor(launch, env) };
}

function launchOf(
  interpreter: Interpreter,
  [path = '', ...args]: readonly string[],
  runFolder: string,
  env: NodeJS.ProcessEnv,
  { maxTraceBytes, samplePeriodNs }: MeasureOptions = {},
): Launch {
  return makeLaunch({
    interpreter,
    native: nativeFiles(join(dist, 'native')),
    target: { kind: 'file', path },
    args,
    cwd: process.cwd(),
    runFolder,
    env,
    probe: {
      ...(maxTraceBytes === undefined ? {} : { maxTraceBytes }),
      ...(samplePeriodNs === undefined ? {} : { samplePeriodNs }),
    },
  });
}

/** The host takes it as an option, the preloaded probe from the environment. */
function assuming(launch: Launch, hex: string | undefined) {
  if (hex === undefined) return { args: launch.args, env: {} };
  const at = launch.args.indexOf('--gilscope-trace');
  if (at < 0) return { args: launch.args, env: { GILSCOPE_ASSUME_HEX: hex } };
  return { args: launch.args.toSpliced(at, 0, '--gilscope-assume-hex', hex), env: {} };
}

/** What a finished run left in its folder. */
export function readMeasured(folder: string, ended: Pick<Ended, 'code' | 'signal'>) {
  return { streamBytes: streamBytes(folder), ...readTrace(folder, ended) };
}

function readTrace(folder: string, { code, signal }: Pick<Ended, 'code' | 'signal'>) {
  const nothing: EventSink = {
    samples: () => undefined,
    cycles: () => undefined,
    locks: () => undefined,
  };
  const alone = performance.now();
  openRun(folder).read(nothing, true);
  const readMs = performance.now() - alone;
  const whole = performance.now();
  const engine = createEngine();
  const state = openRun(folder).read(engine, true);
  const facts = { command: [], startedAt: '', exit: { code, signal }, live: false };
  const { profile } = engine.snapshot(state, facts);
  return { cycles: engine.cycleCount, readMs, profileMs: performance.now() - whole, profile };
}

function streamBytes(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.trace'))) {
    const bytes = readFileSync(join(folder, name));
    const chunks = bytes.readUInt32LE(HEADER.chunkCount);
    for (
      let at = CHUNK_BYTES;
      at < Math.min(chunks * CHUNK_BYTES, bytes.length);
      at += CHUNK_BYTES
    ) {
      if (bytes.readUInt32LE(at + CHUNK.kind) !== CHUNK_KIND.gil) continue;
      sum += Math.max(0, bytes.readUInt32LE(at + CHUNK.used) - CHUNK_HEADER_BYTES);
    }
  }
  return sum;
}
