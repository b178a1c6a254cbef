import { readFile, realpath, stat } from 'node:fs/promises';
import { isPath } from './file-paths';
import { sourceTextOf, type SourceText } from './source-text';
import { packHashes, restoreText, type StoredHashes } from './stored-hashes';

/** No source of a person is larger. */
const MAX_SOURCE_BYTES = 64 << 20;

/** Where the texts as profiled come from. */
export interface SourceOrigin {
  /** What a saved profile holds of them; empty while the program runs. */
  readonly stored: StoredHashes;
  /** A file that was changed later has another text than the profile; null: the program runs now. */
  readonly recordedUntilMs: number | null;
  /** Told of a file whose text as profiled is not known. */
  readonly onUnknownText: (file: string) => void;
}

interface LearnedFile {
  /** Null: it is not on this disk. */
  readonly realPath: string | null;
  readonly source: SourceText | null;
}

/** The files that one profile names: where they really are, and their texts as profiled. */
export class SourceFiles {
  private readonly learned = new Map<string, LearnedFile>();
  private readonly sources = new Map<string, SourceText>();

  constructor(private readonly origin: SourceOrigin) {}

  /** Reads the files that are new. A text is read once: later edits are told apart from it. */
  async learn(files: Iterable<string>): Promise<void> {
    for (const file of new Set(files)) {
      if (this.learned.has(file)) continue;
      this.learned.set(file, { realPath: null, source: null });
      if (isPath(file)) this.learned.set(file, await this.read(file));
    }
  }

  /** The key of a file: its real path, or its own name where it is not on this disk. */
  keyOf(file: string): string {
    return this.learned.get(file)?.realPath ?? file;
  }

  /** The text as profiled; null where it is not known. */
  sourceOf(key: string): SourceText | null {
    return this.sources.get(key) ?? null;
  }

  /** Names of files that are on this disk with the text known. */
  known(): string[] {
    return [...this.learned].filter(([, { source }]) => source !== null).map(([file]) => file);
  }

  /** What a saved profile has to hold of the texts. */
  toStore(): StoredHashes {
    const known = [...this.learned].flatMap(([file, { source }]) =>
      source === null ? [] : [[file, packHashes(source.lineHashes)] as const],
    );
    return Object.fromEntries(known);
  }

  private async read(file: string): Promise<LearnedFile> {
    try {
      const realPath = await realpath(file);
      const source = this.sources.get(realPath) ?? (await this.textOf(file, realPath));
      if (source) this.sources.set(realPath, source);
      else this.origin.onUnknownText(file);
      return { realPath, source };
    } catch {
      // Gone, a folder, not readable: then there is no editor to show numbers in either.
      return { realPath: null, source: null };
    }
  }

  private async textOf(file: string, realPath: string): Promise<SourceText | null> {
    const { stored, recordedUntilMs } = this.origin;
    // A profile may name anything: a pipe or a device would never end.
    const stats = await stat(realPath);
    if (!stats.isFile() || stats.size > MAX_SOURCE_BYTES) return null;
    const packed = stored[file];
    if (packed !== undefined) return restoreText(packed, await readFile(realPath, 'utf8'));
    if (recordedUntilMs !== null && stats.mtimeMs > recordedUntilMs) return null;
    return sourceTextOf(await readFile(realPath, 'utf8'));
  }
}
