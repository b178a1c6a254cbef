import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, messageOf, RunError } from './run-error';

/** `run.json`: what the launcher knows of a run. */
export interface RunManifest {
  readonly format: 'gilscope-run';
  readonly version: 1;
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  /** Null while the program runs, or where its end was not seen. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** Processes that went on when the program had ended. */
  readonly running?: readonly number[];
  /** Children that could not be recorded, a sentence for each. */
  readonly unrecorded?: readonly string[];
  /** By pid, the strongest signal that ending the run on request sent to a process of it. */
  readonly stopped?: Readonly<Record<string, string>>;
}

export const MANIFEST_NAME = 'run.json';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'the disk quota is used up',
};

/** Why a folder or file cannot be written, in words. */
export function reasonOf(error: unknown): string {
  return REASONS[errnoOf(error)] ?? messageOf(error);
}

/**
 * Makes the folder of a run and writes its manifest.
 * @param base Folder to make it in; empty: the system's temporary folder.
 * @throws RunError `traceFolder`.
 */
export function createRunFolder(base: string, command: readonly string[], startedAt: Date): string {
  const parent = base === '' ? tmpdir() : base;
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(parent, 'gilscope-'));
    writeManifest(folder, {
      format: 'gilscope-run',
      version: 1,
      command,
      startedAt: startedAt.toISOString(),
      exit: null,
    });
    return folder;
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    const other = base === '' ? 'the environment variable TMPDIR' : 'the trace folder setting';
    throw new RunError(
      'traceFolder',
      `The trace cannot be written to ${parent}: ${reasonOf(error)}. Make room or choose another folder with ${other}.`,
    );
  }
}

/** Writes the manifest whole or not at all. */
export function writeManifest(folder: string, manifest: RunManifest): void {
  const path = join(folder, MANIFEST_NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Notes how the program ended, and what became of its other processes, in the manifest of its run.
 *
 * @throws RunError if the folder is gone
 */
export function writeExit(
  folder: string,
  exit: NonNullable<RunManifest['exit']>,
  others: Required<Pick<RunManifest, 'running' | 'unrecorded'>> & Pick<RunManifest, 'stopped'>,
): void {
  try {
    const text = readFileSync(join(folder, MANIFEST_NAME), 'utf8');
    writeManifest(folder, { ...(JSON.parse(text) as RunManifest), exit, ...others });
  } catch (error) {
    throw new RunError(
      'traceFolder',
      `The trace in ${folder} was removed or cannot be written any more: ${reasonOf(error)}. Leave this folder alone while the program runs, and run it again.`,
    );
  }
}
