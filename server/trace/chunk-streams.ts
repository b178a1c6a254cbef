/** Which chunks of a trace belong to which stream, and how far each may be read at a moment. */
import { CHUNK, CHUNK_BYTES, CHUNK_HEADER_BYTES, CHUNK_KIND, CHUNK_MAGIC } from './format';
import type { TraceSource } from './trace-source';

/** A stretch of a chunk that is new since the last read. */
export interface Piece {
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
}

/** The chunks of one kind and owner, in order of `seq`. */
export class ChunkStream {
  /** What is wrong with it; nothing is read from there on. */
  fault: string | null = null;
  private readonly chunks = new Map<number, number>();
  private nextSeq = 0;
  private readTo = CHUNK_HEADER_BYTES;

  constructor(
    readonly kind: number,
    readonly owner: number,
  ) {}

  add(seq: number, chunk: number): boolean {
    if (this.chunks.has(seq)) return false;
    this.chunks.set(seq, chunk);
    return true;
  }

  /** Chunk number of `seq`, or undefined. */
  chunkAt(seq: number): number | undefined {
    return this.chunks.get(seq);
  }

  /** All chunks, in order of `seq` as far as there is no gap. */
  *sequence(): Generator<number> {
    for (let seq = 0; ; seq++) {
      const chunk = this.chunks.get(seq);
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /**
   * What may be read now and was not yet. A chunk is over once its successor has begun, so `used` is read from the
   * last chunk to the first.
   */
  takeNew(headers: ChunkHeaders): Piece[] {
    if (this.fault !== null || !this.chunks.has(this.nextSeq)) return [];
    let last = this.nextSeq;
    while (this.chunks.has(last + 1)) last++;
    const pieces: Piece[] = [];
    for (let seq = last; seq >= this.nextSeq; seq--) {
      const chunk = this.chunks.get(seq);
      if (chunk === undefined) continue;
      const used = headers.used(chunk);
      // Handed out ahead of need and not begun.
      const isBegun = used > CHUNK_HEADER_BYTES || pieces.length > 0;
      if (!isBegun && (used === 0 || used === CHUNK_HEADER_BYTES)) continue;
      if (!isBegun || used > CHUNK_BYTES) {
        this.fault = `chunk ${chunk} says that it is ${used} bytes long`;
        pieces.length = 0;
        continue;
      }
      const from = seq === this.nextSeq ? this.readTo : CHUNK_HEADER_BYTES;
      pieces.push({ chunk, from, to: Math.max(from, used) });
    }
    pieces.reverse();
    const newest = pieces[pieces.length - 1];
    if (newest !== undefined) {
      this.nextSeq += pieces.length - 1;
      this.readTo = newest.to;
    }
    return pieces.filter((piece) => piece.to > piece.from);
  }

  /** Whether a chunk is missing before others that are there. */
  hasGap(): boolean {
    for (const seq of this.chunks.keys()) {
      if (seq > 0 && !this.chunks.has(seq - 1)) return true;
    }
    return false;
  }
}

/** Reads chunk headers. */
export class ChunkHeaders {
  private readonly bytes = new Uint8Array(CHUNK_HEADER_BYTES);
  private readonly view = new DataView(this.bytes.buffer);

  constructor(private readonly source: TraceSource) {}

  /** The header's bytes, or null if the file ends before them. Valid until the next call. */
  load(chunk: number): DataView | null {
    const count = this.source.read(this.bytes, chunk, 0, CHUNK_HEADER_BYTES);
    return count === CHUNK_HEADER_BYTES ? this.view : null;
  }

  /** Bytes that may be read, by the header; 0 where that is not there. */
  used(chunk: number): number {
    return this.load(chunk)?.getUint32(CHUNK.used, true) ?? 0;
  }
}

const KINDS: readonly number[] = Object.values(CHUNK_KIND);

/** All streams of a trace, as its chunks appear. */
export class ChunkDirectory {
  /** The first damage found, for the user. */
  fault: string | null = null;
  private readonly streams = new Map<string, ChunkStream>();
  /** A chunk of which the file does not even have the header, as of the last scan. */
  cutChunk: number | null = null;
  private scanned = 1;
  private pending: number[] = [];

  /** The stream; empty if there is none yet. */
  stream(kind: number, owner: number): ChunkStream {
    const key = `${kind}/${owner}`;
    const known = this.streams.get(key);
    if (known !== undefined) return known;
    const stream = new ChunkStream(kind, owner);
    this.streams.set(key, stream);
    return stream;
  }

  all(): Iterable<ChunkStream> {
    return this.streams.values();
  }

  /** Takes in the chunks up to `chunkCount`. One that is handed out, but not written, is looked at again. */
  scan(headers: ChunkHeaders, chunkCount: number): void {
    const again = this.pending;
    this.pending = [];
    this.cutChunk = null;
    for (const chunk of again) this.look(headers, chunk);
    for (; this.scanned < chunkCount; this.scanned++) this.look(headers, this.scanned);
  }

  private look(headers: ChunkHeaders, chunk: number): void {
    const view = headers.load(chunk);
    const magic = view?.getUint32(CHUNK.magic, true) ?? 0;
    this.cutChunk = view === null ? chunk : this.cutChunk;
    if (view === null || magic === 0) {
      this.pending.push(chunk);
      return;
    }
    const kind = view.getUint32(CHUNK.kind, true);
    const owner = view.getUint32(CHUNK.owner, true);
    const seq = view.getUint32(CHUNK.seq, true);
    if (magic !== CHUNK_MAGIC) this.fault ??= `chunk ${chunk} does not begin as one`;
    else if (!KINDS.includes(kind)) this.fault ??= `chunk ${chunk} is of unknown kind ${kind}`;
    else if (!this.stream(kind, owner).add(seq, chunk))
      this.fault ??= `chunk ${chunk} repeats number ${seq} of its stream`;
  }
}
