import { fileURLToPath, pathToFileURL } from 'node:url';

/** The path of a `file:` URI; null for any other scheme, and for what is no URI. */
export function pathOfUri(uri: string): string | null {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : null;
  } catch {
    return null;
  }
}

export function uriOfPath(path: string): string {
  return pathToFileURL(path).href;
}

/** Whether a profile's file name is a path, and not a name in angle brackets. */
export function isPath(file: string): boolean {
  return file !== '' && !file.startsWith('<');
}

/** A path as it is shown: relative to the folder that contains it, else whole. */
export function shownPath(file: string, folders: readonly string[]): string {
  const folder = folders
    .filter((root) => file.startsWith(root.endsWith('/') ? root : `${root}/`))
    .sort((a, b) => b.length - a.length)[0];
  return folder === undefined ? file : file.slice(folder.length).replace(/^\/+/, '');
}
