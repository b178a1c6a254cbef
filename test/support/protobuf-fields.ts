import assert from 'node:assert/strict';

/** A protobuf message as it is on the wire: for each field its values, in their order. */
export class Message {
  readonly #fields = new Map<number, (bigint | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        assert.ok(byte !== undefined, 'a varint is cut');
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const values = this.#fields.get(tag >> 3) ?? [];
      this.#fields.set(tag >> 3, values);
      const wireType = tag & 7;
      if (wireType === 0) {
        values.push(varint());
      } else {
        assert.ok(wireType === 1 || wireType === 2, `wire type ${wireType}`);
        const length = wireType === 1 ? 8 : Number(varint());
        assert.ok(at + length <= bytes.length, 'a field is cut');
        values.push(bytes.subarray(at, at + length));
        at += length;
      }
    }
  }

  /** Integers of a field, packed or not. */
  numbers(field: number): number[] {
    return this.#values(field).flatMap((value) => {
      if (typeof value === 'bigint') return [Number(value)];
      const packed: number[] = [];
      for (let at = 0; at < value.length;) {
        let number = 0;
        let scale = 1;
        for (;;) {
          const byte = value[at++] ?? 0;
          number += (byte & 127) * scale;
          scale *= 128;
          if (byte < 128) break;
        }
        packed.push(number);
      }
      return packed;
    });
  }

  /** 0 where the field is absent, as protobuf has it. */
  number(field: number): number {
    return this.numbers(field).at(-1) ?? 0;
  }

  fixed(field: number): number[] {
    return this.#bytes(field).map((bytes) => Number(bytes.readBigUInt64LE(0)));
  }

  doubles(field: number): number[] {
    return this.#bytes(field).map((bytes) => bytes.readDoubleLE(0));
  }

  texts(field: number): string[] {
    return this.#bytes(field).map((bytes) =>
      new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    );
  }

  messages(field: number): Message[] {
    return this.#bytes(field).map((bytes) => new Message(bytes));
  }

  #bytes(field: number): Buffer[] {
    return this.#values(field).map((value) => {
      assert.ok(typeof value !== 'bigint', `field ${field} is a varint`);
      return value;
    });
  }

  #values(field: number): (bigint | Buffer)[] {
    return this.#fields.get(field) ?? [];
  }
}
