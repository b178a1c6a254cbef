import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { CHUNK_BYTES } from './format';
import { systemReason, TraceError } from './trace-error';

/** The bytes of one trace, by chunk; chunk 0 is the header and the GIL table. Only open between open and close. */
export interface TraceSource {
  /** Path, for messages. */
  readonly path: string;
  /** `PID.trace`. */
  readonly name: string;
  /** @throws TraceError */
  open(): void;
  close(): void;
  /** Chunks that are there, in whole or in part. */
  chunkCount(): number;
  /**
   * Copies bytes of a chunk into `target` from its start.
   *
   * @returns how many bytes were there, less than asked for in a file that was cut
   * @throws TraceError if they cannot be read
   */
  read(target: Uint8Array, chunk: number, from: number, length: number): number;
}

/** A trace file, which may still be growing. Not kept open between reads: a run may have thousands of processes. */
export class TraceFile implements TraceSource {
  readonly name: string;
  private descriptor = -1;

  constructor(readonly path: string) {
    this.name = basename(path);
  }

  open(): void {
    try {
      this.descriptor = openSync(this.path, 'r');
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }

  close(): void {
    if (this.descriptor >= 0) closeSync(this.descriptor);
    this.descriptor = -1;
  }

  chunkCount(): number {
    try {
      return Math.ceil(fstatSync(this.descriptor).size / CHUNK_BYTES);
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }

  read(target: Uint8Array, chunk: number, from: number, length: number): number {
    const at = chunk * CHUNK_BYTES + from;
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.descriptor, target, done, length - done, at + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw unreadable(this.path, error);
    }
    return done;
  }
}

function unreadable(path: string, error: unknown): TraceError {
  const what = `the trace cannot be read: ${systemReason(error)}`;
  return new TraceError(path, what, 'Check the file and that you may read it.');
}
