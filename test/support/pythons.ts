import { testPythons, type FoundPython } from '../../scripts/pythons.mjs';

/** The interpreters that tests run on, those with a GIL. */
export function gilPythons(): FoundPython[] {
  return testPythons().filter((python) => !python.freeThreaded);
}

/** `CPython 3.12.1 shared`. */
export function titleOf(python: FoundPython): string {
  return `CPython ${python.version} ${python.linkage}`;
}

/** Whether the version is at least 3.MINOR. */
export function isAtLeast(python: FoundPython, minor: number): boolean {
  return Number(python.minor.split('.')[1]) >= minor;
}
