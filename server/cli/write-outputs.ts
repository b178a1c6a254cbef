import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { reasonOf } from '../interpreter/run-folder';
import { ToolFault } from './tool-fault';

/**
 * Checks that files can be written, so that nobody runs or reads for long in vain.
 * @throws ToolFault
 */
export function checkWritable(paths: readonly (string | null)[]): void {
  for (const path of paths) {
    if (path === null || path === '-') continue;
    try {
      accessSync(dirname(resolve(path)), constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new ToolFault(
        `${path} cannot be written: its folder: ${reasonOf(error)}. Nothing was done.`,
      );
    }
  }
}

/** @throws ToolFault */
export function writeOutput(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new ToolFault(`${path} cannot be written: ${reasonOf(error)}.`);
  }
}

/** Writes all of a text to standard output or error; who reads it may have gone. */
export function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((done) => {
    stream.once('error', () => done());
    stream.write(text, () => done());
  });
}
