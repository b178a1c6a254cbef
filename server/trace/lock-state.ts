/** What a trace says of its locks beside their waits and holds. */
import { relativeTicks, toNs, type Clock } from './clock';
import type { LockKind, LockState, OpenLockHold, OpenLockWait } from './events';
import { LANES, LOCK_ROW_FLAG } from './format';
import type { LockStream } from './lock-decoder';
import type { ProcessReader } from './process-reader';
import type { LockEntry } from './lock-table';
import type { ThreadEntry } from './thread-table';

const KINDS: readonly (LockKind | undefined)[] = [
  undefined,
  'Lock',
  'RLock',
  'SimpleQueue',
  'SemLock',
  'join',
  'import',
  'object',
  'stopTheWorld',
  'runtime',
];
const STATE_LIVE = 1;

/** Of one lock, by its number among those of its GIL, or of the lanes, as of the last read. */
export function lockStateOf(reader: ProcessReader, stream: LockStream, number: number): LockState {
  const entry = stream.locks.entries[number];
  if (entry === undefined) throw new RangeError(`there is no lock ${number}`);
  const rate = reader.clock?.rate ?? 1;
  return {
    process: reader.index,
    kind: KINDS[entry.kind] ?? 'Lock',
    typeName: entry.typeName,
    createdStack: stream.definitions.nodeOf(entry.createdStack),
    gone: entry.state !== STATE_LIVE,
    acquires: entry.acquires,
    contended: entry.contended,
    waitNs: Math.round(entry.waitTicks * rate),
    holdNs: Math.round(entry.holdTicks * rate),
    lostRows: entry.lostRows,
    openHold: entry.state === STATE_LIVE ? openHoldOf(reader, stream, entry, number) : null,
  };
}

/** The hold that is going on, if it follows the holds that were decoded. */
function openHoldOf(
  reader: ProcessReader,
  stream: LockStream,
  entry: LockEntry,
  number: number,
): OpenLockHold | null {
  const thread = reader.threads.entries[entry.owner - 1];
  const { clock } = reader;
  if (thread === undefined || thread.global < 0 || clock === null) return null;
  const started = relativeTicks(clock, entry.holdStartTicks);
  const before = stream.locks.lastHoldEnd[number] ?? -Infinity;
  if (entry.holdStartTicks === 0n || started < before || stream.fault !== null) return null;
  return {
    thread: thread.global,
    startNs: toNs(clock, started),
    stack: stream.definitions.nodeOf(entry.holdStack),
    startEstimated: (entry.holdFlags & LOCK_ROW_FLAG.startEstimated) !== 0,
  };
}

/** The wait for a lock that is going on; null: the thread waits for none. */
export function openLockWaitOf(
  reader: ProcessReader,
  clock: Clock,
  entry: ThreadEntry,
): OpenLockWait | null {
  const stream: LockStream | undefined =
    entry.lockWaitGil === LANES ? reader.lanes : reader.gils[entry.lockWaitGil]?.stream;
  const lock = stream?.locks.entries[entry.waitingLock - 1];
  if (stream === undefined || lock === undefined || entry.endTicks !== 0n) return null;
  const owner = reader.threads.entries[(lock.owner === 0 ? entry.lockWaitOwner : lock.owner) - 1];
  return {
    lock: lock.global,
    startNs: toNs(clock, relativeTicks(clock, entry.lockWaitStartTicks)),
    stack: stream.definitions.nodeOf(entry.lockWaitStack),
    ownerThread: owner === undefined || owner.global < 0 ? null : owner.global,
  };
}
