/** Reads one trace, again and again while it grows. */
import { readAggregates, type AggregateEntry } from './aggregates';
import type { ChunkBuffer } from './chunk-buffer';
import { ChunkDirectory, ChunkHeaders, type ChunkStream, type Piece } from './chunk-streams';
import { relativeTicks, type Clock } from './clock';
import type { SharedCodes } from './code-table';
import { CycleStream, type CycleDecoder } from './cycle-decoder';
import { Definitions, type DefinitionContext } from './definitions';
import type { EventSink } from './events';
import { CHUNK, CHUNK_HEADER_BYTES, CHUNK_KIND, HEADER_BYTES } from './format';
import { readGilTable, type GilEntry } from './gil-table';
import { LaneReader } from './lane-reader';
import type { LockStream } from './lock-decoder';
import { lockStateOf } from './lock-state';
import { LockTable } from './lock-table';
import { isUnbegun, isUnwritten, parseHeader, type TraceHeader } from './header';
import { MetaTable } from './meta';
import { SampleStream, type SampleDecoder } from './sample-decoder';
import type { InternedStacks } from './stack-table';
import { ThreadTable } from './thread-table';
import { TraceError, UnbegunTrace } from './trace-error';
import type { TraceSource } from './trace-source';

/** What all processes of a run share. */
export interface RunTables {
  readonly stacks: InternedStacks;
  readonly codes: SharedCodes;
  readonly cycles: CycleDecoder;
  readonly samples: SampleDecoder;
  readonly scratch: ChunkBuffer;
  /** Gives the next index of a thread, of a GIL, in the run. */
  readonly allocateThread: () => number;
  readonly allocateGil: () => number;
  readonly allocateLock: () => number;
}

export interface GilReader {
  readonly stream: CycleStream;
  readonly chunks: ChunkStream;
  pieces: Piece[];
}

export class ProcessReader {
  /** As last read; null: not written yet. */
  header: TraceHeader | null = null;
  /** Index in the run, once its clock is known. */
  index = -1;
  clock: Clock | null = null;
  readonly meta = new MetaTable();
  readonly threads: ThreadTable;
  readonly gils: GilReader[] = [];
  gilEntries: GilEntry[] = [];
  aggregates: AggregateEntry[][] = [];
  readonly sampler: SampleStream;
  readonly lanes: LaneReader;
  readonly directory = new ChunkDirectory();
  /** Chunks that the header counts and the file does not have, when the process was over. */
  missingChunks = 0;
  /** Why it could not be read further; '' if it could. */
  fault = '';
  /** The process ended by itself and all of its trace is read. */
  done = false;
  private readonly headers: ChunkHeaders;
  private readonly context: DefinitionContext;

  constructor(
    readonly source: TraceSource,
    private readonly tables: RunTables,
  ) {
    this.headers = new ChunkHeaders(source);
    this.threads = new ThreadTable(tables.allocateThread, tables.scratch);
    this.context = { codes: tables.codes, stacks: tables.stacks, folder: '' };
    this.sampler = new SampleStream(new Definitions(this.context));
    this.lanes = new LaneReader(this.context, tables.allocateLock);
  }

  /**
   * Reads the header. The source must be open.
   *
   * @param final whether nobody writes the trace any more
   * @returns null while it is not written
   * @throws TraceError if this is no trace, UnbegunTrace if the process ended before it wrote one
   */
  readHeader(final: boolean): TraceHeader | null {
    const { bytes, view } = this.tables.scratch;
    bytes.fill(0, 0, HEADER_BYTES);
    const count = this.source.read(bytes, 0, 0, HEADER_BYTES);
    if (!final && (count < HEADER_BYTES || isUnwritten(view))) return null;
    if (count === 0 || (count === HEADER_BYTES && isUnbegun(view)))
      throw new UnbegunTrace(this.source.path);
    const header = parseHeader(view, this.source.path);
    if (count < HEADER_BYTES)
      throw new TraceError(this.source.path, 'the trace is cut short in its header', RECORD_AGAIN);
    this.header = header;
    return header;
  }

  /**
   * Hands on what is new. The source must be open, and header and clock known.
   *
   * @param final whether nobody writes the trace any more
   */
  read(sink: EventSink, final: boolean): void {
    const { header, clock } = this;
    if (header === null || clock === null || this.fault !== '') return;
    const ended = final || header.endTicks !== 0n;
    this.scan(header, final);
    // In this order: a sample is written before the cycle that contains it, a thread's entry before its first cycle.
    for (const gil of this.gils) gil.pieces = gil.chunks.takeNew(this.headers);
    this.lanes.takeNew(this.directory, this.headers);
    const samplerChunks = this.directory.stream(CHUNK_KIND.sampler, 0);
    const samplerPieces = samplerChunks.takeNew(this.headers);
    this.refreshTables(final);
    for (const gil of this.gils) gil.stream.reserve(this.threads.entries.length);
    this.decode(sink, clock, samplerPieces);
    this.decodeLanes(sink, clock);
    for (const { stream, chunks } of this.gils) {
      stream.fault ??= chunks.fault;
      chunks.fault ??= stream.fault;
    }
    this.sampler.fault ??= samplerChunks.fault;
    samplerChunks.fault ??= this.sampler.fault;
    this.done = ended;
  }

  private scan(header: TraceHeader, final: boolean): void {
    const there = this.source.chunkCount();
    this.missingChunks = final ? Math.max(0, header.chunkCount - there) : 0;
    // The last chunks before a kill may be written and not counted.
    this.directory.scan(this.headers, final ? there : Math.min(header.chunkCount, there));
    const { cutChunk } = this.directory;
    if (final && cutChunk !== null && cutChunk < header.chunkCount) this.missingChunks++;
    for (let gil = this.gils.length; gil < header.gilCount; gil++) {
      this.gils.push({
        stream: new CycleStream(
          this.tables.allocateGil(),
          new Definitions(this.context),
          new LockTable(this.tables.allocateLock),
        ),
        chunks: this.directory.stream(CHUNK_KIND.gil, gil),
        pieces: [],
      });
    }
  }

  /** What is not a stream of events, as of now: later than the streams, before they are decoded. */
  private refreshTables(final: boolean): void {
    const header = this.readHeader(final) ?? this.header;
    if (header === null) return;
    this.scan(header, final);
    const { scratch } = this.tables;
    const meta = this.directory.stream(CHUNK_KIND.meta, 0);
    this.meta.refresh(this.source, meta, this.headers, scratch);
    this.context.folder = this.meta.folder;
    const { threadCount, version } = header;
    this.threads.refresh(this.source, this.directory, threadCount, version);
    this.gilEntries = readGilTable(this.source, this.gils.length);
    this.gils.forEach(({ stream }, gil) => {
      const count = this.gilEntries[gil]?.lockCount ?? 0;
      stream.locks.refresh(this.source, this.directory, gil, count);
    });
    const { laneLockCount } = header;
    this.lanes.refresh(this.source, this.directory, this.headers, laneLockCount, scratch);
    this.aggregates = this.gils.map((_, gil) => readAggregates(this.source, this.directory, gil));
  }

  /** Streams chunk by chunk, the one that is furthest behind first; samples before the cycles they fall into. */
  private decode(sink: EventSink, clock: Clock, samplerPieces: Piece[]): void {
    const waiting = this.gils.filter((gil) => gil.pieces.length > 0);
    let nextSample = 0;
    while (waiting.length > 0) {
      let first = 0;
      waiting.forEach((gil, i) => {
        if (gil.stream.released < (waiting[first]?.stream.released ?? 0)) first = i;
      });
      const gil = waiting[first];
      const piece = gil?.pieces.shift();
      if (gil === undefined || piece === undefined) return;
      this.decodeCycles(gil, piece, clock);
      if (gil.pieces.length === 0 || gil.stream.fault !== null) waiting.splice(first, 1);
      const { columns, cpu, works } = this.tables.cycles;
      const until = columns.released[columns.count - 1] ?? -Infinity;
      while (nextSample < samplerPieces.length && this.sampler.latestNs < until) {
        this.decodeSamples(samplerPieces[nextSample++], sink, clock);
      }
      if (cpu.count > 0) sink.cpu?.(cpu);
      if (works.length > 0) sink.works?.(works);
      if (columns.count > 0) sink.cycles(columns);
      this.handOnLocks(gil.stream, gil.stream.gil, sink);
    }
    while (nextSample < samplerPieces.length) {
      this.decodeSamples(samplerPieces[nextSample++], sink, clock);
    }
  }

  private decodeCycles(gil: GilReader, piece: Piece, clock: Clock): void {
    const { cycles, scratch } = this.tables;
    const { stream } = gil;
    cycles.columns.count = cycles.cpu.count = cycles.works.length = 0;
    cycles.locks.begin();
    try {
      const head = piece.from === CHUNK_HEADER_BYTES ? this.headers.load(piece.chunk) : null;
      if (head !== null) {
        const base = relativeTicks(clock, head.getBigUint64(CHUNK.baseTicks, true));
        stream.begin(head.getUint32(CHUNK.thread, true), base);
      }
      const count = this.load(piece);
      if (stream.fault === null)
        cycles.decode(stream, scratch.bytes, scratch.view, 0, count, this.threads, clock);
      if (count < piece.to - piece.from) stream.fault ??= `the file ends in chunk ${piece.chunk}`;
    } catch (error) {
      stream.fault ??= reasonOf(error);
    }
  }

  private decodeLanes(sink: EventSink, clock: Clock): void {
    const { cycles, scratch } = this.tables;
    this.lanes.decode(this.source, cycles.locks, this.threads, clock, scratch, () => {
      this.handOnLocks(this.lanes, NO_GIL, sink);
    });
  }

  private handOnLocks(stream: LockStream, gil: number, sink: EventSink): void {
    const { columns, named } = this.tables.cycles.locks;
    if (columns.count === 0) return;
    for (const number of named) {
      const entry = stream.locks.entries[number];
      if (entry !== undefined) columns.locks[entry.global] = lockStateOf(this, stream, number);
    }
    columns.gil = gil;
    sink.locks(columns);
  }

  private decodeSamples(piece: Piece | undefined, sink: EventSink, clock: Clock): void {
    const { samples, scratch } = this.tables;
    if (piece === undefined || this.sampler.fault !== null) return;
    samples.columns.count = 0;
    try {
      const count = this.load(piece);
      const gils = this.gils.map((gil) => gil.stream.gil);
      const { bytes, view } = scratch;
      samples.decode(this.sampler, bytes, view, 0, count, this.threads, gils, clock);
      if (count < piece.to - piece.from)
        this.sampler.fault ??= `the file ends in chunk ${piece.chunk}`;
    } catch (error) {
      this.sampler.fault ??= reasonOf(error);
    }
    if (samples.columns.count > 0) sink.samples(samples.columns);
  }

  private load(piece: Piece): number {
    const length = piece.to - piece.from;
    return this.source.read(this.tables.scratch.bytes, piece.chunk, piece.from, length);
  }
}

/** {@link LockBatch.gil} of rows of lanes. */
const NO_GIL = -1;
const RECORD_AGAIN = 'Record the run again.';

function reasonOf(error: unknown): string {
  if (error instanceof TraceError) return error.message;
  throw error;
}
