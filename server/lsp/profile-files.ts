import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { reasonOf } from '../interpreter/run-folder';
import { openRunSource } from '../trace/run-reader';
import { english } from './text';

/**
 * The manifest of a saved profile or a run folder.
 * @throws TraceError
 */
export function readManifest(path: string): unknown {
  const source = openRunSource(path);
  try {
    return source.manifest();
  } finally {
    source.close();
  }
}

/** Copies a profile file; the copy appears when it is whole. @throws Error with words for the user */
export async function saveContainer(container: string, path: string): Promise<void> {
  if (container !== path) await save(path, (partial) => copyFile(container, partial));
}

/** @throws Error with words for the user */
export async function saveText(path: string, content: string): Promise<void> {
  await save(path, (partial) => writeFile(partial, content));
}

async function save(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.${process.pid}.part`;
  try {
    await write(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new Error(english.profile.notWritten(path, reasonOf(error)), { cause: error });
  }
}
