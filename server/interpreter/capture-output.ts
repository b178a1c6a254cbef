import { spawn, type ChildProcess } from 'node:child_process';
import { errnoOf, messageOf } from './run-error';

export type Captured =
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'tooMuchOutput' }
  | { readonly kind: 'notStarted'; readonly errno: string; readonly message: string };

export interface CaptureOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

const MAX_OUTPUT_CHARS = 1 << 18;

/** Runs a short program with standard input closed and returns what it wrote. Never throws, never hangs. */
export function captureOutput(
  executable: string,
  args: readonly string[],
  options: CaptureOptions,
): Promise<Captured> {
  return new Promise((resolve) => {
    const child = spawn(executable, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a shim's children go with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const texts = { stdout: '', stderr: '' };
    const end = (result: Captured): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const abandon = (result: Captured): void => {
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      end(result);
    };
    const timer = setTimeout(() => abandon({ kind: 'timeout' }), options.timeoutMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        texts[name] += text;
        if (texts[name].length > MAX_OUTPUT_CHARS) abandon({ kind: 'tooMuchOutput' });
      });
    }
    child.on('error', (error) =>
      end({ kind: 'notStarted', errno: errnoOf(error), message: messageOf(error) }),
    );
    child.on('close', (code, signal) => end({ kind: 'ended', code, signal, ...texts }));
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
