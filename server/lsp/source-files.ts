import { readFile, realpath, stat } from 'node:fs/promises';
import { isPath } from './file-paths';
import { sourceTextOf, type SourceText } from './source-text';

/** What a saved profile holds of the texts it was recorded on: the hashes of a file's lines. */
export type StoredHashes = ReadonlyMap<string, readonly string[]>;

export interface LearnOptions {
  /** Of a saved profile; null: the program runs now, the text on the disk is the one that it runs. */
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

  /** Reads the files that are new. A text is read once: later edits are told apart from it. */
  async learn(files: Iterable<string>, options: LearnOptions): Promise<void> {
    for (const file of new Set(files)) {
      if (this.learned.has(file)) continue;
      this.learned.set(file, { realPath: null, source: null });
      if (isPath(file)) this.learned.set(file, await this.read(file, options));
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

  private async read(file: string, options: LearnOptions): Promise<LearnedFile> {
    try {
      const realPath = await realpath(file);
      const known = this.sources.get(realPath);
      if (known) return { realPath, source: known };
      if (options.recordedUntilMs !== null) {
        const { mtimeMs } = await stat(realPath);
        if (mtimeMs > options.recordedUntilMs) {
          options.onUnknownText(file);
          return { realPath, source: null };
        }
      }
      const source = sourceTextOf(await readFile(realPath, 'utf8'));
      this.sources.set(realPath, source);
      return { realPath, source };
    } catch {
      // Gone, a folder, not readable: then there is no editor to show numbers in either.
      return { realPath: null, source: null };
    }
  }
}
