import { grown, grownInts } from './table';

/** Amounts by unit, each unit once: what a wait takes together before it is charged. */
export class UnitSums {
  ns = new Float64Array(256);
  touched = new Int32Array(256);
  count = 0;

  add(unit: number, ns: number): void {
    if (unit >= this.ns.length) {
      this.ns = grown(this.ns, unit + 1);
      this.touched = grownInts(this.touched, unit + 1);
    }
    const before = this.ns[unit] as number;
    if (before === 0) this.touched[this.count++] = unit;
    this.ns[unit] = before + ns;
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.ns[this.touched[i] as number] = 0;
    this.count = 0;
  }
}
