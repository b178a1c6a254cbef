/**
 * Does something once nothing has asked for it for a while. Asked for in every frame: a timer is not set anew each time,
 * but looks, when it ends, whether it was asked for meanwhile.
 */
export class Later {
  readonly #delayMs: number;
  readonly #act: () => void;
  #dueMs = 0;
  #timer = 0;

  constructor(delayMs: number, act: () => void) {
    this.#delayMs = delayMs;
    this.#act = act;
  }

  touch(): void {
    this.#dueMs = performance.now() + this.#delayMs;
    if (this.#timer === 0) this.#wait(this.#delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #wait(ms: number): void {
    this.#timer = window.setTimeout(() => {
      const leftMs = this.#dueMs - performance.now();
      if (leftMs > 1) {
        this.#wait(leftMs);
        return;
      }
      this.#timer = 0;
      this.#act();
    }, ms);
  }
}
