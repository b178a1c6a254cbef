import { TICKS_MAX, relativeTicks, toNs, type Clock } from './clock';
import type { ThreadMap } from './cycle-decoder';
import type { Definitions } from './definitions';
import { LOCK_ROW, type LockBatch, type LockState, type StackTable } from './events';
import { CHUNK_BYTES, LOCK_ROW_FLAG, TAG } from './format';
import type { LockTable } from './lock-table';

/** Tag, length, and the fields. */
const LOCK_ROW_BYTES = 46;
const BATCH_CAPACITY = Math.ceil(CHUNK_BYTES / LOCK_ROW_BYTES);
const KNOWN_FLAGS = Object.values(LOCK_ROW_FLAG).reduce((all, flag) => all | flag, 0);

/** Columns of a batch, used again for each. */
export class LockColumns implements LockBatch {
  gil = 0;
  count = 0;
  readonly kind = new Uint8Array(BATCH_CAPACITY);
  readonly lock = new Uint32Array(BATCH_CAPACITY);
  readonly thread = new Uint32Array(BATCH_CAPACITY);
  readonly start = new Float64Array(BATCH_CAPACITY);
  readonly end = new Float64Array(BATCH_CAPACITY);
  readonly stack = new Uint32Array(BATCH_CAPACITY);
  readonly otherThread = new Uint32Array(BATCH_CAPACITY);
  readonly otherStack = new Uint32Array(BATCH_CAPACITY);
  readonly flags = new Uint8Array(BATCH_CAPACITY);
  readonly weight = new Float64Array(BATCH_CAPACITY);

  constructor(
    readonly stacks: StackTable,
    readonly locks: LockState[],
  ) {}
}

/** What decoding the locks' records of a stream needs to know. */
export interface LockStream {
  readonly definitions: Definitions;
  readonly locks: LockTable;
  /** Its rows are in the order of their ends; else rows of others may come between. */
  readonly inOrder: boolean;
  fault: string | null;
}

export function isLockTag(tag: number): boolean {
  return tag === TAG.lockHold || tag === TAG.lockWait || tag === TAG.lockOrder;
}

/** Decodes the records of locks into columns. */
export class LockDecoder {
  readonly columns: LockColumns;
  /** Numbers of the locks in the columns. */
  readonly named = new Set<number>();
  /** End of the latest row since {@link begin}, in ticks since the clock's origin. */
  latest = -Infinity;

  constructor(stacks: StackTable, locks: LockState[]) {
    this.columns = new LockColumns(stacks, locks);
  }

  begin(): void {
    this.columns.count = 0;
    this.named.clear();
    this.latest = -Infinity;
  }

  /**
   * Takes in the record at `at`, all of which is below `end`.
   *
   * @returns where the next record begins, or -1 if this one is damaged (the stream's `fault`)
   */
  read(
    stream: LockStream,
    view: DataView,
    at: number,
    end: number,
    threads: ThreadMap,
    clock: Clock,
  ): number {
    const length = at + LOCK_ROW_BYTES <= end ? view.getUint32(at + 1, true) : 0;
    if (length !== LOCK_ROW_BYTES) return damage(stream, "a lock's record is cut short");
    const { columns } = this;
    const i = columns.count;
    const tag = view.getUint8(at);
    const number = view.getUint32(at + 5, true);
    const entry = stream.locks.entries[number];
    const thread = threads.indexOf(view.getUint32(at + 9, true));
    const node = view.getUint32(at + 29, true);
    const otherNode = view.getUint32(at + 37, true);
    const flags = view.getUint8(at + 45);
    const ended = relativeTicks(clock, view.getBigUint64(at + 21, true));
    let started = relativeTicks(clock, view.getBigUint64(at + 13, true));
    if (entry === undefined || thread < 0) return damage(stream, 'a record is of an unknown lock');
    if (tag === TAG.lockHold) {
      // Holds of a lock never overlap, whatever a damaged record says.
      const last = stream.locks.lastHoldEnd[number] ?? -Infinity;
      if (stream.inOrder) started = Math.max(started, last);
      stream.locks.lastHoldEnd[number] = Math.max(ended, started, last);
    }
    const { nodeCount } = stream.definitions;
    const sound = started <= ended && Math.abs(started) < TICKS_MAX && ended < TICKS_MAX;
    if (!sound || node >= nodeCount || otherNode >= nodeCount || flags > KNOWN_FLAGS)
      return damage(stream, "a lock's record is impossible");
    const other = view.getUint32(at + 33, true);
    columns.kind[i] = kindOf(tag);
    columns.lock[i] = entry.global;
    columns.thread[i] = thread;
    columns.start[i] = toNs(clock, started);
    columns.end[i] = toNs(clock, ended);
    columns.stack[i] = stream.definitions.nodeOf(node);
    columns.otherThread[i] = otherOf(stream, tag, other, threads);
    columns.otherStack[i] = stream.definitions.nodeOf(otherNode);
    columns.flags[i] = flags;
    columns.weight[i] = view.getUint32(at + 41, true);
    columns.count++;
    this.latest = Math.max(this.latest, ended);
    this.named.add(number);
    if (tag === TAG.lockOrder && other > 0) this.named.add(other - 1);
    return at + LOCK_ROW_BYTES;
  }
}

function damage(stream: LockStream, fault: string): -1 {
  stream.fault = fault;
  return -1;
}

function kindOf(tag: number): number {
  if (tag === TAG.lockWait) return LOCK_ROW.wait;
  return tag === TAG.lockHold ? LOCK_ROW.hold : LOCK_ROW.order;
}

/** Index in the run + 1 of the other thread, or of the outer lock; 0 unknown. */
function otherOf(stream: LockStream, tag: number, other: number, threads: ThreadMap): number {
  if (other === 0) return 0;
  if (tag === TAG.lockOrder) return (stream.locks.entries[other - 1]?.global ?? -1) + 1;
  return threads.indexOf(other - 1) + 1;
}
