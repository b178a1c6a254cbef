/** Pairs of late, which loops over a few stacks ask for again and again; a power of two. */
const RECENT = 64;

/** Numbers pairs of 32-bit keys 0, 1, 2, … in the order in which they first come: a map without an object per entry. */
export class KeyIndex {
  /** Three numbers a slot, so that a look-up touches one place: both keys, and the index + 1. */
  #slots = new Uint32Array(3 * 64);
  #mask = 63;
  #first = new Uint32Array(32);
  #second = new Uint32Array(32);
  #count = 0;
  /** Index + 1 of the pair that was last asked for at each place: it is found without a hash. */
  readonly #recent = new Uint32Array(RECENT);

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
    return (this.#slots[this.#slotOf(first, second) + 2] as number) - 1;
  }

  /** Index of the pair; a new one equals {@link count} as it was before the call. */
  of(first: number, second: number): number {
    const place = (first + 2 * second) & (RECENT - 1);
    const recent = (this.#recent[place] as number) - 1;
    if (recent >= 0 && this.#first[recent] === first && this.#second[recent] === second)
      return recent;
    const slot = this.#slotOf(first, second);
    const known = (this.#slots[slot + 2] as number) - 1;
    const index = known >= 0 ? known : this.#insert(slot, first, second);
    this.#recent[place] = index + 1;
    return index;
  }

  /** Where the pair stands, or the free slot where it would. */
  #slotOf(first: number, second: number): number {
    const slots = this.#slots;
    for (let at = mix(first, second) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = at * 3;
      if (slots[slot + 2] === 0) return slot;
      if (slots[slot] === first && slots[slot + 1] === second) return slot;
    }
  }

  #insert(slot: number, first: number, second: number): number {
    const index = this.#count++;
    if (index === this.#first.length) {
      this.#first = doubled(this.#first);
      this.#second = doubled(this.#second);
    }
    this.#first[index] = first;
    this.#second[index] = second;
    this.#slots[slot] = first;
    this.#slots[slot + 1] = second;
    this.#slots[slot + 2] = index + 1;
    if (this.#count * 2 > this.#mask) this.#rehash();
    return index;
  }

  #rehash(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array(3 * (this.#mask + 1));
    for (let index = 0; index < this.#count; index++) {
      const slot = this.#slotOf(this.firstOf(index), this.secondOf(index));
      this.#slots[slot] = this.firstOf(index);
      this.#slots[slot + 1] = this.secondOf(index);
      this.#slots[slot + 2] = index + 1;
    }
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
