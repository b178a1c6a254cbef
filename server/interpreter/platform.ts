import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { RunError } from './run-error';

/** The C part, as built for this platform. */
export interface NativeFiles {
  /** The probe, for LD_PRELOAD. */
  readonly probe: string;
  /** The host, which embeds a libpython. */
  readonly host: string;
}

const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  darwin: 'macOS',
  win32: 'Windows',
  linux: 'Linux',
};

/** Folder of the C part, beside the bundle that this code is in. */
export function defaultNativeFolder(): string {
  return join(__dirname, 'native');
}

/**
 * The C part's files.
 * @throws RunError `notSupported`, before anything is run: this platform has none, or the files are not there.
 */
export function nativeFiles(
  folder: string,
  platform: string = process.platform,
  arch: string = process.arch,
): NativeFiles {
  if (platform !== 'linux' || arch !== 'x64') {
    throw new RunError(
      'notSupported',
      `GILscope does not measure on ${PLATFORM_NAMES[platform] ?? platform} ${arch} yet: its probe is made for Linux x64. ` +
        'Saved profiles can be opened here; to record one, use Linux x64 (also in WSL, a container or over Remote SSH).',
    );
  }
  const files = { probe: join(folder, 'libgilscope.so'), host: join(folder, 'gilscope-host') };
  check(files.probe, constants.R_OK);
  check(files.host, constants.X_OK);
  return files;
}

function check(path: string, mode: number): void {
  try {
    accessSync(path, mode);
  } catch {
    throw new RunError(
      'notSupported',
      `A part of GILscope is missing: ${path}. Install it again, or build it with “npm run build”.`,
    );
  }
}
