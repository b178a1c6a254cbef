import type { ThreadMap } from './cycle-decoder';
import type { ChunkBuffer } from './chunk-buffer';
import type { ChunkDirectory } from './chunk-streams';
import {
  CHUNK_HEADER_BYTES,
  CHUNK_KIND,
  THREAD,
  THREAD_ENTRY_BYTES,
  THREAD_NAME_BYTES,
  THREADS_PER_CHUNK,
} from './format';
import { THREAD_V1, THREAD_V1_NAME_BYTES } from './format-v1';
import type { TraceSource } from './trace-source';

const STATE_UNUSED = 0;
const STATE_ENDED = 2;
const NOT_BEGUN = -1;

/** A thread entry as last read. Times are raw ticks. */
export interface ThreadEntry {
  /** Index in the run; -1 while it is prepared for a thread that has not begun. */
  global: number;
  tid: number;
  name: string;
  startTicks: bigint;
  endTicks: bigint;
  waitingGil: number;
  waitFlags: number;
  waitStartTicks: bigint;
  lastStack: number;
  lastGil: number;
  lostAcquires: number;
  lostContended: number;
  lostForced: number;
  lostHoldTicks: number;
  lostWaitTicks: number;
  lostMaxHoldTicks: number;
  lostMaxWaitTicks: number;
  waitingLock: number;
  lockWaitGil: number;
  lockWaitStack: number;
  lockWaitOwner: number;
  lockWaitStartTicks: bigint;
}

/** The threads of one process. An entry that ended does not change again and is not read again. */
export class ThreadTable implements ThreadMap {
  readonly entries: ThreadEntry[] = [];
  private readonly settledInChunk: number[] = [];
  /** Entries of version 1 say nothing of locks. */
  private hasLocks = true;
  private global = new Int32Array(64).fill(NOT_BEGUN);
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  /** @param allocate gives a new thread's index in the run */
  constructor(
    private readonly allocate: () => number,
    scratch: ChunkBuffer,
  ) {
    ({ bytes: this.bytes, view: this.view } = scratch);
  }

  /** Reads the entries below `threadCount` that are there. */
  refresh(
    source: TraceSource,
    directory: ChunkDirectory,
    threadCount: number,
    version: number,
  ): void {
    this.hasLocks = version > 1;
    let first = 0;
    for (const chunk of directory.stream(CHUNK_KIND.threads, 0).sequence()) {
      const count = Math.min(threadCount - first, THREADS_PER_CHUNK);
      if (count <= 0) return;
      if ((this.settledInChunk[first / THREADS_PER_CHUNK] ?? 0) < THREADS_PER_CHUNK) {
        const wanted = count * THREAD_ENTRY_BYTES;
        const got = source.read(this.bytes, chunk, CHUNK_HEADER_BYTES, wanted);
        this.takeChunk(first, Math.floor(got / THREAD_ENTRY_BYTES));
      }
      first += THREADS_PER_CHUNK;
    }
  }

  private takeChunk(first: number, count: number): void {
    let settled = 0;
    for (let i = 0; i < count; i++) {
      const index = first + i;
      const known = this.entries[index];
      if (known === undefined) this.add(index);
      const entry = this.entries[index];
      if (entry === undefined) return;
      const at = i * THREAD_ENTRY_BYTES;
      this.parse(entry, at);
      const state = this.view.getUint32(at + THREAD.state, true);
      if (state !== STATE_UNUSED && entry.global < 0) this.begin(index);
      if (state === STATE_ENDED) settled++;
    }
    this.settledInChunk[first / THREADS_PER_CHUNK] = settled;
  }

  private add(index: number): void {
    if (index >= this.global.length) {
      const global = new Int32Array(this.global.length * 2).fill(NOT_BEGUN);
      global.set(this.global);
      this.global = global;
    }
    this.entries.push(emptyEntry());
  }

  /** Gives a thread its index in the run when it begins: one that never does is no thread. */
  private begin(index: number): number {
    const entry = this.entries[index];
    if (entry === undefined) return NOT_BEGUN;
    if (entry.global < 0) entry.global = this.allocate();
    this.global[index] = entry.global;
    return entry.global;
  }

  indexOf(thread: number): number {
    const known = thread < this.entries.length ? (this.global[thread] ?? NOT_BEGUN) : NOT_BEGUN;
    return known >= 0 ? known : this.begin(thread);
  }

  private parse(entry: ThreadEntry, at: number): void {
    const { view } = this;
    entry.tid = view.getUint32(at + THREAD.tid, true);
    entry.name = this.hasLocks
      ? this.readName(at + THREAD.name, THREAD_NAME_BYTES)
      : this.readName(at + THREAD_V1.name, THREAD_V1_NAME_BYTES);
    entry.startTicks = view.getBigUint64(at + THREAD.startTicks, true);
    entry.endTicks = view.getBigUint64(at + THREAD.endTicks, true);
    entry.waitingGil = view.getUint32(at + THREAD.waitingGil, true);
    entry.waitFlags = view.getUint32(at + THREAD.waitFlags, true);
    entry.waitStartTicks = view.getBigUint64(at + THREAD.waitStartTicks, true);
    entry.lastStack = view.getUint32(at + THREAD.lastStack, true);
    entry.lastGil = view.getUint32(at + THREAD.lastGil, true);
    entry.lostAcquires = this.number(at + THREAD.lostAcquires);
    entry.lostContended = this.number(at + THREAD.lostContended);
    entry.lostForced = this.number(at + THREAD.lostForced);
    entry.lostHoldTicks = this.number(at + THREAD.lostHoldTicks);
    entry.lostWaitTicks = this.number(at + THREAD.lostWaitTicks);
    entry.lostMaxHoldTicks = this.number(at + THREAD.lostMaxHoldTicks);
    entry.lostMaxWaitTicks = this.number(at + THREAD.lostMaxWaitTicks);
    if (!this.hasLocks) return;
    entry.waitingLock = view.getUint32(at + THREAD.waitingLock, true);
    entry.lockWaitGil = view.getUint32(at + THREAD.lockWaitGil, true);
    entry.lockWaitStack = view.getUint32(at + THREAD.lockWaitStack, true);
    entry.lockWaitOwner = view.getUint32(at + THREAD.lockWaitOwner, true);
    entry.lockWaitStartTicks = view.getBigUint64(at + THREAD.lockWaitStartTicks, true);
  }

  private number(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  /** UTF-8, zero-terminated; where it was clipped in the middle of a character, without that. */
  private readName(at: number, bytes: number): string {
    const end = this.bytes.subarray(at, at + bytes).indexOf(0);
    const length = end < 0 ? bytes : end;
    if (length === 0) return '';
    const name = Buffer.from(this.bytes.subarray(at, at + length)).toString('utf8');
    return length >= THREAD_NAME_BYTES - 4 ? name.replace(/\ufffd+$/, '') : name;
  }
}

function emptyEntry(): ThreadEntry {
  return {
    global: NOT_BEGUN,
    tid: 0,
    name: '',
    startTicks: 0n,
    endTicks: 0n,
    waitingGil: 0,
    waitFlags: 0,
    waitStartTicks: 0n,
    lastStack: 0,
    lastGil: 0,
    lostAcquires: 0,
    lostContended: 0,
    lostForced: 0,
    lostHoldTicks: 0,
    lostWaitTicks: 0,
    lostMaxHoldTicks: 0,
    lostMaxWaitTicks: 0,
    waitingLock: 0,
    lockWaitGil: 0,
    lockWaitStack: 0,
    lockWaitOwner: 0,
    lockWaitStartTicks: 0n,
  };
}
