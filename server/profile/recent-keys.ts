/** A power of two. */
const PLACES = 8;

/**
 * What a few pairs of keys were found to be of late, so that a loop over some stacks does without look-ups in a
 * `KeyIndex`. Keys are below 2³¹ and not negative.
 */
export class RecentKeys {
  readonly #first = new Int32Array(PLACES).fill(-1);
  readonly #second = new Int32Array(PLACES);
  readonly #found = new Int32Array(PLACES);

  /** -1: not among them. */
  find(first: number, second: number): number {
    const at = placeOf(first, second);
    return this.#first[at] === first && this.#second[at] === second
      ? (this.#found[at] as number)
      : -1;
  }

  keep(first: number, second: number, found: number): number {
    const at = placeOf(first, second);
    this.#first[at] = first;
    this.#second[at] = second;
    this.#found[at] = found;
    return found;
  }
}

/** Apart also for a pair and its reverse. */
function placeOf(first: number, second: number): number {
  return (first + 2 * second) & (PLACES - 1);
}
