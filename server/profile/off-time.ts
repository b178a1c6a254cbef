import { apportion } from './apportion';

/** A reading of a thread's CPU clock. */
interface CpuReading {
  readonly atNs: number;
  readonly cpuNs: number;
  /** How long the thread had held any GIL by then. */
  readonly heldNs: number;
}

type Charge = (cell: number, nativeNs: number) => void;

/**
 * How much of its time off the GIL a thread was on a CPU: what its CPU clock counted between two readings, less the
 * time that it held a GIL meanwhile. Several times off between two readings share it by their length; the probe reads
 * at the end of each that is longer than 50 µs, so that only shorter ones do, and where one begins after a hold longer
 * than 200 µs.
 */
export class OffTime {
  #cells: number[] = [];
  #ns: number[] = [];
  /** Length of the last time off, and what of it was on a CPU. */
  #lastOffNs = 0;
  #lastNativeNs: number | null = null;
  #pending: CpuReading[] = [];
  #last: CpuReading | null = null;
  /** Time that the lane itself had held its GIL by then. */
  #lastLaneHoldNs = 0;

  /** Readings must come in the order of time, before the cycles in which they fall. */
  read(reading: CpuReading): void {
    this.#pending.push(reading);
  }

  /** The thread was off for `ns`, charged to a cell. */
  add(cell: number, ns: number): void {
    this.#lastOffNs = ns;
    this.#lastNativeNs = null;
    if (ns <= 0) return;
    let at = this.#cells.length - 1;
    while (at >= 0 && this.#cells[at] !== cell) at--;
    if (at >= 0) this.#ns[at] = (this.#ns[at] ?? 0) + ns;
    else {
      this.#cells.push(cell);
      this.#ns.push(ns);
    }
  }

  /** Charges what the readings up to a time tell about the times off until then. */
  settle(untilNs: number, laneHoldNs: number, charge: Charge): void {
    let taken = 0;
    for (const reading of this.#pending) {
      if (reading.atNs > untilNs) break;
      this.#charge(reading, charge);
      this.#lastLaneHoldNs = laneHoldNs;
      taken++;
    }
    if (taken > 0) this.#pending.splice(0, taken);
  }

  /**
   * The thread's CPU time at a release, from a sample shortly before it, where the clock was not read at the release
   * itself: a hold in which it lost its core must not count as CPU time.
   */
  sampled(atNs: number, cpuNs: number, laneHoldNs: number, charge: Charge): void {
    if (this.#last === null || this.#last.atNs >= atNs) return;
    const heldNs = this.#last.heldNs + laneHoldNs - this.#lastLaneHoldNs;
    this.#charge({ atNs, cpuNs, heldNs }, charge);
    this.#lastLaneHoldNs = laneHoldNs;
  }

  /** How long the thread was on a CPU in the last time off, once that is settled; null: not known. */
  get lastNativeNs(): number | null {
    return this.#lastNativeNs;
  }

  /** Whether a reading up to a time waits to be settled. */
  isDue(untilNs: number): boolean {
    const next = this.#pending[0];
    return next !== undefined && next.atNs <= untilNs;
  }

  #charge(reading: CpuReading, charge: Charge): void {
    const last = this.#last;
    this.#last = reading;
    const offNs = this.#ns.reduce((sum, ns) => sum + ns, 0);
    if (last !== null && offNs > 0) {
      const onCpuNs = reading.cpuNs - last.cpuNs - (reading.heldNs - last.heldNs);
      const nativeNs = Math.round(Math.min(Math.max(onCpuNs, 0), offNs));
      this.#lastNativeNs = Math.round((nativeNs * this.#lastOffNs) / offNs);
      if (nativeNs > 0) {
        const parts = apportion(nativeNs, this.#ns);
        this.#cells.forEach((cell, i) => charge(cell, parts[i] ?? 0));
      }
    }
    this.#cells = [];
    this.#ns = [];
  }
}
