import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import {
  CONTAINER,
  CONTAINER_DIRECTORY_MAX_BYTES,
  CONTAINER_ENTRY,
  CONTAINER_ENTRY_BYTES,
  CONTAINER_HEAD_BYTES,
  CONTAINER_HEADER_BYTES,
  CONTAINER_MAGIC,
  CONTAINER_VERSION,
} from './container-format';
import { BYTE_ORDER_MARK, CHUNK_BYTES } from './format';
import { parseManifest, type RunManifest, type RunSource } from './run-source';
import { systemReason, TraceError } from './trace-error';
import type { TraceSource } from './trace-source';

const ADVICE = 'Open another copy of the profile, or record the run again.';

/** A profile file: gives the traces in it as the run folder did. */
export class Container implements RunSource {
  private readonly manifestText: string;
  private traces: ContainerTrace[];

  /**
   * @param stored Where it is.
   * @param path What messages call it: a file that is being written is not yet under its name.
   * @throws TraceError if it is not a whole profile of this version
   */
  constructor(
    stored: string,
    readonly path = stored,
  ) {
    const file = new ContainerFile(stored, path);
    file.open();
    try {
      const directory = new DirectoryCursor(readDirectory(file), path);
      this.manifestText = directory.text();
      this.traces = [];
      for (let left = directory.u32(); left > 0; left--) {
        const name = directory.text();
        const chunks = directory.u32();
        const entries = directory.bytes(chunks * CONTAINER_ENTRY_BYTES);
        this.traces.push(new ContainerTrace(file, name, entries));
      }
    } finally {
      file.close();
    }
  }

  newTraces(): TraceSource[] {
    const { traces } = this;
    this.traces = [];
    return traces;
  }

  manifest(): RunManifest {
    return parseManifest(this.manifestText, this.path);
  }

  close(): void {
    this.traces = [];
  }
}

/** The file itself; opened for each reading. */
class ContainerFile {
  private descriptor = -1;

  constructor(
    private readonly stored: string,
    readonly path: string,
  ) {}

  open(): void {
    try {
      this.descriptor = openSync(this.stored, 'r');
    } catch (error) {
      throw new TraceError(this.path, `it cannot be read: ${systemReason(error)}`, ADVICE);
    }
  }

  close(): void {
    if (this.descriptor >= 0) closeSync(this.descriptor);
    this.descriptor = -1;
  }

  size(): number {
    return fstatSync(this.descriptor).size;
  }

  /** @throws TraceError if they are not all there */
  read(offset: number, length: number, what: string): Buffer {
    if (offset + length > this.size())
      throw new TraceError(this.path, `the profile is cut short in ${what}`, ADVICE);
    const bytes = Buffer.alloc(length);
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.descriptor, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw new TraceError(this.path, `${what} cannot be read: ${systemReason(error)}`, ADVICE);
    }
    return bytes;
  }

  /** Reads, checks and inflates. @throws TraceError */
  inflate(offset: number, stored: number, length: number, crc: number, what: string): Buffer {
    const bytes = this.read(offset, stored, what);
    if (crc32(bytes) !== crc)
      throw new TraceError(this.path, `the profile is damaged in ${what}`, ADVICE);
    let inflated: Buffer;
    try {
      inflated = inflateRawSync(bytes, { maxOutputLength: Math.max(length, 1) });
    } catch {
      throw new TraceError(this.path, `the profile is damaged in ${what}`, ADVICE);
    }
    if (inflated.length !== length)
      throw new TraceError(this.path, `the profile is damaged in ${what}`, ADVICE);
    return inflated;
  }
}

function readDirectory(file: ContainerFile): Buffer {
  const bytes = file.read(0, CONTAINER_HEADER_BYTES, 'its header');
  const magic = bytes.toString('latin1', CONTAINER.magic, CONTAINER_MAGIC.length);
  if (magic !== CONTAINER_MAGIC)
    throw new TraceError(file.path, 'this is not a GILscope profile', 'Choose another file.');
  const version = bytes.readUInt32LE(CONTAINER.version);
  if (version !== CONTAINER_VERSION) {
    const what = `the profile has version ${version}, this GILscope reads version ${CONTAINER_VERSION}`;
    throw new TraceError(file.path, what, 'Open it with the version that wrote it.');
  }
  const offset = Number(bytes.readBigUInt64LE(CONTAINER.directoryOffset));
  const stored = bytes.readUInt32LE(CONTAINER.directoryStoredBytes);
  const length = bytes.readUInt32LE(CONTAINER.directoryBytes);
  const mark = bytes.readUInt32LE(CONTAINER.byteOrder);
  if (mark !== BYTE_ORDER_MARK || offset === 0 || length > CONTAINER_DIRECTORY_MAX_BYTES)
    throw new TraceError(file.path, 'the profile is damaged in its header', ADVICE);
  const crc = bytes.readUInt32LE(CONTAINER.directoryCrc);
  return file.inflate(offset, stored, length, crc, 'its directory');
}

/** Takes values off the directory, one after the other. */
class DirectoryCursor {
  private at = 0;

  constructor(
    private readonly data: Buffer,
    private readonly path: string,
  ) {}

  u32(): number {
    return this.bytes(4).readUInt32LE(0);
  }

  text(): string {
    return this.bytes(this.u32()).toString('utf8');
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.data.length)
      throw new TraceError(this.path, 'the profile is damaged in its directory', ADVICE);
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }
}

/** One trace of a container. Inflates a chunk at a time. */
class ContainerTrace implements TraceSource {
  readonly path: string;
  private cachedChunk = -1;
  private cached: Buffer = Buffer.alloc(0);

  constructor(
    private readonly file: ContainerFile,
    readonly name: string,
    private readonly entries: Buffer,
  ) {
    this.path = `${file.path} (${name})`;
  }

  open(): void {
    this.file.open();
  }

  close(): void {
    this.file.close();
    this.cachedChunk = -1;
    this.cached = Buffer.alloc(0);
  }

  chunkCount(): number {
    return this.entries.length / CONTAINER_ENTRY_BYTES;
  }

  read(target: Uint8Array, chunk: number, from: number, length: number): number {
    const entry = chunk * CONTAINER_ENTRY_BYTES;
    if (entry >= this.entries.length) return 0;
    const chunkBytes = this.entries.readUInt32LE(entry + CONTAINER_ENTRY.chunkBytes);
    const end = Math.min(chunkBytes, from + length);
    if (end <= from) return 0;
    let done = 0;
    if (from < CONTAINER_HEAD_BYTES) {
      const head = entry + CONTAINER_ENTRY.head;
      const upTo = Math.min(end, CONTAINER_HEAD_BYTES);
      target.set(this.entries.subarray(head + from, head + upTo), 0);
      done = upTo - from;
    }
    if (end > CONTAINER_HEAD_BYTES) {
      const body = this.body(chunk, entry, chunkBytes);
      const start = from + done - CONTAINER_HEAD_BYTES;
      target.set(body.subarray(start, end - CONTAINER_HEAD_BYTES), done);
    }
    return end - from;
  }

  /** The chunk behind its head. */
  private body(chunk: number, entry: number, chunkBytes: number): Buffer {
    if (this.cachedChunk === chunk) return this.cached;
    const what = `chunk ${chunk} of ${this.name}`;
    if (chunkBytes > CHUNK_BYTES)
      throw new TraceError(this.file.path, `the profile is damaged in ${what}`, ADVICE);
    this.cached = this.file.inflate(
      Number(this.entries.readBigUInt64LE(entry + CONTAINER_ENTRY.offset)),
      this.entries.readUInt32LE(entry + CONTAINER_ENTRY.storedBytes),
      chunkBytes - CONTAINER_HEAD_BYTES,
      this.entries.readUInt32LE(entry + CONTAINER_ENTRY.crc),
      what,
    );
    this.cachedChunk = chunk;
    return this.cached;
  }
}
