import { grown, grownInts } from './table';
import type { UnitSums } from './unit-sums';

/** One unit's holds in a window: their indices, and the time held up to and including each. */
interface UnitLine {
  readonly unit: number;
  index: Int32Array;
  heldNs: Float64Array;
  count: number;
  /** Its neighbours in the order of last holds. */
  newer: UnitLine | null;
  older: UnitLine | null;
}

/**
 * Time held by unit as running sums, and the units in the order of their last holds: what a wait is charged to costs
 * the units that held during it, not the holds.
 */
export class UnitHistory {
  readonly #lines: (UnitLine | undefined)[] = [];
  #newest: UnitLine | null = null;

  clear(): void {
    for (const line of this.#lines) {
      if (line === undefined) continue;
      line.count = 0;
      line.newer = null;
      line.older = null;
    }
    this.#newest = null;
  }

  push(index: number, unit: number, ns: number): void {
    const line = this.#lines[unit] ?? this.#addLine(unit);
    const at = line.count;
    if (at === line.index.length) {
      line.index = grownInts(line.index, at + 1);
      line.heldNs = grown(line.heldNs, at + 1);
    }
    line.index[at] = index;
    line.heldNs[at] = at === 0 ? ns : (line.heldNs[at - 1] as number) + ns;
    line.count = at + 1;
    if (line !== this.#newest) this.#moveToFront(line);
  }

  /** Adds the holds from index `from` on. */
  sumFrom(from: number, sums: UnitSums): void {
    for (let line = this.#newest; line !== null; line = line.older) {
      const { count } = line;
      if ((line.index[count - 1] as number) < from) return;
      sums.add(line.unit, heldUpTo(line, count) - heldUpTo(line, firstFrom(line, from)));
    }
  }

  /** Adds the holds from index `from` up to, without, index `to`. */
  sumBetween(from: number, to: number, sums: UnitSums): void {
    for (let line = this.#newest; line !== null; line = line.older) {
      if ((line.index[line.count - 1] as number) < from) return;
      const ns = heldUpTo(line, firstFrom(line, to)) - heldUpTo(line, firstFrom(line, from));
      if (ns > 0) sums.add(line.unit, ns);
    }
  }

  #addLine(unit: number): UnitLine {
    const line: UnitLine = {
      unit,
      index: new Int32Array(8),
      heldNs: new Float64Array(8),
      count: 0,
      newer: null,
      older: null,
    };
    while (this.#lines.length < unit) this.#lines.push(undefined);
    this.#lines[unit] = line;
    return line;
  }

  #moveToFront(line: UnitLine): void {
    if (line.newer !== null) line.newer.older = line.older;
    if (line.older !== null) line.older.newer = line.newer;
    line.newer = null;
    line.older = this.#newest;
    if (this.#newest !== null) this.#newest.newer = line;
    this.#newest = line;
  }
}

/** Time of the first `count` holds of a unit. */
function heldUpTo({ heldNs }: UnitLine, count: number): number {
  return count === 0 ? 0 : (heldNs[count - 1] as number);
}

/** How many holds of a unit come before an index; searched from the end. */
function firstFrom({ index, count }: UnitLine, from: number): number {
  let high = count;
  let step = 1;
  while (high - step >= 0 && (index[high - step] as number) >= from) {
    high -= step;
    step *= 2;
  }
  let low = Math.max(high - step, -1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((index[middle] as number) >= from) high = middle;
    else low = middle;
  }
  return high;
}
