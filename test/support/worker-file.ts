import { rmSync } from 'node:fs';
import { after, before } from 'node:test';
import { build } from 'esbuild';

/** Bundles the worker of profiles to this file before the tests, and removes the folder after them. */
export function buildWorkerFor(folder: string, workerFile: string): void {
  before(() =>
    build({
      entryPoints: ['server/profile/worker.ts'],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: workerFile,
      logLevel: 'error',
    }),
  );
  after(() => rmSync(folder, { recursive: true }));
}
