/** A test by its name, and the modules that regrtest runs one by one. */
export interface CpythonTest {
  readonly name: string;
  readonly modules: readonly string[];
}

export function cpythonTests(python: { readonly path: string }): CpythonTest[] | null;
