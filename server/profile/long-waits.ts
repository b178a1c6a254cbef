/** A wait of a lane, by its times. */
export interface LongWait {
  readonly lane: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** The longest waits of the run: a bounded list. */
export class LongWaits {
  readonly #capacity: number;
  #waits: LongWait[] = [];
  #shortestNs = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  offer(lane: number, startNs: number, endNs: number): void {
    if (endNs - startNs <= this.#shortestNs) return;
    this.#waits.push({ lane, startNs, endNs });
    // Sorted only now and then, so that a wait costs little.
    if (this.#waits.length >= 2 * this.#capacity) this.#cut();
  }

  /** Longest first, with `more` among them. */
  ranked(more: readonly LongWait[]): LongWait[] {
    this.#cut();
    return ranked([...this.#waits, ...more]);
  }

  #cut(): void {
    this.#waits = ranked(this.#waits);
    if (this.#waits.length < this.#capacity) return;
    this.#waits.length = this.#capacity;
    const last = this.#waits[this.#capacity - 1];
    this.#shortestNs = last === undefined ? 0 : last.endNs - last.startNs;
  }
}

function ranked(waits: readonly LongWait[]): LongWait[] {
  const length = (wait: LongWait) => wait.endNs - wait.startNs;
  return waits.toSorted(
    (a, b) => length(b) - length(a) || a.startNs - b.startNs || a.lane - b.lane,
  );
}
