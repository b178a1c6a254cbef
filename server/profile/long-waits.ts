/** A wait, by its times. */
export interface LongWait {
  /** A lane, a thread or a row, as the list has it. */
  readonly of: number;
  readonly startNs: number;
  readonly endNs: number;
  /** Null: for the GIL. */
  readonly lock: { readonly lock: number; readonly stack: number } | null;
}

/** The longest waits of the run: a bounded list. */
export class LongWaits {
  readonly #capacity: number;
  #waits: LongWait[] = [];
  #shortestNs = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** `lock`: -1 for the GIL. */
  offer(of: number, startNs: number, endNs: number, lock = -1, stack = 0): void {
    if (endNs - startNs <= this.#shortestNs) return;
    this.#waits.push({ of, startNs, endNs, lock: lock < 0 ? null : { lock, stack } });
    // Sorted only now and then, so that a wait costs little.
    if (this.#waits.length >= 2 * this.#capacity) this.#cut();
  }

  get all(): readonly LongWait[] {
    this.#cut();
    return this.#waits;
  }

  #cut(): void {
    this.#waits = ranked(this.#waits);
    if (this.#waits.length < this.#capacity) return;
    this.#waits.length = this.#capacity;
    const last = this.#waits[this.#capacity - 1];
    this.#shortestNs = last === undefined ? 0 : last.endNs - last.startNs;
  }
}

/** Longest first. */
export function ranked(waits: readonly LongWait[]): LongWait[] {
  const length = (wait: LongWait) => wait.endNs - wait.startNs;
  return waits.toSorted((a, b) => length(b) - length(a) || a.startNs - b.startNs || a.of - b.of);
}
