import type { ChunkDirectory } from './chunk-streams';
import {
  CHUNK_HEADER_BYTES,
  CHUNK_KIND,
  LOCK_ENTRY,
  LOCK_ENTRY_BYTES,
  LOCK_TYPE_NAME_BYTES,
  LOCKS_PER_CHUNK,
} from './format';
import type { TraceSource } from './trace-source';

/** A lock entry as last read. Times are raw ticks or ticks. */
export interface LockEntry {
  /** Index in the run. */
  readonly global: number;
  readonly state: number;
  readonly kind: number;
  readonly createdStack: number;
  readonly owner: number;
  readonly holdFlags: number;
  readonly holdStack: number;
  readonly holdStartTicks: bigint;
  readonly acquires: number;
  readonly contended: number;
  readonly waitTicks: number;
  readonly holdTicks: number;
  readonly lostRows: number;
  readonly typeName: string;
}

/** The locks of one GIL. */
export class LockTable {
  entries: LockEntry[] = [];
  /** End of the latest hold that was decoded, in relative ticks, by number; -Infinity: none. */
  lastHoldEnd = new Float64Array(0);

  /** @param allocate gives a new lock's index in the run */
  constructor(private readonly allocate: () => number) {}

  /** Reads the entries below `count` that are there. */
  refresh(source: TraceSource, directory: ChunkDirectory, gil: number, count: number): void {
    const entries: LockEntry[] = [];
    const bytes = new Uint8Array(LOCKS_PER_CHUNK * LOCK_ENTRY_BYTES);
    for (const chunk of directory.stream(CHUNK_KIND.locks, gil).sequence()) {
      const wanted = Math.min(count - entries.length, LOCKS_PER_CHUNK);
      if (wanted <= 0) break;
      const got = source.read(bytes, chunk, CHUNK_HEADER_BYTES, wanted * LOCK_ENTRY_BYTES);
      for (let at = 0; at + LOCK_ENTRY_BYTES <= got; at += LOCK_ENTRY_BYTES) {
        const global = this.entries[entries.length]?.global ?? this.allocate();
        entries.push(parseEntry(bytes.subarray(at, at + LOCK_ENTRY_BYTES), global));
      }
      if (got < wanted * LOCK_ENTRY_BYTES) break;
    }
    // A trace that shrank while it was read: what was known of a lock stays.
    this.entries = [...entries, ...this.entries.slice(entries.length)];
    this.reserve(this.entries.length);
  }

  private reserve(count: number): void {
    if (count <= this.lastHoldEnd.length) return;
    const lastHoldEnd = new Float64Array(count * 2).fill(-Infinity);
    lastHoldEnd.set(this.lastHoldEnd);
    this.lastHoldEnd = lastHoldEnd;
  }
}

function parseEntry(bytes: Uint8Array, global: number): LockEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const u64 = (offset: number): number => Number(view.getBigUint64(offset, true));
  const name = bytes.subarray(LOCK_ENTRY.typeName, LOCK_ENTRY.typeName + LOCK_TYPE_NAME_BYTES);
  const end = name.indexOf(0);
  return {
    global,
    state: u32(LOCK_ENTRY.state),
    kind: u32(LOCK_ENTRY.kind),
    createdStack: u32(LOCK_ENTRY.createdStack),
    owner: u32(LOCK_ENTRY.owner),
    holdFlags: u32(LOCK_ENTRY.holdFlags),
    holdStack: u32(LOCK_ENTRY.holdStack),
    holdStartTicks: view.getBigUint64(LOCK_ENTRY.holdStartTicks, true),
    acquires: u64(LOCK_ENTRY.acquires),
    contended: u64(LOCK_ENTRY.contended),
    waitTicks: u64(LOCK_ENTRY.waitTicks),
    holdTicks: u64(LOCK_ENTRY.holdTicks),
    lostRows: u64(LOCK_ENTRY.lostRows),
    typeName: Buffer.from(end < 0 ? name : name.subarray(0, end)).toString('utf8'),
  };
}
