/** Damage to traces, of the kinds that disks, copies, crashes and bugs do. */
import { CHUNK, CHUNK_BYTES, CHUNK_HEADER_BYTES } from '../../server/trace/format';
import type { Seed } from './fuzz-seeds';
import type { SeededRandom } from './seeded-random';

/** Changes the bytes in place, or gives others. */
export type Damage = (random: SeededRandom, bytes: Buffer, seeds: readonly Seed[]) => Buffer;

const HEADER_FIELDS_END = 232;
const EXTREMES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x10001, 0xffffff, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
];
const HEADER_FIELDS = [CHUNK.magic, CHUNK.kind, CHUNK.owner, CHUNK.seq, CHUNK.used] as const;
/** Of a chunk that claims to be unwritten, or another table of the same size, nobody can know that it is not. */
const TELLING_FIELDS = [CHUNK.owner, CHUNK.seq] as const;

/** Those that can only take something away, or put it elsewhere: the profile is the same, or it says so. */
export const TELLING: readonly string[] = ['cuts', 'places of chunks'];

export const TRACE_DAMAGE: Readonly<Record<string, Damage>> = {
  bits: (random, bytes) => {
    for (let left = 1 + random.below(8); left > 0; left--) {
      const at = place(random, bytes);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    return bytes;
  },
  'header and tables': (random, bytes) => {
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = random.below(3) > 0 ? random.below(HEADER_FIELDS_END) : 4096 + random.below(400);
      putNumber(random, bytes, at & ~3);
    }
    return bytes;
  },
  lengths: (random, bytes) => {
    for (let left = 1 + random.below(3); left > 0; left--)
      putNumber(random, bytes, recordPlace(random, bytes));
    return bytes;
  },
  'chunk headers': (random, bytes) => damageChunk(random, bytes, HEADER_FIELDS),
  'places of chunks': (random, bytes) => damageChunk(random, bytes, TELLING_FIELDS),
  cuts: (random, bytes) => {
    const chunk = chunkOf(random, bytes) * CHUNK_BYTES;
    const at = [chunk, chunk + random.below(CHUNK_HEADER_BYTES), random.below(bytes.length)];
    // A file without a byte is that of a process that was killed before it began: nothing is missing then.
    return bytes.subarray(0, Math.max(1, random.pick(at)));
  },
  splices: (random, bytes, seeds) => splice(random, bytes, seeds),
  blocks: (random, bytes) => {
    const at = place(random, bytes);
    const end = Math.min(bytes.length, at + 1 + random.below(random.pick([16, 256, CHUNK_BYTES])));
    const value = random.pick([0, 0xff, 0x80, -1]);
    for (let i = at; i < end; i++) bytes[i] = value < 0 ? random.below(256) : value;
    return bytes;
  },
};

function damageChunk(random: SeededRandom, bytes: Buffer, fields: readonly number[]): Buffer {
  const chunk = chunkOf(random, bytes);
  if (chunk === 0) return bytes.subarray(0, CHUNK_BYTES);
  putNumber(random, bytes, chunk * CHUNK_BYTES + random.pick(fields), 4);
  return bytes;
}

/** Bytes from elsewhere, of this run or of another. */
function splice(random: SeededRandom, bytes: Buffer, seeds: readonly Seed[]): Buffer {
  const other = random.pick(random.pick(seeds).traces);
  const to = chunkOf(random, bytes) * CHUNK_BYTES;
  const from = chunkOf(random, other) * CHUNK_BYTES;
  switch (random.below(5)) {
    case 0:
      other.copy(bytes, to, from, from + CHUNK_BYTES);
      return bytes;
    case 1:
      other.copy(bytes, place(random, bytes), from, from + 1 + random.below(2000));
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, to), other.subarray(from)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(to + CHUNK_BYTES)]);
    default:
      bytes.copyWithin(place(random, bytes), place(random, bytes), place(random, bytes));
      return bytes;
  }
}

function chunkOf(random: SeededRandom, bytes: Buffer): number {
  return random.below(Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES)));
}

/** Where a record, or an entry of a table, may be. */
function recordPlace(random: SeededRandom, bytes: Buffer): number {
  const chunk = chunkOf(random, bytes);
  if (chunk === 0) return random.below(HEADER_FIELDS_END);
  const used = usedOf(bytes, chunk);
  return chunk * CHUNK_BYTES + CHUNK_HEADER_BYTES + random.below(Math.max(used, 200));
}

/** Where bytes mean something. */
function place(random: SeededRandom, bytes: Buffer): number {
  const at =
    random.below(4) === 0
      ? chunkOf(random, bytes) * CHUNK_BYTES + random.below(CHUNK_HEADER_BYTES)
      : recordPlace(random, bytes);
  return Math.min(at, Math.max(0, bytes.length - 1));
}

function usedOf(bytes: Buffer, chunk: number): number {
  const at = chunk * CHUNK_BYTES + CHUNK.used;
  return at + 4 > bytes.length ? 0 : Math.min(bytes.readUInt32LE(at), CHUNK_BYTES - 400);
}

/** A number where one may be, of 1, 2, 4 or 8 bytes. */
function putNumber(random: SeededRandom, bytes: Buffer, at: number, room = 8): void {
  if (at + 8 > bytes.length) return;
  const old = bytes.readUInt32LE(at);
  const value = [
    random.pick(EXTREMES),
    (old + random.pick([-1, 1, 2, 255, 65536])) >>> 0,
    random.below(2 ** 32),
  ];
  switch (random.below(6)) {
    case 0:
      bytes[at] = random.pick(value);
      return;
    case 1:
      bytes.writeUInt16LE(random.pick(value) & 0xffff, at);
      return;
    case 2:
      bytes.writeUInt32LE(random.pick(value), at);
      if (room >= 8) bytes.writeUInt32LE(random.pick(EXTREMES), at + 4);
      return;
    default:
      bytes.writeUInt32LE(random.pick(value), at);
  }
}
