import { testPythons, type FoundPython } from '../../scripts/pythons.mjs';

/** The interpreters that tests run on, those with a GIL. */
export function gilPythons(): FoundPython[] {
  return testPythons().filter((python) => !python.freeThreaded);
}

/** Those without a GIL. */
export function freePythons(): FoundPython[] {
  return testPythons().filter((python) => python.freeThreaded);
}

/** `CPython 3.12.1 shared`. */
export function titleOf(python: FoundPython): string {
  const kind = python.freeThreaded ? ' free-threaded' : '';
  return `CPython ${python.version}${kind} ${python.linkage}`;
}

/** Whether the version is at least 3.MINOR. */
export function isAtLeast(python: FoundPython, minor: number): boolean {
  return Number(python.minor.split('.')[1]) >= minor;
}

/**
 * One interpreter of each minor version, shared and static ones in turn, for what takes long; shared ones from 3.13 on,
 * where the static ones at hand bring a C library of their own.
 */
export function oneOfEachMinor(): FoundPython[] {
  const all = gilPythons();
  const minors = [...new Set(all.map(({ minor }) => minor))];
  return minors.flatMap((minor, index) => {
    const own = all.filter((python) => python.minor === minor);
    const wanted = index % 2 === 0 || index > 3 ? 'shared' : 'static';
    const chosen = own.find(({ linkage }) => linkage === wanted) ?? own[0];
    return chosen === undefined ? [] : [chosen];
  });
}

/**
 * For the long tests: `one` of each minor version, or the `other`, so that shared and static builds are shared out over
 * them. All with GILSCOPE_EVERY_PYTHON=1 (`npm run test:interpreters`), and where GILSCOPE_TEST_PYTHONS chose them.
 */
export function halfOfPythons(which: 'one' | 'other'): FoundPython[] {
  const all = gilPythons();
  if (process.env.GILSCOPE_EVERY_PYTHON || process.env.GILSCOPE_TEST_PYTHONS) return all;
  return oneOfEachMinor().map((one) => {
    const other = all.find(({ minor, path }) => minor === one.minor && path !== one.path);
    return which === 'other' ? (other ?? one) : one;
  });
}
