import { readFileSync, statSync } from 'node:fs';
import { hashLine, linesOf } from '../lsp/source-text';
import { packHashes, type StoredHashes } from '../lsp/stored-hashes';
import { isPath } from '../lsp/file-paths';
import type { Profile } from '../protocol';

/**
 * What a profile keeps of the texts of its files, so that its numbers can be found again on lines that have moved. A
 * file that was changed since the run began may have been another one when it was imported: it is left out.
 */
export function sourceHashes(profile: Profile): StoredHashes {
  const startMs = Date.parse(profile.startedAt);
  const files = new Set(profile.lines.map((row) => row.file).filter(isPath));
  const hashes: [string, string][] = [];
  for (const file of files) {
    try {
      if (statSync(file).mtimeMs > startMs) continue;
      hashes.push([file, packHashes(linesOf(readFileSync(file, 'utf8')).map(hashLine))]);
    } catch {
      // Gone, or no file at all: its lines keep their numbers.
    }
  }
  return Object.fromEntries(hashes);
}
