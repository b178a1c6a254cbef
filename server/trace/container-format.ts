/**
 * The profile file, `*.gilscope`, version 1: a finished run in one file. This file is its specification. All numbers
 * are little-endian.
 *
 *     0     header        CONTAINER_HEADER_BYTES
 *     64    sections      one for each chunk of each trace, in any order, without gaps or padding
 *     …     directory     raw deflate; its place, length and CRC-32 are in the header
 *
 * A section is the part of a chunk of a trace (`format.ts`; chunk 0 is the header and the GIL table) behind its first
 * CONTAINER_HEAD_BYTES, as raw deflate; empty if there is no such part. Of chunks with records only the bytes below
 * their `used` are kept; of others all. The first CONTAINER_HEAD_BYTES are in the directory, so that a reader finds
 * the chunks of a stream without inflating them. The directory, inflated:
 *
 *     u32 bytes of the manifest, manifest: the run's `run.json`, UTF-8
 *     u32 number of traces; for each of them:
 *         u32 bytes of its name, name (`PID.trace`), UTF-8
 *         u32 number of chunks, chunks: entry i is chunk i, of CONTAINER_ENTRY_BYTES (CONTAINER_ENTRY)
 *
 * A writer writes another name and renames the file when it is whole.
 */

export const CONTAINER_MAGIC = 'GILSCOPE';
export const CONTAINER_VERSION = 1;
export const CONTAINER_HEADER_BYTES = 64;
/** Bytes of a chunk that are in the directory. */
export const CONTAINER_HEAD_BYTES = 64;
export const CONTAINER_ENTRY_BYTES = 88;
/** A directory that claims more is nonsense. */
export const CONTAINER_DIRECTORY_MAX_BYTES = 1 << 28;

/** Byte offsets in the header. u32 unless said otherwise. */
export const CONTAINER = {
  magic: 0, // 8 bytes
  version: 8,
  byteOrder: 12, // BYTE_ORDER_MARK
  directoryOffset: 16, // u64
  directoryStoredBytes: 24,
  directoryBytes: 28,
  directoryCrc: 32, // of the stored bytes
} as const;

/** Byte offsets in an entry of the directory. u32 unless said otherwise. */
export const CONTAINER_ENTRY = {
  offset: 0, // u64, of the section
  storedBytes: 8,
  /** Of the chunk, its head included; at most CHUNK_BYTES. */
  chunkBytes: 12,
  /** CRC-32 of the section's stored bytes. */
  crc: 16,
  head: 24, // CONTAINER_HEAD_BYTES, zero behind chunkBytes
} as const;
