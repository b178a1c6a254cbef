import type { StackTable } from '../trace/events';
import type { LineIndex } from './line-index';
import { standardModuleOf } from './python-library';
import { grownInts } from './table';

/** The nearest line of a stack that is not of Python's own library: where a program has to do with a lock. */
export class UserLines {
  readonly #lines: LineIndex;
  /** By node: line + 1, 0 not asked yet. */
  #known = new Int32Array(64);
  readonly #isLibrary: (boolean | undefined)[] = [];

  constructor(lines: LineIndex) {
    this.#lines = lines;
  }

  /** The innermost line where there is no other. */
  lineOf(stacks: StackTable, node: number): number {
    if (node >= this.#lines.nodeCount) return 0;
    if (node >= this.#known.length) this.#known = grownInts(this.#known, node + 1);
    const known = this.#known[node] as number;
    if (known > 0) return known - 1;
    let at = node;
    while (at > 0 && this.#isLibraryLine(this.#lines.lineOf(at))) at = stacks.parentOf(at);
    const line = this.#lines.lineOf(at === 0 ? node : at);
    this.#known[node] = line + 1;
    return line;
  }

  #isLibraryLine(line: number): boolean {
    const known = this.#isLibrary[line];
    if (known !== undefined) return known;
    const is = standardModuleOf(this.#lines.placeOf(line).file) !== null;
    this.#isLibrary[line] = is;
    return is;
  }
}
