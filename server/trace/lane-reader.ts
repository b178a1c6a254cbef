/** Reads what threads of a process without a GIL wrote, each to its own lane. */
import type { ChunkBuffer } from './chunk-buffer';
import type { ChunkDirectory, ChunkHeaders, ChunkStream, Piece } from './chunk-streams';
import type { Clock } from './clock';
import type { ThreadMap } from './cycle-decoder';
import { Definitions, type DefinitionContext } from './definitions';
import { CHUNK_KIND, LANES } from './format';
import { isLockTag, type LockDecoder, type LockStream } from './lock-decoder';
import { LockTable } from './lock-table';
import type { TraceSource } from './trace-source';

/** All lanes of a process: they share definitions of stacks and locks. */
export class LaneReader implements LockStream {
  readonly definitions: Definitions;
  readonly locks: LockTable;
  readonly inOrder = false;
  /** What is wrong with the first lane that is damaged, or with the definitions. */
  fault: string | null = null;
  /** End of the latest row, in ticks since the clock's origin. */
  latest = -Infinity;
  private pieces: (readonly [ChunkStream, Piece])[] = [];

  constructor(context: DefinitionContext, allocateLock: () => number) {
    this.definitions = new Definitions(context);
    this.locks = new LockTable(allocateLock);
  }

  /** Takes what may be read of the rows: before what they refer to, which was written earlier. */
  takeNew(directory: ChunkDirectory, headers: ChunkHeaders): void {
    for (const stream of directory.all()) {
      if (stream.kind !== CHUNK_KIND.lane) continue;
      for (const piece of stream.takeNew(headers)) this.pieces.push([stream, piece]);
    }
  }

  /** Takes in the definitions and the locks. */
  refresh(
    source: TraceSource,
    directory: ChunkDirectory,
    headers: ChunkHeaders,
    lockCount: number,
    { bytes, view }: ChunkBuffer,
  ): void {
    this.locks.refresh(source, directory, LANES, lockCount);
    const stream = directory.stream(CHUNK_KIND.laneStacks, 0);
    for (const { chunk, from, to } of stream.takeNew(headers)) {
      const end = source.read(bytes, chunk, from, to - from);
      for (let at = 0; at < end && stream.fault === null;) {
        at = this.definitions.read(bytes, view, at, end);
        if (at < 0) stream.fault = this.definitions.fault;
      }
      if (end < to - from) stream.fault ??= `the file ends in chunk ${chunk}`;
    }
    this.fault ??= stream.fault;
  }

  /** Decodes what was taken, and hands on the rows of each piece. */
  decode(
    source: TraceSource,
    decoder: LockDecoder,
    threads: ThreadMap,
    clock: Clock,
    { bytes, view }: ChunkBuffer,
    handOn: () => void,
  ): void {
    for (const [stream, { chunk, from, to }] of this.pieces.splice(0)) {
      if (stream.fault !== null) continue;
      const end = source.read(bytes, chunk, from, to - from);
      decoder.begin();
      // A lane that is damaged ends there; the others go on.
      const lane = { ...this.part(), fault: null as string | null };
      for (let at = 0; at < end && at >= 0;) {
        at = isLockTag(view.getUint8(at))
          ? decoder.read(lane, view, at, end, threads, clock)
          : this.skip(lane, view, at, end);
      }
      if (end < to - from) lane.fault ??= `the file ends in chunk ${chunk}`;
      stream.fault = lane.fault;
      this.fault ??= lane.fault;
      this.latest = Math.max(this.latest, decoder.latest);
      handOn();
    }
  }

  private part(): Omit<LockStream, 'fault'> {
    const { definitions, locks, inOrder } = this;
    return { definitions, locks, inOrder };
  }

  /** A record of another kind. */
  private skip(lane: LockStream, view: DataView, at: number, end: number): number {
    const length = at + TAGGED_HEADER_BYTES <= end ? view.getUint32(at + 1, true) : 0;
    if (length >= TAGGED_HEADER_BYTES && at + length <= end) return at + length;
    lane.fault = 'a record is cut short';
    return -1;
  }
}

/** Bytes of a record before its first value: tag and length. */
const TAGGED_HEADER_BYTES = 5;
