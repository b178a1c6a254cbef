import type { ChunkDirectory } from './chunk-streams';
import {
  AGGREGATE,
  AGGREGATE_ENTRY_BYTES,
  CHUNK_BYTES,
  CHUNK_HEADER_BYTES,
  CHUNK_KIND,
} from './format';
import type { TraceSource } from './trace-source';

/** An entry of the aggregates of a GIL. Times are in ticks. */
export interface AggregateEntry {
  /** The process's thread index. */
  readonly thread: number;
  /** Node in the GIL's stream. */
  readonly stack: number;
  readonly acquires: number;
  readonly contended: number;
  readonly forced: number;
  readonly holdTicks: number;
  readonly waitTicks: number;
  readonly maxHoldTicks: number;
  readonly maxWaitTicks: number;
}

/** Reads the aggregates of one GIL; they change until the process ends, so each reading is of all of them. */
export function readAggregates(
  source: TraceSource,
  directory: ChunkDirectory,
  gil: number,
): AggregateEntry[] {
  const entries: AggregateEntry[] = [];
  const length = CHUNK_BYTES - CHUNK_HEADER_BYTES;
  let bytes: Uint8Array | null = null;
  for (const chunk of directory.stream(CHUNK_KIND.aggregates, gil).sequence()) {
    bytes ??= new Uint8Array(length);
    const end = source.read(bytes, chunk, CHUNK_HEADER_BYTES, length);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + AGGREGATE_ENTRY_BYTES <= end; at += AGGREGATE_ENTRY_BYTES) {
      const thread = view.getUint32(at + AGGREGATE.thread, true);
      if (thread !== 0) entries.push(parseEntry(view, at, thread - 1));
    }
  }
  return entries;
}

function parseEntry(view: DataView, at: number, thread: number): AggregateEntry {
  const u64 = (offset: number): number => Number(view.getBigUint64(at + offset, true));
  return {
    thread,
    stack: view.getUint32(at + AGGREGATE.stack, true),
    acquires: u64(AGGREGATE.acquires),
    contended: u64(AGGREGATE.contended),
    forced: u64(AGGREGATE.forced),
    holdTicks: u64(AGGREGATE.holdTicks),
    waitTicks: u64(AGGREGATE.waitTicks),
    maxHoldTicks: u64(AGGREGATE.maxHoldTicks),
    maxWaitTicks: u64(AGGREGATE.maxWaitTicks),
  };
}
