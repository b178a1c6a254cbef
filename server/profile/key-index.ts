/** Numbers pairs of 32-bit keys 0, 1, 2, … in the order in which they first come: a map without an object per entry. */
export class KeyIndex {
  #slots = new Int32Array(64);
  #first = new Uint32Array(32);
  #second = new Uint32Array(32);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  firstOf(index: number): number {
    return this.#first[index] as number;
  }

  secondOf(index: number): number {
    return this.#second[index] as number;
  }

  /** Index of the pair, -1 if it never came. */
  find(first: number, second: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = mix(first, second) & mask; ; at = (at + 1) & mask) {
      const index = (slots[at] as number) - 1;
      if (index < 0) return -1;
      if (this.#first[index] === first && this.#second[index] === second) return index;
    }
  }

  /** Index of the pair; a new one equals {@link count} as it was before the call. */
  of(first: number, second: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = mix(first, second) & mask;
    for (;;) {
      const index = (slots[at] as number) - 1;
      if (index < 0) return this.#insert(at, first, second);
      if (this.#first[index] === first && this.#second[index] === second) return index;
      at = (at + 1) & mask;
    }
  }

  #insert(at: number, first: number, second: number): number {
    const index = this.#count++;
    if (index === this.#first.length) {
      this.#first = doubled(this.#first);
      this.#second = doubled(this.#second);
    }
    this.#first[index] = first;
    this.#second[index] = second;
    this.#slots[at] = index + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let at = mix(this.firstOf(index), this.secondOf(index)) & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = index + 1;
    }
    this.#slots = slots;
  }
}

function mix(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function doubled(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}
