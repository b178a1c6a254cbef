import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of a socket's path; Linux takes 107, macOS fewer. */
const MOST_BYTES = 103;

/** A name that nobody can guess, so that only the runner of this terminal finds it. */
export function socketAddress(folder = tmpdir()): string {
  const name = `gilscope-${randomBytes(12).toString('hex')}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const path = join(folder, `${name}.sock`);
  return Buffer.byteLength(path) <= MOST_BYTES ? path : join('/tmp', `${name}.sock`);
}
