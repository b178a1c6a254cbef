import { TICKS_MAX, type Clock } from './clock';
import type { Definitions } from './definitions';
import type { CycleBatch, StackTable, WorkRow } from './events';
import { CPU_BYTES, CpuColumns } from './cpu-columns';
import { BATCH_FLAG } from './events';
import { CHUNK_BYTES, CHUNK_HEADER_BYTES, CYCLE_FLAG, TAG } from './format';
import { isLockTag, type LockDecoder } from './lock-decoder';
import type { LockTable } from './lock-table';
import { addWork, WORK_BYTES } from './work-decoder';

/** Flags, sizes and four values of one byte. */
const CYCLE_BYTES_MIN = 6;
/** Flags, sizes, wide thread, four values, switch wait and overrun: what a record may reach beyond the end of its chunk. */
export const CYCLE_BYTES_MAX = 2 + 4 + 4 * 8 + 2 * 8;
const BATCH_CAPACITY = Math.ceil((CHUNK_BYTES - CHUNK_HEADER_BYTES) / CYCLE_BYTES_MIN);
const FIRST_TAG = 0x80;
const KNOWN_FLAGS = 0x7f;
const FORWARDED_FLAGS =
  BATCH_FLAG.contended | BATCH_FLAG.afterForced | BATCH_FLAG.switchWait | BATCH_FLAG.otherState;

/** Columns of a batch, used again for each. */
export class CycleColumns implements CycleBatch {
  gil = 0;
  count = 0;
  readonly thread = new Uint32Array(BATCH_CAPACITY);
  readonly waitStart = new Float64Array(BATCH_CAPACITY);
  readonly acquired = new Float64Array(BATCH_CAPACITY);
  readonly released = new Float64Array(BATCH_CAPACITY);
  readonly stack = new Uint32Array(BATCH_CAPACITY);
  readonly flags = new Uint8Array(BATCH_CAPACITY);
  readonly switchWaitEnd = new Float64Array(BATCH_CAPACITY);
  readonly overrunNs = new Float64Array(BATCH_CAPACITY);

  constructor(readonly stacks: StackTable) {}
}

/** What decoding a GIL's stream needs to know from before; times in ticks since the clock's origin. */
export class CycleStream {
  readonly inOrder = true;
  /** Release of the latest cycle. */
  released = -Infinity;
  /** The process's thread index of the latest cycle. */
  thread = 0;
  /** Cycles decoded. */
  cycles = 0;
  /** Latest release of each thread in this stream; -Infinity: none. By the process's thread index. */
  lastRelease = new Float64Array(0);
  /** Start of each thread's first wait in this stream; Infinity: none. */
  firstWait = new Float64Array(0);
  /** What is wrong with the stream; it is not decoded further. */
  fault: string | null = null;

  constructor(
    /** Index in the run. */
    readonly gil: number,
    readonly definitions: Definitions,
    readonly locks: LockTable,
  ) {}

  /** A chunk begins: it says its thread and the release before it. */
  begin(thread: number, baseTicks: number): void {
    if (!(Math.abs(baseTicks) < TICKS_MAX)) this.fault = 'a chunk begins at an impossible time';
    // What was decoded stays before what follows, whatever a damaged chunk says.
    this.released = Math.max(this.released, baseTicks);
    this.thread = thread;
  }

  /** Makes room for thread indices below `count`. */
  reserve(count: number): void {
    if (count <= this.lastRelease.length) return;
    const lastRelease = new Float64Array(count * 2).fill(-Infinity);
    lastRelease.set(this.lastRelease);
    this.lastRelease = lastRelease;
    const firstWait = new Float64Array(count * 2).fill(Infinity);
    firstWait.set(this.firstWait);
    this.firstWait = firstWait;
  }
}

/** Threads of the process: from its index to the run's. */
export interface ThreadMap {
  /** The index in the run, -1 if there is no such thread. */
  indexOf(thread: number): number;
}

/** Decodes records into columns, a piece of a chunk at a time. */
export class CycleDecoder {
  readonly columns: CycleColumns;
  /** CPU times among the cycles of {@link columns}. */
  readonly cpu = new CpuColumns();
  /** Works among the cycles of {@link columns}. */
  readonly works: WorkRow[] = [];

  constructor(readonly locks: LockDecoder) {
    this.columns = new CycleColumns(locks.columns.stacks);
  }

  /**
   * Decodes the records in [from, to) into {@link columns}, those of locks into the columns of {@link locks}. `bytes` must be {@link CYCLE_BYTES_MAX} longer than `to`.
   * Damage ends it and is said in the stream's `fault`; what is before the damage counts.
   */
  decode(
    stream: CycleStream,
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    threads: ThreadMap,
    clock: Clock,
  ): void {
    const { columns } = this;
    this.cpu.count = this.works.length = 0;
    const { definitions, lastRelease } = stream;
    const { rate, offsetNs } = clock;
    let { nodes, nodeCount } = definitions;
    let { released, thread } = stream;
    let globalThread = threads.indexOf(thread);
    let count = 0;
    let at = from;
    while (at < to) {
      const flags = view.getUint8(at);
      if (flags >= FIRST_TAG) {
        if (flags === TAG.work && at + WORK_BYTES <= to)
          addWork(this.works, view, at, definitions, threads, clock);
        if (flags === TAG.cpu && at + CPU_BYTES <= to) this.cpu.add(view, at, threads, clock);
        if (isLockTag(flags)) at = this.locks.read(stream, view, at, to, threads, clock);
        else at = definitions.read(bytes, view, at, to);
        if (at < 0) {
          stream.fault ??= definitions.fault;
          break;
        }
        ({ nodes, nodeCount } = definitions);
        continue;
      }
      const sizes = view.getUint8(at + 1);
      let next = at + 2;
      if ((flags & CYCLE_FLAG.threadChanged) !== 0) {
        const wide = (flags & CYCLE_FLAG.wideThread) !== 0;
        thread = wide ? view.getUint32(next, true) : view.getUint16(next, true);
        next += wide ? 4 : 2;
        globalThread = threads.indexOf(thread);
      }
      const gap = readSized(view, next, sizes & 3);
      next += 1 << (sizes & 3);
      const wait = readSized(view, next, (sizes >> 2) & 3);
      next += 1 << ((sizes >> 2) & 3);
      const hold = readSized(view, next, (sizes >> 4) & 3);
      next += 1 << ((sizes >> 4) & 3);
      const node = readSized(view, next, sizes >> 6);
      next += 1 << (sizes >> 6);
      const acquired = released + gap;
      const end = acquired + hold;
      const previous = lastRelease[thread] ?? 0;
      // The waits of a thread begin after its last hold, whatever a damaged record says.
      const waitStart = Math.max(acquired - wait, previous);
      let switchWaitEnd = 0;
      let forwarded = flags & FORWARDED_FLAGS;
      if ((flags & CYCLE_FLAG.switchWait) !== 0) {
        const kept = readSized(view, next, 3);
        next += 8;
        if (previous === -Infinity) forwarded &= ~BATCH_FLAG.switchWait;
        else switchWaitEnd = Math.round(Math.min(previous + kept, waitStart) * rate + offsetNs);
      }
      let overrunNs = 0;
      if ((flags & CYCLE_FLAG.overrun) !== 0) {
        overrunNs = Math.round(Math.min(readSized(view, next, 3), hold) * rate);
        next += 8;
      }
      const sound = next <= to && globalThread >= 0 && node < nodeCount && end < TICKS_MAX;
      if (!sound || flags > KNOWN_FLAGS) {
        stream.fault = next > to ? 'a cycle is cut short' : 'a cycle is impossible';
        break;
      }
      if (previous === -Infinity) stream.firstWait[thread] = waitStart;
      lastRelease[thread] = end;
      columns.thread[count] = globalThread;
      columns.waitStart[count] = Math.round(waitStart * rate + offsetNs);
      columns.acquired[count] = Math.round(acquired * rate + offsetNs);
      columns.released[count] = Math.round(end * rate + offsetNs);
      columns.stack[count] = nodes[node] ?? 0;
      columns.flags[count] = forwarded;
      columns.switchWaitEnd[count] = switchWaitEnd;
      columns.overrunNs[count] = overrunNs;
      count++;
      released = end;
      at = next;
    }
    columns.gil = this.cpu.gil = stream.gil;
    columns.count = count;
    stream.released = released;
    stream.thread = thread;
    stream.cycles += count;
  }
}

/** An unsigned number of 1, 2, 4 or 8 bytes. */
function readSized(view: DataView, at: number, size: number): number {
  if (size === 0) return view.getUint8(at);
  if (size === 1) return view.getUint16(at, true);
  const low = view.getUint32(at, true);
  return size === 2 ? low : view.getUint32(at + 4, true) * 4294967296 + low;
}
