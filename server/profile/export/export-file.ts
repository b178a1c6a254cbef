import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import type { ByteSink } from './sinks';

const STANDARD_OUTPUT = 1;
const RETRY_MS = 5;

/**
 * Writes a file piece by piece; it appears when it is whole. What is no plain file (a pipe, a device) is written to as
 * it comes.
 * @param path `-`: standard output.
 * @param fill Hands over the pieces; its answer is the answer.
 * @throws the system's error, or that of `fill`
 */
export function writeFileInPieces<Answer>(path: string, fill: (sink: ByteSink) => Answer): Answer {
  const sinkTo = (descriptor: number): ByteSink => ({
    write: (bytes) => writeAll(descriptor, bytes),
  });
  if (path === '-') return fill(sinkTo(STANDARD_OUTPUT));
  const status = statSync(path, { throwIfNoEntry: false });
  const isPlain = status === undefined || status.isFile();
  const partial = isPlain ? `${path}.${process.pid}.part` : path;
  const descriptor = openSync(partial, 'w');
  try {
    const answer = fill(sinkTo(descriptor));
    closeSync(descriptor);
    if (isPlain) renameSync(partial, path);
    return answer;
  } catch (error) {
    if (isPlain) rmSync(partial, { force: true });
    throw error;
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done, bytes.length - done);
    } catch (error) {
      // A pipe whose reader is slower.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
