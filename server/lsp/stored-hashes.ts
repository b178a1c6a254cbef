import { mapLines } from '../profile/line-map';
import { sourceTextOf, type SourceText } from './source-text';

/**
 * What a saved profile keeps of the texts it was recorded on, in its manifest under `sources`: for each file the
 * first eight bytes of the SHA-256 of each line, one after the other, in base64.
 */
export type StoredHashes = Readonly<Record<string, string>>;

const PREFIX_BYTES = 8;
const PREFIX_DIGITS = PREFIX_BYTES * 2;
const HASH_DIGITS = 64;

/** What is kept of the hash of a line. */
export function hashPrefix(hash: string): string {
  return hash.slice(0, PREFIX_DIGITS);
}

export function packHashes(lineHashes: readonly string[]): string {
  return Buffer.from(lineHashes.map(hashPrefix).join(''), 'hex').toString('base64');
}

/** What is kept of each line's hash. */
export function unpackHashes(packed: string): string[] {
  const digits = Buffer.from(packed, 'base64').toString('hex');
  const prefixes: string[] = [];
  for (let at = 0; at + PREFIX_DIGITS <= digits.length; at += PREFIX_DIGITS) {
    prefixes.push(digits.slice(at, at + PREFIX_DIGITS));
  }
  return prefixes;
}

/** The text as profiled, from what was kept of it and the text that the file has now. */
export function restoreText(packed: string, textNow: string): SourceText {
  const now = sourceTextOf(textNow);
  const full = new Map(now.lineHashes.map((hash) => [hashPrefix(hash), hash]));
  // A line that is not there any more can never be found again: its whole hash is not needed.
  const lineHashes = unpackHashes(packed).map(
    (prefix) => full.get(prefix) ?? prefix.padEnd(HASH_DIGITS, '0'),
  );
  const lineNow = mapLines(lineHashes, now.lineHashes);
  const isSame =
    lineHashes.length === now.lineHashes.length && lineNow.every((line, at) => line === at);
  if (isSame) return now;
  return {
    lineHashes,
    definitions: now.definitions.flatMap(({ line, name }) => {
      const profiled = lineNow.indexOf(line - 1);
      return profiled < 0 ? [] : [{ line: profiled + 1, name }];
    }),
    // Those of another text say nothing about this run.
    budgets: { budgets: [], problems: [] },
  };
}

/** The `sources` of a manifest's JSON. */
export function storedHashesOf(manifest: unknown): StoredHashes {
  if (typeof manifest !== 'object' || manifest === null || !('sources' in manifest)) return {};
  const { sources } = manifest;
  if (typeof sources !== 'object' || sources === null) return {};
  return Object.fromEntries(
    Object.entries(sources).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
