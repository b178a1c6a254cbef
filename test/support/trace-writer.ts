/**
 * Writes traces as `server/trace/format.ts` specifies them, from plain descriptions: for tests, and independent of the
 * reader. Slow and simple on purpose: bytes are pushed one value after the other.
 */
import * as F from '../../server/trace/format';
import { characters, chunksOf, push, sizeOf } from './trace-bytes';
import type {
  TraceOptions,
  ThreadOptions,
  CycleOptions,
  LockOptions,
  LockRowOptions,
  SampleOptions,
  Totals,
  CodeOptions,
  Frame,
  StreamName,
} from './trace-rows';

interface Chunk {
  readonly kind: number;
  readonly owner: number;
  readonly seq: number;
  readonly bytes: number[];
  thread: number;
  base: bigint;
}

class Stream {
  codes = 0;
  nodes = 0;
  thread = 0;
  released = 0n;
  cycles = 0;
  current: Chunk | null = null;
  seq = 0;
  readonly codeIds = new Map<string, number>();
  readonly nodeIds = new Map<string, number>();
}

/** Builds one trace. {@link bytes} may be called at any moment: what it gives later only grows. */
export class TraceWriter {
  private readonly header = Buffer.alloc(F.HEADER_BYTES);
  private readonly gilTable = Buffer.alloc(F.GIL_CAPACITY * F.GIL_ENTRY_BYTES);
  private readonly threads: Buffer[] = [];
  private readonly chunks: Chunk[] = [];
  private readonly streams = new Map<string, Stream>();
  private readonly chunkLimit: number;
  private gils = 0;

  constructor(options: TraceOptions = {}) {
    this.chunkLimit = options.chunkLimit ?? F.CHUNK_BYTES;
    this.header.write(F.TRACE_MAGIC, F.HEADER.magic, 'latin1');
    this.setHeader('version', F.TRACE_VERSION);
    this.setHeader('byteOrder', F.BYTE_ORDER_MARK);
    this.setHeader('headerBytes', F.HEADER_BYTES);
    this.setHeader('chunkBytes', F.CHUNK_BYTES);
    this.setHeader('gilEntryBytes', F.GIL_ENTRY_BYTES);
    this.setHeader('threadEntryBytes', F.THREAD_ENTRY_BYTES);
    this.setHeader('pid', options.pid ?? 100);
    this.setHeader('parentPid', options.parentPid ?? 1);
    this.setHeader('pythonHex', options.pythonHex ?? 0x030c01f0);
    this.setHeader('flags', options.flags ?? F.PROCESS_FLAG.gilSeen);
    this.setHeader('frames', options.frames ?? F.FRAMES.recorded);
    this.setHeader('clock', options.clock ?? F.CLOCK.monotonicNs);
    const start = options.startTicks ?? 0n;
    this.setHeader64('startTicks', start);
    this.setAnchor('anchor0', options.anchor0 ?? [start, 5_000_000_000n]);
    if (options.anchor1 !== undefined) this.setAnchor('anchor1', options.anchor1);
    if (options.anchorLatest !== undefined) this.setAnchor('anchorLatest', options.anchorLatest);
    this.setHeader64('endTicks', options.endTicks ?? 0n);
    this.setHeader64('heartbeatTicks', options.heartbeatTicks ?? 0n);
    this.setHeader64('realtimeNs', 1_700_000_000_000_000_000n);
    if (options.exitCode !== undefined) {
      this.setHeader('exitFlags', F.EXIT_FLAG.codeKnown);
      this.header.writeInt32LE(options.exitCode, F.HEADER.exitCode);
    }
  }

  /** Sets a u32 of the header. */
  setHeader(field: keyof typeof F.HEADER, value: number): void {
    this.header.writeUInt32LE(value, F.HEADER[field]);
  }

  /** Sets a u64 of the header. */
  setHeader64(field: keyof typeof F.HEADER, value: bigint): void {
    this.header.writeBigUInt64LE(value, F.HEADER[field]);
  }

  setAnchor(which: 'anchor0' | 'anchor1' | 'anchorLatest', at: readonly [bigint, bigint]): void {
    this.setHeader64(`${which}Ticks`, at[0]);
    this.setHeader64(`${which}Ns`, at[1]);
  }

  /** Returns the GIL's index. */
  addGil(interpreter = 0, switchIntervalUs = 5000): number {
    const gil = this.gils++;
    this.setHeader('gilCount', this.gils);
    const at = gil * F.GIL_ENTRY_BYTES;
    this.gilTable.writeInt32LE(interpreter, at + F.GIL.interpreter);
    this.gilTable.writeUInt32LE(1, at + F.GIL.state);
    this.gilTable.writeUInt32LE(switchIntervalUs, at + F.GIL.switchIntervalUs);
    return gil;
  }

  /** Returns the thread's index. */
  addThread(options: ThreadOptions): number {
    const index = this.threads.length;
    const entry = Buffer.alloc(F.THREAD_ENTRY_BYTES);
    entry.writeUInt32LE(1, F.THREAD.state);
    entry.writeUInt32LE(options.tid, F.THREAD.tid);
    entry.writeBigUInt64LE(options.startTicks ?? 0n, F.THREAD.startTicks);
    this.threads.push(entry);
    this.nameThread(index, options.name ?? '');
    if (options.endTicks !== undefined) this.endThread(index, options.endTicks);
    this.setHeader('threadCount', this.threads.length);
    if (index % F.THREADS_PER_CHUNK === 0) {
      const seq = index / F.THREADS_PER_CHUNK;
      this.chunks.push({
        kind: F.CHUNK_KIND.threads,
        owner: 0,
        seq,
        bytes: [],
        thread: 0,
        base: 0n,
      });
    }
    return index;
  }

  nameThread(thread: number, name: string): void {
    const bytes = Buffer.from(name).subarray(0, F.THREAD_NAME_BYTES - 1);
    bytes.copy(this.thread(thread), F.THREAD.name);
  }

  endThread(thread: number, ticks: bigint): void {
    this.thread(thread).writeUInt32LE(2, F.THREAD.state);
    this.thread(thread).writeBigUInt64LE(ticks, F.THREAD.endTicks);
  }

  /** A wait that is going on; `gil` null: none. */
  openWait(
    thread: number,
    gil: number | null,
    start: bigint,
    options: { readonly afterForced?: boolean; readonly otherState?: boolean } = {},
  ): void {
    const entry = this.thread(thread);
    entry.writeUInt32LE(gil === null ? 0 : gil + 1, F.THREAD.waitingGil);
    entry.writeUInt32LE(
      (options.afterForced ? F.CYCLE_FLAG.afterForced : 0) |
        (options.otherState ? F.CYCLE_FLAG.otherState : 0),
      F.THREAD.waitFlags,
    );
    entry.writeBigUInt64LE(start, F.THREAD.waitStartTicks);
  }

  /** The hold that is going on. Call {@link cycle} for it later, with the same times. */
  openHold(gil: number, cycle: Omit<CycleOptions, 'released'>): void {
    const at = gil * F.GIL_ENTRY_BYTES;
    const seq = this.gilTable.readBigUInt64LE(at + F.GIL.cycles);
    const lost = this.gilTable.readBigUInt64LE(at + F.GIL.lostCycles);
    this.gilTable.writeUInt32LE(cycle.thread + 1, at + F.GIL.holder);
    this.gilTable.writeUInt32LE(flagsOf(cycle), at + F.GIL.holdFlags);
    this.gilTable.writeBigUInt64LE(cycle.waitStart, at + F.GIL.waitStartTicks);
    this.gilTable.writeBigUInt64LE(cycle.acquired, at + F.GIL.acquiredTicks);
    this.gilTable.writeUInt32LE(cycle.stack ?? 0, at + F.GIL.acquireStack);
    this.gilTable.writeBigUInt64LE(seq + lost + 1n, at + F.GIL.acquireSeq);
    this.thread(cycle.thread).writeUInt32LE(0, F.THREAD.waitingGil);
  }

  /** Records a hold. Holds of a GIL must come in order. */
  cycle(gil: number, cycle: CycleOptions): void {
    const stream = this.stream(gil);
    this.room(gil, 64);
    const bytes: number[] = [];
    let flags = flagsOf(cycle);
    if (cycle.switchWait !== undefined) flags |= F.CYCLE_FLAG.switchWait;
    if (cycle.overrun !== undefined) flags |= F.CYCLE_FLAG.overrun;
    if (cycle.thread !== stream.thread) {
      flags |= F.CYCLE_FLAG.threadChanged | (cycle.thread > 0xffff ? F.CYCLE_FLAG.wideThread : 0);
      push(bytes, BigInt(cycle.thread), cycle.thread > 0xffff ? 4 : 2);
    }
    const values = [
      cycle.acquired - stream.released,
      cycle.acquired - cycle.waitStart,
      cycle.released - cycle.acquired,
      BigInt(cycle.stack ?? 0),
    ];
    let sizes = 0;
    values.forEach((value, i) => {
      const size = sizeOf(value);
      sizes |= size << (2 * i);
      push(bytes, value, 1 << size);
    });
    if (cycle.switchWait !== undefined) push(bytes, cycle.switchWait, 8);
    if (cycle.overrun !== undefined) push(bytes, cycle.overrun, 8);
    this.put(gil, [flags, sizes, ...bytes]);
    stream.released = cycle.released;
    stream.thread = cycle.thread;
    stream.cycles++;
    this.countCycles(gil, stream, cycle);
  }

  private countCycles(gil: number, stream: Stream, cycle: CycleOptions): void {
    const at = gil * F.GIL_ENTRY_BYTES;
    const lost = this.gilTable.readBigUInt64LE(at + F.GIL.lostCycles);
    this.gilTable.writeBigUInt64LE(BigInt(stream.cycles), at + F.GIL.cycles);
    this.gilTable.writeBigUInt64LE(BigInt(stream.cycles) + lost, at + F.GIL.acquireSeq);
    this.gilTable.writeUInt32LE(0, at + F.GIL.holder);
    const entry = this.thread(cycle.thread);
    entry.writeUInt32LE(cycle.stack ?? 0, F.THREAD.lastStack);
    entry.writeUInt32LE(gil + 1, F.THREAD.lastGil);
    entry.writeUInt32LE(0, F.THREAD.waitingGil);
  }

  /** Cycles that are only in totals: of the thread, and of its stack. */
  aggregate(gil: number, thread: number, stack: number, totals: Totals): void {
    const entry: number[] = [];
    push(entry, BigInt(thread + 1), 4);
    push(entry, BigInt(stack), 4);
    const { acquires, contended, forced, holdTicks, waitTicks, maxHoldTicks, maxWaitTicks } =
      totals;
    for (const value of [acquires, contended, forced, holdTicks, waitTicks]) push(entry, value, 8);
    for (const value of [maxHoldTicks, maxWaitTicks]) push(entry, value, 8);
    this.put(gil, entry, F.CHUNK_KIND.aggregates);
    const at = gil * F.GIL_ENTRY_BYTES;
    for (const field of [F.GIL.lostCycles, F.GIL.acquireSeq]) {
      const before = this.gilTable.readBigUInt64LE(at + field);
      this.gilTable.writeBigUInt64LE(before + acquires, at + field);
    }
    this.addLost(thread, totals);
    const lost = this.header.readBigUInt64LE(F.HEADER.lostEvents);
    this.setHeader64('lostEvents', lost + acquires);
    this.setHeader('lostReasons', F.LOST.bounded);
  }

  private addLost(thread: number, totals: Totals): void {
    const entry = this.thread(thread);
    const add = (field: number, value: bigint): void => {
      entry.writeBigUInt64LE(entry.readBigUInt64LE(field) + value, field);
    };
    const raise = (field: number, value: bigint): void => {
      const before = entry.readBigUInt64LE(field);
      entry.writeBigUInt64LE(before > value ? before : value, field);
    };
    add(F.THREAD.lostAcquires, totals.acquires);
    add(F.THREAD.lostContended, totals.contended);
    add(F.THREAD.lostForced, totals.forced);
    add(F.THREAD.lostHoldTicks, totals.holdTicks);
    add(F.THREAD.lostWaitTicks, totals.waitTicks);
    raise(F.THREAD.lostMaxHoldTicks, totals.maxHoldTicks);
    raise(F.THREAD.lostMaxWaitTicks, totals.maxWaitTicks);
  }

  /** Records a sample; they must come in the order of time. */
  sample(sample: SampleOptions): void {
    const bytes: number[] = [F.TAG.sample];
    push(bytes, 33n, 4);
    push(bytes, BigInt(sample.gil), 4);
    push(bytes, BigInt(sample.thread), 4);
    push(bytes, sample.at, 8);
    push(bytes, BigInt(sample.stack), 4);
    push(bytes, sample.cpuNs ?? 0n, 8);
    this.put('sampler', bytes);
    const taken = this.header.readBigUInt64LE(F.HEADER.samplesTaken);
    this.setHeader64('samplesTaken', taken + 1n);
  }

  /** Records a reading of a thread's CPU clock, before the cycle to which it belongs. */
  cpu(gil: number, thread: number, at: bigint, cpuNs: bigint, heldTicks: bigint): void {
    const content: number[] = [];
    push(content, BigInt(thread), 4);
    for (const value of [at, cpuNs, heldTicks]) push(content, value, 8);
    this.record(gil, F.TAG.cpu, content);
  }

  /** Defines a code object in a stream and returns its id. Long line tables are split over TABLE records. */
  code(name: StreamName, code: CodeOptions): number {
    const stream = this.stream(name);
    const id = ++stream.codes;
    const file = characters(code.file);
    const title = characters(code.name);
    const fixed: number[] = [];
    push(fixed, BigInt(id), 4);
    push(fixed, BigInt(code.firstLine), 4);
    fixed.push(code.tableKind, file.width, title.width, 0);
    push(fixed, BigInt(file.count), 4);
    push(fixed, BigInt(title.count), 4);
    push(fixed, BigInt(code.table.length), 4);
    const strings = [...file.bytes, ...title.bytes];
    const first = Math.min(code.table.length, 2000);
    this.record(name, F.TAG.code, [...fixed, ...strings, ...code.table.subarray(0, first)]);
    for (let at = first; at < code.table.length; at += 2000) {
      const part: number[] = [];
      push(part, BigInt(id), 4);
      this.record(name, F.TAG.table, [...part, ...code.table.subarray(at, at + 2000)]);
    }
    return id;
  }

  /** Uses up a code number, as a record that fails half-way does. */
  skipCode(name: StreamName): void {
    this.stream(name).codes++;
  }

  /** Defines a node in a stream and returns its id. */
  node(name: StreamName, parent: number, code: number, offset: number): number {
    const id = ++this.stream(name).nodes;
    const bytes: number[] = [];
    for (const value of [id, parent, code]) push(bytes, BigInt(value), 4);
    push(bytes, BigInt(offset >>> 0), 4);
    this.record(name, F.TAG.node, bytes);
    return id;
  }

  /** The node of a stack in a stream, outermost frame first; defines what is not defined yet. */
  stack(name: StreamName, frames: readonly Frame[]): number {
    const stream = this.stream(name);
    let parent = 0;
    for (const frame of frames) {
      const codeKey = `${frame.file}\0${frame.line}\0${frame.function}`;
      let code = stream.codeIds.get(codeKey);
      if (code === undefined) {
        // One entry of the location table: no columns, eight code units, on the code's first line.
        const table = Uint8Array.of(0x80 | (13 << 3) | 7, 0);
        const tableKind = F.LINE_TABLE.locations;
        const { file, line: firstLine, function: title } = frame;
        code = this.code(name, { file, name: title, firstLine, tableKind, table });
        stream.codeIds.set(codeKey, code);
      }
      const nodeKey = `${parent} ${code}`;
      const node = stream.nodeIds.get(nodeKey) ?? this.node(name, parent, code, 0);
      stream.nodeIds.set(nodeKey, node);
      parent = node;
    }
    return parent;
  }

  meta(key: keyof typeof F.META, value: string): void {
    const bytes: number[] = [];
    const text = Buffer.from(value);
    push(bytes, BigInt(F.META[key]), 2);
    push(bytes, BigInt(text.length), 4);
    this.put('sampler', [...bytes, ...text], F.CHUNK_KIND.meta);
  }

  /** Adds a lock of a GIL, or of the lanes; returns its number. */
  lock(gil: number, lock: LockOptions): number {
    const entry = Buffer.alloc(F.LOCK_ENTRY_BYTES);
    const u32 = (field: number, value = 0): unknown => entry.writeUInt32LE(value, field);
    const u64 = (field: number, value = 0n): unknown => entry.writeBigUInt64LE(value, field);
    u32(F.LOCK_ENTRY.state, lock.gone === true ? 2 : 1);
    u32(F.LOCK_ENTRY.kind, lock.kind);
    u32(F.LOCK_ENTRY.createdStack, lock.createdStack);
    u32(F.LOCK_ENTRY.owner, lock.hold === undefined ? 0 : lock.hold.thread + 1);
    u32(F.LOCK_ENTRY.holdFlags, lock.hold?.flags);
    u32(F.LOCK_ENTRY.holdStack, lock.hold?.stack);
    u64(F.LOCK_ENTRY.holdStartTicks, lock.hold?.start);
    u64(F.LOCK_ENTRY.acquires, lock.acquires);
    u64(F.LOCK_ENTRY.contended, lock.contended);
    u64(F.LOCK_ENTRY.waitTicks, lock.waitTicks);
    u64(F.LOCK_ENTRY.holdTicks, lock.holdTicks);
    u64(F.LOCK_ENTRY.lostRows, lock.lostRows);
    entry.write(lock.typeName ?? '', F.LOCK_ENTRY.typeName);
    this.put(gil, [...entry], F.CHUNK_KIND.locks);
    const counts = gil === F.LANES ? this.header : this.gilTable;
    const at = gil === F.LANES ? F.HEADER.laneLockCount : gil * F.GIL_ENTRY_BYTES + F.GIL.lockCount;
    const number = counts.readUInt32LE(at);
    counts.writeUInt32LE(number + 1, at);
    return number;
  }

  /** Records a wait for a lock, a hold, or an order. */
  lockRow(gil: StreamName, tag: number, row: LockRowOptions): void {
    const bytes: number[] = [];
    push(bytes, BigInt(row.lock), 4);
    push(bytes, BigInt(row.thread), 4);
    push(bytes, row.start, 8);
    push(bytes, row.end, 8);
    for (const value of [row.stack ?? 0, row.other ?? 0, row.otherStack ?? 0, row.weight ?? 1])
      push(bytes, BigInt(value), 4);
    this.record(gil, tag, [...bytes, row.flags ?? 0]);
  }

  /** A wait for a lock that is going on; `owner`: thread index + 1. */
  openLockWait(thread: number, gil: number, lock: number, start: bigint, owner = 0): void {
    const entry = this.thread(thread);
    entry.writeUInt32LE(lock + 1, F.THREAD.waitingLock);
    entry.writeUInt32LE(gil, F.THREAD.lockWaitGil);
    entry.writeUInt32LE(owner, F.THREAD.lockWaitOwner);
    entry.writeBigUInt64LE(start, F.THREAD.lockWaitStartTicks);
  }

  /** Any bytes, into a stream: for traces that are wrong. */
  raw(name: StreamName, bytes: readonly number[]): void {
    this.put(name, bytes);
  }

  /** The whole file as of now. */
  bytes(): Buffer {
    this.setHeader('chunkCount', this.chunks.length + 1);
    const file = Buffer.alloc((this.chunks.length + 1) * F.CHUNK_BYTES);
    this.header.copy(file, 0);
    this.gilTable.copy(file, F.GIL_TABLE_OFFSET);
    this.chunks.forEach((chunk, i) => {
      const at = (i + 1) * F.CHUNK_BYTES;
      const isThreads = chunk.kind === F.CHUNK_KIND.threads;
      const content = isThreads ? this.threadBytes(chunk.seq) : Buffer.from(chunk.bytes);
      file.writeUInt32LE(F.CHUNK_MAGIC, at + F.CHUNK.magic);
      file.writeUInt32LE(chunk.kind, at + F.CHUNK.kind);
      file.writeUInt32LE(chunk.owner, at + F.CHUNK.owner);
      file.writeUInt32LE(chunk.seq, at + F.CHUNK.seq);
      file.writeUInt32LE(F.CHUNK_HEADER_BYTES + content.length, at + F.CHUNK.used);
      file.writeUInt32LE(chunk.thread, at + F.CHUNK.thread);
      file.writeBigUInt64LE(chunk.base, at + F.CHUNK.baseTicks);
      content.copy(file, at + F.CHUNK_HEADER_BYTES);
    });
    return file;
  }

  private threadBytes(seq: number): Buffer {
    const first = seq * F.THREADS_PER_CHUNK;
    return Buffer.concat(this.threads.slice(first, first + F.THREADS_PER_CHUNK));
  }

  private thread(index: number): Buffer {
    const entry = this.threads[index];
    if (entry === undefined) throw new Error(`no thread ${index}`);
    return entry;
  }

  private stream(name: StreamName, kind?: number): Stream {
    const key = `${name}/${kind ?? 0}`;
    const known = this.streams.get(key) ?? new Stream();
    this.streams.set(key, known);
    return known;
  }

  private record(name: StreamName, tag: number, content: readonly number[]): void {
    const bytes = [tag];
    push(bytes, BigInt(content.length + 5), 4);
    this.put(name, [...bytes, ...content]);
  }

  private put(name: StreamName, bytes: readonly number[], kind?: number): void {
    this.room(name, bytes.length, kind).bytes.push(...bytes);
  }

  /** The chunk of a stream with room for a record; begins one where the last is full. */
  private room(name: StreamName, length: number, kind?: number): Chunk {
    const stream = this.stream(name, kind);
    const limit = Math.max(this.chunkLimit, F.CHUNK_HEADER_BYTES + length);
    const { current } = stream;
    if (current !== null && F.CHUNK_HEADER_BYTES + current.bytes.length + length <= limit)
      return current;
    const chunk = {
      kind: kind ?? chunksOf(name).kind,
      owner: chunksOf(name).owner,
      seq: stream.seq++,
      bytes: [],
      thread: stream.thread,
      base: stream.released,
    };
    stream.current = chunk;
    this.chunks.push(chunk);
    return chunk;
  }
}

function flagsOf(cycle: Omit<CycleOptions, 'released'>): number {
  return (
    (cycle.contended ? F.CYCLE_FLAG.contended : 0) |
    (cycle.afterForced ? F.CYCLE_FLAG.afterForced : 0) |
    (cycle.otherState ? F.CYCLE_FLAG.otherState : 0)
  );
}
