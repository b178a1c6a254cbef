import type { StoredHashes } from './stored-hashes';

/** A finished run on its way into a profile file: what its sources were is told once the run is read. */
export class Packing {
  private readonly file: Promise<string>;
  private tell: (sources: StoredHashes) => void = () => undefined;
  private giveUp: (reason: Error) => void = () => undefined;

  /** @param pack Begins at once, and asks for the sources when it needs them. */
  constructor(pack: (sources: Promise<StoredHashes>) => Promise<string>) {
    const sources = new Promise<StoredHashes>((resolve, reject) => {
      this.tell = resolve;
      this.giveUp = reject;
    });
    this.file = pack(sources);
    // It is said to whoever finishes it; else nobody waits for it.
    for (const promise of [sources, this.file]) promise.catch(() => undefined);
  }

  /** The file, once it is whole. Rejects with words for the user. */
  finish(sources: StoredHashes): Promise<string> {
    this.tell(sources);
    return this.file;
  }

  /** There will be no file. */
  abandon(): void {
    this.giveUp(new Error('The run is not kept.'));
  }
}
