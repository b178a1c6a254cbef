/** Rows of numbers in one typed array that grows: row r, field f is at `data[r × width + f]`. */
export class Table {
  readonly width: number;
  /** Replaced when the table grows: read it anew after {@link ensure}. */
  data: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.data = new Float64Array(width * 16);
  }

  /** Makes row `row` exist, zeros where it is new. */
  ensure(row: number): void {
    const needed = (row + 1) * this.width;
    if (needed <= this.data.length) return;
    this.data = grown(this.data, needed);
  }

  /** 0 where there is no such row. */
  get(row: number, field: number): number {
    return this.data[row * this.width + field] ?? 0;
  }

  add(row: number, field: number, amount: number): void {
    const at = row * this.width + field;
    this.data[at] = (this.data[at] as number) + amount;
  }

  set(row: number, field: number, value: number): void {
    this.data[row * this.width + field] = value;
  }

  /** A table of its own with the same numbers. */
  copy(): Table {
    const copy = new Table(this.width);
    copy.data = this.data.slice();
    return copy;
  }

  raise(row: number, field: number, value: number): void {
    const at = row * this.width + field;
    if ((this.data[at] as number) < value) this.data[at] = value;
  }
}

/** A copy with room for `needed` values, at least twice as large. */
export function grown(column: Float64Array, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, column.length * 2));
  larger.set(column);
  return larger;
}

/** As {@link grown}. */
export function grownInts(column: Int32Array, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, column.length * 2));
  larger.set(column);
  return larger;
}
