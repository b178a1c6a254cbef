/** Damage to profile files: as they lie on a disk, and, with sums that are right, what is in them. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  CONTAINER,
  CONTAINER_ENTRY,
  CONTAINER_ENTRY_BYTES,
  CONTAINER_HEADER_BYTES,
} from '../../server/trace/container-format';
import type { SeededRandom } from './seeded-random';

const LEVEL = { level: 1 };
const MANIFESTS = [
  '',
  'null',
  '[]',
  '{}',
  '{"format":"gilscope-run","version":1}',
  '{"format":"gilscope-run","version":2}',
  '{"format":"gilscope-run","version":1,"command":{},"startedAt":7,"exit":[],"running":[null,"x",1e99],"unrecorded":[{}]}',
  '{"format":"gilscope-run","version":1,"command":[null,{"a":1}],"startedAt":"no time","exit":{"code":1e400,"signal":9}}',
  '{"format":"gilscope-run","version":1,"sources":{"__proto__":"x","a":1},"exit":{"code":-1,"signal":"SIGNONE"}}',
  `{"format":"gilscope-run","version":1,"command":["${'x'.repeat(100_000)}"]}`,
  '['.repeat(100_000),
];

/** Bytes of the file, whatever they are: its sums must tell. */
export function damageFile(random: SeededRandom, bytes: Buffer): Buffer {
  for (let left = 1 + random.below(4); left > 0; left--) {
    const inHeader = random.below(6) === 0;
    const at = random.below(inHeader ? CONTAINER_HEADER_BYTES : bytes.length);
    if (random.below(2) === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else bytes[at] = random.below(256);
  }
  return bytes;
}

export function cutFile(random: SeededRandom, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  switch (random.below(3)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return bytes.subarray(at);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(300))]);
  }
}

/** Inside of what the sums protect; they are made anew. */
export function damageParts(random: SeededRandom, bytes: Buffer): Buffer {
  const directory = Buffer.from(directoryOf(bytes));
  switch (random.below(5)) {
    case 0:
      return withDirectory(bytes, withManifest(random, directory));
    case 1: {
      const at = random.below(directory.length - 3);
      directory.writeUInt32LE(random.pick([0, 1, 0xffff, 0x10000, 0xffffffff]), at);
      return withDirectory(bytes, directory);
    }
    case 2:
      return withDirectory(bytes, withEntry(random, directory));
    default:
      return withSection(random, bytes, directory);
  }
}

function directoryOf(bytes: Buffer): Buffer {
  const at = Number(bytes.readBigUInt64LE(CONTAINER.directoryOffset));
  const stored = bytes.readUInt32LE(CONTAINER.directoryStoredBytes);
  return inflateRawSync(bytes.subarray(at, at + stored));
}

/** The file with another directory, behind what it has. */
function withDirectory(bytes: Buffer, directory: Buffer): Buffer {
  const stored = deflateRawSync(directory, LEVEL);
  bytes.writeBigUInt64LE(BigInt(bytes.length), CONTAINER.directoryOffset);
  bytes.writeUInt32LE(stored.length, CONTAINER.directoryStoredBytes);
  bytes.writeUInt32LE(directory.length, CONTAINER.directoryBytes);
  bytes.writeUInt32LE(crc32(stored), CONTAINER.directoryCrc);
  return Buffer.concat([bytes, stored]);
}

function withManifest(random: SeededRandom, directory: Buffer): Buffer {
  const length = directory.readUInt32LE(0);
  const own = directory.subarray(4, 4 + length);
  const text = Buffer.from(random.below(3) > 0 ? own : random.pick(MANIFESTS));
  for (let left = random.below(4); left > 0 && text.length > 0; left--)
    text[random.below(text.length)] = random.pick([0x22, 0x5b, 0x7b, 0x2c, 0x30, 0xff, 0x00, 0x5c]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  return Buffer.concat([size, text, directory.subarray(4 + length)]);
}

/** Where the entries of the first trace are; every seed has one. */
function entriesOf(directory: Buffer): { at: number; count: number } {
  const trace = 4 + directory.readUInt32LE(0) + 4;
  const at = trace + 4 + directory.readUInt32LE(trace);
  return { at: at + 4, count: directory.readUInt32LE(at) };
}

function withEntry(random: SeededRandom, directory: Buffer): Buffer {
  const { at, count } = entriesOf(directory);
  const entry = at + random.below(count) * CONTAINER_ENTRY_BYTES;
  const field = random.pick([
    CONTAINER_ENTRY.offset,
    CONTAINER_ENTRY.offset + 4,
    CONTAINER_ENTRY.storedBytes,
    CONTAINER_ENTRY.chunkBytes,
    CONTAINER_ENTRY.crc,
    CONTAINER_ENTRY.head + 4 * random.below(16),
  ]);
  const old = directory.readUInt32LE(entry + field);
  const values = [0, 1, 63, 64, 65, 65535, 65536, 65537, 0x7fffffff, 0xffffffff, (old + 1) >>> 0];
  directory.writeUInt32LE(random.pick(values), entry + field);
  return directory;
}

/** A section whose content, or whose compressed form, is another one. */
function withSection(random: SeededRandom, bytes: Buffer, directory: Buffer): Buffer {
  const { at, count } = entriesOf(directory);
  const entry = at + random.below(count) * CONTAINER_ENTRY_BYTES;
  const offset = Number(directory.readBigUInt64LE(entry + CONTAINER_ENTRY.offset));
  const length = directory.readUInt32LE(entry + CONTAINER_ENTRY.storedBytes);
  if (length === 0) return withDirectory(bytes, directory);
  const stored = otherSection(random, Buffer.from(bytes.subarray(offset, offset + length)));
  directory.writeBigUInt64LE(BigInt(bytes.length), entry + CONTAINER_ENTRY.offset);
  directory.writeUInt32LE(stored.length, entry + CONTAINER_ENTRY.storedBytes);
  directory.writeUInt32LE(crc32(stored), entry + CONTAINER_ENTRY.crc);
  return withDirectory(Buffer.concat([bytes, stored]), directory);
}

function otherSection(random: SeededRandom, stored: Buffer): Buffer {
  const kind = random.below(8);
  if (kind === 0) return stored.subarray(0, random.below(stored.length));
  if (kind === 1) return deflateRawSync(Buffer.alloc(random.pick([0, 100, 65472, 1 << 22])), LEVEL);
  if (kind === 2) {
    stored[random.below(stored.length)] = random.below(256);
    return stored;
  }
  const content = inflateRawSync(stored);
  for (let left = 1 + random.below(6); left > 0; left--)
    content[random.below(content.length)] = random.below(256);
  return deflateRawSync(content, LEVEL);
}
