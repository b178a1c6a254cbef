import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packRun } from '../trace/container-writer';
import { openRunSource } from '../trace/run-reader';
import type { StoredHashes } from './stored-hashes';

/** Where the server keeps the profile of the last run until it is saved or forgotten. */
export class TemporaryFolder {
  private folder: string | null = null;

  /**
   * Packs a finished run into a profile file of its own, which says what its sources were.
   * @throws TraceError, or a system error where there is no temporary folder
   */
  async pack(runFolder: string, sources: Promise<StoredHashes>): Promise<string> {
    this.folder ??= mkdtempSync(join(tmpdir(), 'gilscope-profile-'));
    const file = join(this.folder, 'run.gilscope');
    const source = openRunSource(runFolder);
    try {
      await packRun(source, file, async (packed) => {
        return { ...packed.manifest(), sources: await sources };
      });
      return file;
    } finally {
      source.close();
    }
  }

  remove(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
    this.folder = null;
  }
}
