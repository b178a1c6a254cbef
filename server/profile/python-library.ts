/** What a file is, by its path: a module of Python's own library, or not. */

const STANDARD =
  /[\\/](?:lib(?:64)?[\\/]python\d[\d.]*t?|Lib)[\\/](?!(?:site|dist)-packages[\\/])(.+?)(?:[\\/]__init__)?\.py$/;
const FROZEN = /^<frozen (.+)>$/;

/** `threading`, `concurrent.futures.thread`, `importlib._bootstrap`; null where it is no module of the standard library. */
export function standardModuleOf(file: string): string | null {
  const found = FROZEN.exec(file) ?? STANDARD.exec(file);
  return found?.[1]?.replaceAll(/[\\/]/g, '.') ?? null;
}

/** The last part of a name that may be qualified: Python names functions by their class only from 3.11 on. */
export function shortName(qualifiedName: string): string {
  return qualifiedName.slice(qualifiedName.lastIndexOf('.') + 1);
}
