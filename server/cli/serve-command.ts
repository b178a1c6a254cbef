import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Becomes the language server, which lies beside this bundle and begins when it is loaded. */
export async function serveCommand(): Promise<void> {
  await import(pathToFileURL(join(__dirname, 'server.js')).href);
}
