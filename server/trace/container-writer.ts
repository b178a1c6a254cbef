import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import {
  CONTAINER,
  CONTAINER_ENTRY,
  CONTAINER_ENTRY_BYTES,
  CONTAINER_HEAD_BYTES,
  CONTAINER_HEADER_BYTES,
  CONTAINER_MAGIC,
  CONTAINER_VERSION,
} from './container-format';
import { Container } from './container-reader';
import { BYTE_ORDER_MARK } from './format';
import { RUN_FORMAT, RUN_VERSION, type RunManifest, type RunSource } from './run-source';
import { systemReason, TraceError } from './trace-error';
import { takeSnapshot } from './trace-snapshot';
import type { TraceSource } from './trace-source';

/** Chunks being compressed at once: little memory, and a core is left to whoever reads the run meanwhile. */
const CHUNKS_AT_ONCE = Math.min(Math.max(availableParallelism() - 1, 1), 8);
/** Measured on traces: half the time of level 6 for 6 % more bytes; level 1 takes half of that for 20 % more. */
const DEFLATE_LEVEL = 4;

const deflate = promisify<Buffer, { level: number }, Buffer>(deflateRaw);

/**
 * Packs a finished run into a profile file. It appears under its name only when it is whole.
 *
 * @param source see `openRunSource`
 * @param describe Given what was packed, says what the file shall say of the run; absent: what the source says. Traces
 *   may still grow, so whoever shows the run and keeps it must read it here: else the two differ.
 * @throws TraceError if the traces cannot be read or the file cannot be written
 */
export async function packRun(
  source: RunSource,
  file: string,
  describe?: (packed: RunSource) => RunManifest | Promise<RunManifest>,
): Promise<void> {
  const partial = `${file}.${process.pid}.part`;
  const writer = new ContainerWriter(partial, file);
  // A process that is interrupted meanwhile leaves nothing half done.
  const removePartial = (): void => rmSync(partial, { force: true });
  process.once('exit', removePartial);
  try {
    await writer.writeTraces(source);
    await writer.writeDirectory(source.manifest());
    if (describe) await writer.writeDirectory(await describe(new Container(partial, file)));
    writer.close();
    renameSync(partial, file);
  } catch (error) {
    writer.close();
    removePartial();
    throw error instanceof TraceError ? error : unwritable(file, error);
  } finally {
    process.off('exit', removePartial);
  }
}

function unwritable(file: string, error: unknown): TraceError {
  const what = `the profile cannot be written: ${systemReason(error)}`;
  return new TraceError(file, what, 'Choose another folder, or make room on the disk.');
}

class ContainerWriter {
  private descriptor: number;
  private offset = CONTAINER_HEADER_BYTES;
  /** The traces as the directory lists them. */
  private listed: readonly Buffer[] = [];

  constructor(
    partial: string,
    private readonly file: string,
  ) {
    try {
      this.descriptor = openSync(partial, 'w');
    } catch (error) {
      throw unwritable(file, error);
    }
  }

  close(): void {
    if (this.descriptor >= 0) closeSync(this.descriptor);
    this.descriptor = -1;
  }

  async writeTraces(source: RunSource): Promise<void> {
    const traces = source.newTraces();
    const parts = [u32(traces.length)];
    for (const trace of traces) {
      const entries = await this.writeTrace(trace);
      parts.push(sized(Buffer.from(trace.name)), u32(entries.length), ...entries);
    }
    this.listed = parts;
  }

  /** Behind the traces; in place of the one that is there. */
  async writeDirectory(manifest: RunManifest): Promise<void> {
    const directory = Buffer.concat([sized(Buffer.from(manifestText(manifest))), ...this.listed]);
    const stored = await deflate(directory, { level: DEFLATE_LEVEL });
    const header = Buffer.alloc(CONTAINER_HEADER_BYTES);
    header.write(CONTAINER_MAGIC, CONTAINER.magic, 'latin1');
    header.writeUInt32LE(CONTAINER_VERSION, CONTAINER.version);
    header.writeUInt32LE(BYTE_ORDER_MARK, CONTAINER.byteOrder);
    header.writeBigUInt64LE(BigInt(this.offset), CONTAINER.directoryOffset);
    header.writeUInt32LE(stored.length, CONTAINER.directoryStoredBytes);
    header.writeUInt32LE(directory.length, CONTAINER.directoryBytes);
    header.writeUInt32LE(crc32(stored), CONTAINER.directoryCrc);
    this.writeAt(stored, this.offset);
    this.writeAt(header, 0);
    ftruncateSync(this.descriptor, this.offset + stored.length);
  }

  /** Writes the sections of a trace and returns its entries in the directory. */
  private async writeTrace(trace: TraceSource): Promise<Buffer[]> {
    const entries: Buffer[] = [];
    const waiting: Promise<{ readonly entry: Buffer; readonly stored: Buffer }>[] = [];
    const finishOne = async (): Promise<void> => {
      const first = waiting.shift();
      if (first !== undefined) entries.push(this.writeSection(await first));
    };
    trace.open();
    try {
      const snapshot = takeSnapshot(trace);
      for (let chunk = 0; chunk < snapshot.chunkCount; chunk++) {
        if (waiting.length >= CHUNKS_AT_ONCE) await finishOne();
        waiting.push(compress(snapshot.read(chunk)));
      }
      while (waiting.length > 0) await finishOne();
    } finally {
      trace.close();
      await Promise.allSettled(waiting);
    }
    return entries;
  }

  private writeSection({ entry, stored }: { entry: Buffer; stored: Buffer }): Buffer {
    entry.writeBigUInt64LE(BigInt(this.offset), CONTAINER_ENTRY.offset);
    this.append(stored);
    return entry;
  }

  private append(bytes: Buffer): void {
    this.writeAt(bytes, this.offset);
    this.offset += bytes.length;
  }

  private writeAt(bytes: Buffer, offset: number): void {
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, offset + done);
    } catch (error) {
      throw unwritable(this.file, error);
    }
  }
}

async function compress(chunk: Buffer): Promise<{ entry: Buffer; stored: Buffer }> {
  const body = chunk.subarray(CONTAINER_HEAD_BYTES);
  const stored = body.length > 0 ? await deflate(body, { level: DEFLATE_LEVEL }) : Buffer.alloc(0);
  const entry = Buffer.alloc(CONTAINER_ENTRY_BYTES);
  entry.writeUInt32LE(stored.length, CONTAINER_ENTRY.storedBytes);
  entry.writeUInt32LE(chunk.length, CONTAINER_ENTRY.chunkBytes);
  entry.writeUInt32LE(crc32(stored), CONTAINER_ENTRY.crc);
  chunk.copy(entry, CONTAINER_ENTRY.head, 0, CONTAINER_HEAD_BYTES);
  return { entry, stored };
}

function manifestText(manifest: RunManifest): string {
  return JSON.stringify({ format: RUN_FORMAT, version: RUN_VERSION, ...manifest });
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
