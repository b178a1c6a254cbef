import { readFileSync, statSync } from 'node:fs';

/** Of a file: as long as it was not changed since, null: it is read while the program runs. */
export type ReadSourceUntil = (file: string, recordedUntilMs: number | null) => string | null;

const MAX_SOURCE_BYTES = 4 << 20;

/** Reads source files, to find the names of locks: beside the worker's messages the one thing that this room reads. */
export const readSourceFile: ReadSourceUntil = (file, recordedUntilMs) => {
  if (file === '' || file.startsWith('<')) return null;
  try {
    // A profile may name anything: a pipe or a device would never end.
    const stats = statSync(file);
    const { mtimeMs, size } = stats;
    if (!stats.isFile() || size > MAX_SOURCE_BYTES) return null;
    if (recordedUntilMs !== null && mtimeMs > recordedUntilMs) return null;
    return readFileSync(file, 'utf8');
  } catch {
    // Not on this machine: its locks have no names.
    return null;
  }
};
