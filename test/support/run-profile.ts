import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Profile } from '../../server/protocol';
import { buildRecorder, readRecords, type RecordedProcess } from './recorder';

export const programs = resolve('test/fixtures/programs');
/** The product under test; another one for builds with a sanitizer (scripts/sanitize.mjs). */
export const dist = resolve(process.env['GILSCOPE_TEST_DIST'] ?? 'dist');
const cli = join(dist, 'cli.js');

export interface ProfileOptions {
  readonly python: string;
  /** Name of a program in test/fixtures/programs, or an absolute path. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly cliArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string | Buffer;
  /** Preload the independent recorder beside the probe. */
  readonly recorder?: boolean;
  /** Called with each piece of the program's output, and what can end things. */
  readonly onOutput?: (text: string, control: RunControl) => void;
  readonly timeoutMs?: number;
  /** In a process group of its own, so that what hangs can be ended with all that it started. */
  readonly ownGroup?: boolean;
}

export interface RunControl {
  /** The command `gilscope run`. */
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProfileRun extends Ended {
  readonly profile: Profile;
  readonly records: readonly RecordedProcess[];
}

/** Runs a program by `gilscope run` and reads the profile that it leaves. Leaves no file. */
export async function runProfile(options: ProfileOptions): Promise<ProfileRun> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-test-'));
  try {
    const json = join(folder, 'profile.json');
    const ended = await runCli(
      [
        'run',
        '--quiet',
        '--python',
        options.python,
        '--json',
        json,
        '--out',
        join(folder, 'p.gilscope'),
      ],
      folder,
      options,
    );
    const records = options.recorder ? readRecords(join(folder, 'records')) : [];
    return { ...ended, profile: readProfile(json, ended), records };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `gilscope run` where no profile is expected. */
export async function runWithoutProfile(options: ProfileOptions): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-test-'));
  try {
    const command = [
      'run',
      '--quiet',
      '--python',
      options.python,
      '--out',
      join(folder, 'p.gilscope'),
    ];
    return await runCli(command, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Any `gilscope` command on a program of test/fixtures/programs. */
export function runCommandLine(
  command: readonly string[],
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  return runProcess(process.execPath, [cli, ...command, '--', programPath(program), ...args], {
    ownGroup: true,
    env: { ...process.env, ...env },
  });
}

function readProfile(path: string, ended: Ended): Profile {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Profile;
  } catch (error) {
    throw new Error(
      `No profile (exit ${ended.code ?? ended.signal ?? '?'}). Standard error:\n${ended.stderr}`,
      { cause: error },
    );
  }
}

function runCli(command: string[], folder: string, options: ProfileOptions): Promise<Ended> {
  const args = [...command, ...(options.cliArgs ?? []), '--', programPath(options.program)];
  return runProcess(process.execPath, [cli, ...args, ...(options.args ?? [])], {
    ...options,
    ownGroup: true,
    env: { ...process.env, ...options.env, ...recorderEnvironment(folder, options.recorder) },
  });
}

/** Absolute path of a fixture program. */
export function programPath(program: string): string {
  return resolve(programs, program);
}

/** 1-based numbers of the lines marked `# @NAME` in a fixture program. */
export function markedLine(program: string, name: string): number {
  const lines = readFileSync(programPath(program), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.endsWith(`# @${name}`));
  if (index < 0) throw new Error(`${program} has no line marked @${name}`);
  return index + 1;
}

/** The recorder beside the probe, with its records in `FOLDER/records`. */
export function recorderEnvironment(folder: string, wanted = false): NodeJS.ProcessEnv {
  if (!wanted) return {};
  const records = join(folder, 'records');
  mkdirSync(records);
  return { LD_PRELOAD: buildRecorder(), GIL_RECORDER_DIR: records };
}

type ProcessOptions = Pick<
  ProfileOptions,
  'env' | 'cwd' | 'input' | 'onOutput' | 'timeoutMs' | 'ownGroup'
>;

/** Runs any program to its end; kills it and rejects after `timeoutMs` (default 60 s). */
export function runProcess(
  executable: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(executable, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'pipe',
      detached: options.ownGroup ?? false,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const control: RunControl = { pid: child.pid ?? 0, signal: (name) => void child.kill(name) };
    const limitMs = options.timeoutMs ?? 60_000;
    const timer = setTimeout(() => {
      if (options.ownGroup && child.pid) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
      for (const stream of child.stdio) stream?.destroy();
      const said = Buffer.concat([...stdout, ...stderr]).toString();
      fail(new Error(`${args.join(' ')} did not end in ${limitMs / 1000} s; it said:\n${said}`));
    }, limitMs);
    child.stdout.on('data', (bytes: Buffer) => {
      stdout.push(bytes);
      options.onOutput?.(bytes.toString(), control);
    });
    child.stderr.on('data', (bytes: Buffer) => void stderr.push(bytes));
    // A program that does not read its input may end first.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.once('error', fail);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      done({
        code,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}
