const WINDOW_NS = 1_000_000_000;

interface Reading {
  readonly atNs: number;
  readonly heldNs: readonly number[];
}

/** How busy the GILs were of late, from readings of their hold times. */
export class GilLoad {
  #readings: Reading[] = [{ atNs: 0, heldNs: [] }];

  /** Share of the last second up to `atNs` in which the busiest GIL was held, 0 … 1. */
  add(atNs: number, heldNs: readonly number[]): number {
    const [, second] = this.#readings;
    if (second !== undefined && second.atNs <= atNs - WINDOW_NS) this.#readings.shift();
    const since = this.#readings[0] ?? { atNs: 0, heldNs: [] };
    const last = this.#readings.at(-1);
    if (last === undefined || last.atNs < atNs) this.#readings.push({ atNs, heldNs });
    if (atNs <= since.atNs) return 0;
    const busiest = Math.max(0, ...heldNs.map((ns, gil) => ns - (since.heldNs[gil] ?? 0)));
    return Math.min(busiest / (atNs - since.atNs), 1);
  }
}
