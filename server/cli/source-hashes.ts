import { readFileSync, statSync } from 'node:fs';
import { isPath } from '../lsp/file-paths';
import { hashLine, linesOf } from '../lsp/source-text';
import { packHashes, type StoredHashes } from '../lsp/stored-hashes';
import { isOwnFile } from '../profile/report-places';
import type { LineRow, Profile } from '../protocol';

/** What is kept of libraries, at most: hashes do not shrink, and a program may import a thousand files. */
const LIBRARY_CHARACTERS = 256 * 1024;

/**
 * What a profile keeps of the texts of its files, so that its numbers can be found again on lines that have moved: of
 * the user's own files all, of libraries those that cost most. A file that was changed since the run began may have been
 * another one when it was imported: it is left out.
 */
export function sourceHashes(profile: Profile): StoredHashes {
  const startMs = Date.parse(profile.startedAt);
  const hashes: [string, string][] = [];
  let libraries = 0;
  for (const file of filesByCost(profile.lines)) {
    const isOwn = isOwnFile(file);
    if (!isOwn && libraries >= LIBRARY_CHARACTERS) continue;
    const packed = packedText(file, startMs);
    if (packed === null) continue;
    hashes.push([file, packed]);
    if (!isOwn) libraries += packed.length;
  }
  return Object.fromEntries(hashes);
}

function filesByCost(lines: readonly LineRow[]): string[] {
  const costs = new Map<string, number>();
  for (const { file, hold, wait, blocks } of lines) {
    const ns = hold.selfNs + wait.selfNs + blocks.selfNs;
    if (isPath(file)) costs.set(file, (costs.get(file) ?? 0) + ns);
  }
  return [...costs.keys()].sort((a, b) => (costs.get(b) ?? 0) - (costs.get(a) ?? 0));
}

/** Null: changed since, gone, or no file at all. Then its lines keep their numbers. */
function packedText(file: string, startMs: number): string | null {
  try {
    if (statSync(file).mtimeMs > startMs) return null;
    return packHashes(linesOf(readFileSync(file, 'utf8')).map(hashLine));
  } catch {
    return null;
  }
}
