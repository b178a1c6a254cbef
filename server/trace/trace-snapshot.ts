/** A trace as it was at a moment, while its process may go on writing it: read in the order in which it is tailed. */
import {
  CHUNK,
  CHUNK_BYTES,
  CHUNK_HEADER_BYTES,
  CHUNK_KIND,
  CHUNK_MAGIC,
  GIL,
  GIL_CAPACITY,
  GIL_ENTRY_BYTES,
  GIL_TABLE_OFFSET,
  HEADER,
} from './format';
import type { TraceSource } from './trace-source';

/** Streams in the order in which they are cut: what refers to others before them. */
const EVENT_KINDS: readonly number[] = [CHUNK_KIND.gil, CHUNK_KIND.lane, CHUNK_KIND.sampler];
const TABLE_KINDS: readonly number[] = [
  CHUNK_KIND.threads,
  CHUNK_KIND.locks,
  CHUNK_KIND.aggregates,
];
const RECORD_KINDS: readonly number[] = [CHUNK_KIND.meta, CHUNK_KIND.laneStacks];
const DAMAGED = -1;

/** The source must be open, and stay so while the snapshot is read. @throws TraceError */
export function takeSnapshot(trace: TraceSource): TraceSnapshot {
  const snapshot = new TraceSnapshot(trace);
  // It ended meanwhile, so that another one is of all of it.
  return snapshot.endedMeanwhile ? new TraceSnapshot(trace) : snapshot;
}

export class TraceSnapshot {
  /** How many chunks count; of a file that is no trace its first, so that the reader refuses it as it would in the folder. */
  readonly chunkCount: number;
  readonly endedMeanwhile: boolean = false;
  /** Of the chunks that were begun. */
  private readonly kinds = new Map<number, number>();
  /** How far the streams go, by chunk. What is below never changes again. */
  private readonly used = new Map<number, number>();
  /** Chunks that change as long as the process lives. */
  private readonly kept = new Map<number, Buffer>();
  private readonly head = Buffer.alloc(CHUNK_HEADER_BYTES);

  constructor(private readonly trace: TraceSource) {
    const before = this.load(0);
    if (before.length < CHUNK_HEADER_BYTES || !hasOurChunks(before)) {
      this.kept.set(0, before);
      this.chunkCount = Math.min(trace.chunkCount(), 1);
      return;
    }
    const written = this.writtenChunks(before.readUInt32LE(HEADER.chunkCount));
    this.scan(written);
    for (const kind of EVENT_KINDS) this.cut(kind);
    // In this order: what is counted is there, and what belongs to a GIL or thread comes after that was counted.
    const counted = this.loadHead(0) ? this.head.readUInt32LE(HEADER.chunkCount) : 0;
    this.chunkCount = Math.min(trace.chunkCount(), Math.max(counted, written));
    this.scan(this.chunkCount);
    const first = this.load(0);
    const now = headerOf(before, first, this.load(0), counted);
    this.kept.set(0, now);
    for (const kind of TABLE_KINDS)
      for (const chunk of this.chunksOf(kind)) this.kept.set(chunk, this.load(chunk));
    for (const kind of RECORD_KINDS) this.cut(kind);
    this.endedMeanwhile = endOf(before) === 0n && endOf(now) !== 0n;
  }

  /** The bytes of a chunk that count. */
  read(chunk: number): Buffer {
    const kept = this.kept.get(chunk);
    if (kept !== undefined) return kept;
    const kind = this.kinds.get(chunk);
    const bytes = this.load(chunk);
    if (bytes.length < CHUNK_HEADER_BYTES) return bytes;
    if (kind === undefined) return Buffer.alloc(CHUNK_HEADER_BYTES);
    if (![...EVENT_KINDS, ...RECORD_KINDS].includes(kind)) return bytes;
    const used = this.used.get(chunk) ?? CHUNK_HEADER_BYTES;
    // A GIL that was just being made.
    if (kind === CHUNK_KIND.gil && used <= CHUNK_HEADER_BYTES && !this.isOfGil(bytes))
      return Buffer.alloc(CHUNK_HEADER_BYTES);
    bytes.writeUInt32LE(used, CHUNK.used);
    return bytes.subarray(0, Math.max(used, CHUNK_HEADER_BYTES));
  }

  private isOfGil(chunk: Buffer): boolean {
    const gils = this.kept.get(0)?.readUInt32LE(HEADER.gilCount) ?? 0;
    return chunk.readUInt32LE(CHUNK.owner) < gils;
  }

  /** Behind those that are counted there may be written ones, where the process was killed. */
  private writtenChunks(counted: number): number {
    let last = this.trace.chunkCount() - 1;
    for (; last >= counted; last--) {
      this.loadHead(last);
      if (this.head.readUInt32LE(CHUNK.magic) !== 0) break;
    }
    return last + 1;
  }

  /** Backwards: whoever sees a chunk of a stream sees those before it. */
  private scan(count: number): void {
    for (let chunk = count - 1; chunk > 0; chunk--) {
      if (this.kinds.has(chunk) || !this.loadHead(chunk)) continue;
      const magic = this.head.readUInt32LE(CHUNK.magic);
      if (magic === 0) continue;
      const kind = this.head.readUInt32LE(CHUNK.kind);
      this.kinds.set(chunk, magic === CHUNK_MAGIC ? kind : DAMAGED);
    }
  }

  /** Backwards: a chunk is over once its successor has begun. */
  private cut(kind: number): void {
    for (const chunk of this.chunksOf(kind).reverse())
      if (this.loadHead(chunk)) this.used.set(chunk, this.head.readUInt32LE(CHUNK.used));
  }

  /** In the order of the file. */
  private chunksOf(wanted: number): number[] {
    const chunks = [...this.kinds].flatMap(([chunk, kind]) => (kind === wanted ? [chunk] : []));
    return chunks.sort((a, b) => a - b);
  }

  private loadHead(chunk: number): boolean {
    this.head.fill(0);
    return this.trace.read(this.head, chunk, 0, CHUNK_HEADER_BYTES) === CHUNK_HEADER_BYTES;
  }

  private load(chunk: number): Buffer {
    const bytes = Buffer.alloc(CHUNK_BYTES);
    return bytes.subarray(0, this.trace.read(bytes, chunk, 0, CHUNK_BYTES));
  }
}

function hasOurChunks(header: Buffer): boolean {
  return header.readUInt32LE(HEADER.chunkBytes) === CHUNK_BYTES;
}

function endOf(header: Buffer): bigint {
  return header.length < CHUNK_BYTES ? 0n : header.readBigUInt64LE(HEADER.endTicks);
}

/**
 * Header and GIL table that fit the streams as they were cut.
 *
 * @param before of before the cut: counts no event that is not in the streams
 * @param now of after it: counts every thread, GIL and lock that is in them
 * @param later read again, to know whether the holds that are going on were read whole (see `readGilTable`)
 */
function headerOf(before: Buffer, now: Buffer, later: Buffer, chunkCount: number): Buffer {
  if ([before, now, later].some((bytes) => bytes.length < CHUNK_BYTES)) return now;
  const header = Buffer.from(now);
  header.writeUInt32LE(chunkCount, HEADER.chunkCount);
  before.copy(header, HEADER.samplesTaken, HEADER.samplesTaken, HEADER.samplesTaken + 8);
  const gils = Math.min(header.readUInt32LE(HEADER.gilCount), GIL_CAPACITY);
  for (let gil = 0; gil < gils; gil++) {
    const at = GIL_TABLE_OFFSET + gil * GIL_ENTRY_BYTES;
    before.copy(header, at + GIL.cycles, at + GIL.cycles, at + GIL.cycles + 8);
    const sequence = later.readBigUInt64LE(at + GIL.acquireSeq);
    const recorded =
      later.readBigUInt64LE(at + GIL.cycles) + later.readBigUInt64LE(at + GIL.lostCycles);
    // No hold is going on, or another one than was read.
    if (sequence !== now.readBigUInt64LE(at + GIL.acquireSeq) || sequence <= recorded)
      header.writeBigUInt64LE(0n, at + GIL.acquireSeq);
  }
  return header;
}
