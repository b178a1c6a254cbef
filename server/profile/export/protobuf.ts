import type { ByteSink } from './sinks';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const PIECE_BYTES = 1 << 16;
const CONTINUES = 0x80;

/** Writes protobuf's wire format. Integers are exact up to 2^53. */
export class ProtoWriter {
  #data = Buffer.alloc(4 * PIECE_BYTES);
  #length = 0;

  /** Bytes since the last {@link flush}. */
  get length(): number {
    return this.#length;
  }

  uint(field: number, value: number): void {
    this.#room(20);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** Packed: one field for all. */
  uints(field: number, values: Iterable<number>): void {
    const start = this.open(field);
    for (const value of values) {
      this.#room(10);
      this.#varint(value);
    }
    this.close(start);
  }

  fixed64(field: number, value: number): void {
    this.#room(20);
    this.#tag(field, FIXED64);
    this.#data.writeUInt32LE(value % 2 ** 32, this.#length);
    this.#data.writeUInt32LE(Math.floor(value / 2 ** 32), this.#length + 4);
    this.#length += 8;
  }

  double(field: number, value: number): void {
    this.#room(20);
    this.#tag(field, FIXED64);
    this.#length = this.#data.writeDoubleLE(value, this.#length);
  }

  text(field: number, value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.#room(20 + bytes);
    this.#tag(field, BYTES);
    this.#varint(bytes);
    this.#length += this.#data.write(value, this.#length, 'utf8');
  }

  /** Begins a message in a field; what is written until {@link close} is in it. */
  open(field: number): number {
    this.#room(20);
    this.#tag(field, BYTES);
    // Most are short: room for a length of one byte, and what is longer is moved.
    return ++this.#length;
  }

  /** @param start What {@link open} answered. */
  close(start: number): void {
    const bytes = this.#length - start;
    let more = 0;
    for (let left = bytes; left >= CONTINUES; left = Math.floor(left / CONTINUES)) more++;
    this.#room(more);
    if (more > 0) this.#data.copyWithin(start + more, start, this.#length);
    this.#length = start - 1;
    this.#varint(bytes);
    this.#length = start + more + bytes;
  }

  /** Hands on what is written if it is much. Not inside of a message. */
  flushIfLarge(sink: ByteSink): void {
    if (this.#length >= PIECE_BYTES) this.flush(sink);
  }

  flush(sink: ByteSink): void {
    sink.write(this.#data.subarray(0, this.#length));
    this.#length = 0;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let left = value;
    while (left >= CONTINUES) {
      this.#data[this.#length++] = (left % CONTINUES) + CONTINUES;
      left = Math.floor(left / CONTINUES);
    }
    this.#data[this.#length++] = left;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#data.length) return;
    const larger = Buffer.alloc(Math.max(this.#data.length * 2, this.#length + bytes));
    this.#data.copy(larger, 0, 0, this.#length);
    this.#data = larger;
  }
}
