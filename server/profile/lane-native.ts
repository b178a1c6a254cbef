import { firstAbove } from './search';
import { grown } from './table';

/** Beyond it, a time off is added to the one before. */
const MOST = 1 << 20;

/**
 * How much of its time off the GIL a thread was on a CPU, in the order of time. When, within such a time, is not known:
 * it is spread evenly.
 */
export class LaneNative {
  #count = 0;
  #start = new Float64Array(4);
  #end = new Float64Array(4);
  #ns = new Float64Array(4);
  /** Before it. */
  #before = new Float64Array(4);

  get count(): number {
    return this.#count;
  }

  /** Times off must come in order. */
  push(startNs: number, endNs: number, nativeNs: number): void {
    const at = this.#count;
    if (at === MOST) {
      this.#end[at - 1] = endNs;
      this.#ns[at - 1] = (this.#ns[at - 1] as number) + nativeNs;
      return;
    }
    if (at === this.#start.length) this.#grow();
    this.#start[at] = startNs;
    this.#end[at] = endNs;
    this.#ns[at] = nativeNs;
    this.#before[at] =
      at === 0 ? 0 : (this.#before[at - 1] as number) + (this.#ns[at - 1] as number);
    this.#count = at + 1;
  }

  /** Time on a CPU up to a moment, of the first `count` times off. */
  until(timeNs: number, count: number): number {
    const at = this.#lastFrom(timeNs, count);
    if (at < 0) return 0;
    const startNs = this.#start[at] as number;
    const part = Math.min((timeNs - startNs) / ((this.#end[at] as number) - startNs), 1);
    return (this.#before[at] as number) + part * (this.#ns[at] as number);
  }

  /** Whether it is known of the time off that contains a moment. */
  knows(timeNs: number, count: number): boolean {
    const at = this.#lastFrom(timeNs, count);
    return at >= 0 && (this.#end[at] as number) > timeNs;
  }

  /** The last that begins at a moment or before, -1: none. */
  #lastFrom(timeNs: number, count: number): number {
    return firstAbove(this.#start, count, timeNs) - 1;
  }

  #grow(): void {
    const needed = this.#count * 2;
    this.#start = grown(this.#start, needed);
    this.#end = grown(this.#end, needed);
    this.#ns = grown(this.#ns, needed);
    this.#before = grown(this.#before, needed);
  }
}
