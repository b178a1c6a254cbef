/**
 * The trace file, version 3: what the probe maps and writes, and the reader tails. This file is its
 * specification; `server/interpreter/native/trace_format.h` is the same in C, and a test compares them.
 *
 * One traced process writes one file, `PID.trace` (`PID-N.trace` for a later process of the same pid), in the
 * folder of the run. All numbers are little-endian; times are ticks of the clock named in the header.
 *
 *     0        header                         HEADER_BYTES
 *     4096     GIL table                      GIL_CAPACITY entries of GIL_ENTRY_BYTES
 *     65536    chunk 1, chunk 2, …            CHUNK_BYTES each, at index × CHUNK_BYTES
 *
 * A chunk belongs to one writer (a GIL, whoever holds it; or the sampler), so nothing in a stream needs a lock:
 * the holder of a GIL writes to that GIL's stream. Bytes of a chunk below `used` never change again; `used` is
 * stored last, with release order. So a reader may read at any moment, and what was written survives `kill -9`.
 *
 * Without a GIL each thread writes to a lane of its own, which it has for its life; lanes are used again. Stacks and
 * locks of a process without a GIL are those of all its lanes: definitions in the stream of kind laneStacks, locks in
 * chunks of kind locks of owner LANES. Whoever names a stack in a row wrote its definition before. A free-threaded build
 * that has its GIL switched on has cycles beside the lanes.
 *
 * A GIL's stream holds one CYCLE record per hold, written at its release, in the order of the holds. Waits that are
 * not over yet, and the hold that is going on, stand in the thread entries and the GIL entry.
 */

export const TRACE_MAGIC = 'GSTRACE1';
export const TRACE_VERSION = 3;
export const BYTE_ORDER_MARK = 0x01020304;
export const HEADER_BYTES = 4096;
export const CHUNK_BYTES = 65536;
export const CHUNK_HEADER_BYTES = 64;
export const CHUNK_MAGIC = 0x48435347; // "GSCH"
export const GIL_TABLE_OFFSET = 4096;
export const GIL_ENTRY_BYTES = 128;
export const GIL_CAPACITY = 480;
export const THREAD_ENTRY_BYTES = 256;
/** Entries in one chunk of kind THREADS: entry i is in the chunk of seq ⌊i / 255⌋. */
export const THREADS_PER_CHUNK = 255;
export const AGGREGATE_ENTRY_BYTES = 64;
export const LOCK_ENTRY_BYTES = 128;
/** Entries in one chunk of kind LOCKS: lock i of a GIL is in the chunk of seq ⌊i / 511⌋ of that owner. */
export const LOCKS_PER_CHUNK = 511;
export const LOCK_TYPE_NAME_BYTES = 32;

/** Byte offsets in the header. u32 unless said otherwise. */
export const HEADER = {
  magic: 0, // 8 bytes
  version: 8,
  byteOrder: 12,
  headerBytes: 16,
  chunkBytes: 20,
  gilEntryBytes: 24,
  threadEntryBytes: 28,
  /** Entries of the GIL table in use. */
  gilCount: 32,
  /** Threads seen: entries in the chunks of kind THREADS. */
  threadCount: 36,
  /** Chunks handed out, the header's own included: chunks 1 … chunkCount - 1 may be read. */
  chunkCount: 40,
  pid: 44,
  parentPid: 48,
  /** `PY_VERSION_HEX`, 0 while unknown. */
  pythonHex: 52,
  /** {@link PROCESS_FLAG}. */
  flags: 56,
  /** {@link FRAMES}. */
  frames: 60,
  /** {@link CLOCK}. */
  clock: 64,
  /** {@link EXIT_FLAG}: which of exitCode is known. */
  exitFlags: 68,
  exitCode: 72, // i32
  /** {@link LOST}, bits. */
  lostReasons: 76,
  maxBytes: 80, // u64
  /** Two readings of both clocks, and the latest; the rate is that of the first two, so that it never changes. */
  anchor0Ticks: 88, // u64
  anchor0Ns: 96, // u64, CLOCK_MONOTONIC
  anchor1Ticks: 104, // u64, 0 until written (about 50 ms after the start, or at the end)
  anchor1Ns: 112, // u64
  anchorLatestTicks: 120, // u64
  anchorLatestNs: 128, // u64
  /** Nanoseconds since 1970 at anchor 0. */
  realtimeNs: 136, // u64
  startTicks: 144, // u64
  /** 0 until the process ends by itself. */
  endTicks: 152, // u64
  /** The sampler's last sign of life: the end of a process that was killed. */
  heartbeatTicks: 160, // u64
  /** Cycles that are only in the totals (thread entries, aggregates), not in a stream. */
  lostEvents: 168, // u64
  lostSamples: 176, // u64
  samplesTaken: 184, // u64
  samplePeriodNs: 192, // u64
  /** The probe's own time inside hooks, over the `selfCycles` cycles in which it was measured. */
  selfTicks: 200, // u64
  selfCycles: 208, // u64
  samplerCpuNs: 216, // u64
  /** Entries in use in the chunks of kind LOCKS of the lanes. */
  laneLockCount: 224,
  /** Of all its threads since startTicks, as the system counts it, our sampler's too; 0: not known. */
  processCpuNs: 232, // u64
  /** Cycles that are in no total either: there was no room for their thread. */
  unrecordedCycles: 240, // u64
  /** Python programs that it started, or children of fork, that had no right to write a trace. */
  unrecordedChildren: 248,
} as const;

export const PROCESS_FLAG = {
  /** A free-threaded build (PEP 703). */
  freeThreaded: 1,
  /** A GIL was seen at work. */
  gilSeen: 2,
  /** Started with the probe preloaded; else embedded by the host. */
  preloaded: 4,
  /** A fork of a traced process. */
  forked: 8,
  /** The calls around the GIL were not those of any known CPython: events cannot be trusted. */
  gilUnrecognised: 16,
  /** Free-threaded: the GIL is on for good, as was asked or by an import (META.gilSwitchedOn). */
  gilEnabled: 32,
  /** Its children are not recorded: as asked, or since they cannot be followed. */
  childrenLeftOut: 64,
} as const;

/** Whether stacks are recorded. Events and times are exact in every case. */
export const FRAMES = { recorded: 0, unknownVersion: 1, selfTestFailed: 2, notYet: 3 } as const;
export const CLOCK = { monotonicNs: 0, tsc: 1, cntvct: 2 } as const;
export const EXIT_FLAG = {
  codeKnown: 1,
  /** It became another program (exec): a later trace of the same pid, if that is Python. */
  replaced: 2,
} as const;
export const LOST = {
  /** The trace reached its bound: totals per thread and stack instead of single events. */
  bounded: 1,
  diskFull: 2,
  gilTableFull: 4,
  stackTableFull: 8,
  /** No room was ready at the moment of an event. */
  noRoom: 16,
  aggregateTableFull: 32,
  /** There were more locks at a time than are kept: the rest is not recorded. */
  lockTableFull: 64,
  /** There was no room for a thread, and so what it did is not recorded. */
  threadTableFull: 128,
  /** Of a stack only the innermost frames were read, so that the outer ones lack what it cost. */
  stackCut: 256,
  /** The file could not be opened again to grow: the program had changed its user, its root or its namespaces. */
  notReached: 512,
} as const;

/** Byte offsets in an entry of the GIL table. u32 unless said otherwise. */
export const GIL = {
  interpreter: 0, // i32, the id of the first interpreter seen to hold it; -1 unknown
  state: 4, // 0 unused, 1 live, 2 gone
  /** Thread index + 1 of the holder, 0: free. */
  holder: 8,
  /** {@link CYCLE_FLAG} bits of the hold that is going on. */
  holdFlags: 12,
  /** Counts acquisitions. The hold that is going on counts only if this is one more than the cycles recorded. */
  acquireSeq: 16, // u64
  waitStartTicks: 24, // u64, of the hold that is going on
  acquiredTicks: 32, // u64
  /** Node of the holder's stack when it acquired. */
  acquireStack: 40,
  switchIntervalUs: 44,
  /** Cycles recorded in the stream. */
  cycles: 48, // u64
  /** Cycles not in the stream but in totals. */
  lostCycles: 56, // u64
  /** Entries in use in the chunks of kind LOCKS of this GIL. */
  lockCount: 64,
} as const;

export const CHUNK_KIND = {
  gil: 1,
  sampler: 2,
  threads: 3,
  meta: 4,
  aggregates: 5,
  locks: 6,
  /** Rows of locks by one thread after the other. */
  lane: 7,
  /** Definitions of the stacks of all lanes. */
  laneStacks: 8,
} as const;

/** In place of a GIL's index: the lanes. */
export const LANES = 0xffffffff;

/** Byte offsets in a chunk's header. u32 unless said otherwise. */
export const CHUNK = {
  magic: 0,
  kind: 4, // {@link CHUNK_KIND}
  /** GIL index for kinds gil, aggregates and locks (there also {@link LANES}), the lane's number for lanes, else 0. */
  owner: 8,
  /** 0, 1, 2, … among the chunks of the same kind and owner. */
  seq: 12,
  /** Bytes of the chunk that may be read, this header included. */
  used: 16,
  /** Thread index at the first record (kind gil). */
  thread: 20,
  /** Last release before the first record (kind gil): the time from which its first gap counts. */
  baseTicks: 24, // u64
} as const;

/** Byte offsets in a thread entry. u32 unless said otherwise. */
export const THREAD = {
  state: 0, // 0 unused, 1 alive, 2 ended
  tid: 4,
  startTicks: 8, // u64
  endTicks: 16, // u64, 0 while alive
  /** GIL index + 1 while the thread waits for that GIL (published once it has to sleep, or was forced), else 0. */
  waitingGil: 24,
  /** {@link CYCLE_FLAG} bits of the wait that is going on. */
  waitFlags: 28,
  waitStartTicks: 32, // u64
  /** Node of the stack at the last release, in the stream of lastGil. */
  lastStack: 40,
  lastGil: 44, // GIL index + 1, 0: none yet
  /** Exact totals of the cycles that are not in a stream (after the bound). */
  lostAcquires: 48, // u64
  lostContended: 56, // u64
  lostForced: 64, // u64
  lostHoldTicks: 72, // u64
  lostWaitTicks: 80, // u64
  lostMaxHoldTicks: 88, // u64
  lostMaxWaitTicks: 96, // u64
  /** Lock number + 1 while the thread waits for that lock of GIL lockWaitGil, else 0. Published last. */
  waitingLock: 104,
  lockWaitGil: 108, // GIL index or {@link LANES}
  /** Node of its stack, in the stream of that GIL. */
  lockWaitStack: 112,
  /** Thread index + 1 of the lock's owner when the wait began, 0 unknown. */
  lockWaitOwner: 116,
  lockWaitStartTicks: 120, // u64
  /** UTF-8, zero-terminated, at most 119 bytes; empty: Python gave it no name. */
  name: 136,
} as const;
export const THREAD_NAME_BYTES = 120;

/**
 * An entry of a chunk of kind LOCKS: a lock, or several that were made with the same stack one after the other, each
 * after the one before it was freed. u64 unless said otherwise.
 */
export const LOCK_ENTRY = {
  state: 0, // u32, 0 unused, 1 live, 2 gone
  kind: 4, // u32, {@link LOCK_KIND}
  /** Of the object. */
  address: 8,
  /** Node of the stack that made it, in the stream of its GIL; 0 unknown. */
  createdStack: 16, // u32
  /** Thread index + 1 of who holds it, if that hold is recorded; else 0. Written after, read before what follows. */
  owner: 20, // u32
  /** {@link LOCK_ROW_FLAG}: startEstimated. */
  holdFlags: 24, // u32
  /** Node of the stack that acquired it, 0 unknown. */
  holdStack: 28, // u32
  holdStartTicks: 32,
  acquires: 40,
  contended: 48,
  waitTicks: 56,
  /** Of the holds since it was first contended. */
  holdTicks: 64,
  /** Rows that are in no stream, but in these totals. */
  lostRows: 72,
  /** Kind object: the type's name, cut to 31 bytes. Kind semLock: its use and what tells it from others. */
  typeName: 96,
} as const;

export const LOCK_KIND = {
  lock: 1,
  rLock: 2,
  simpleQueue: 3,
  semLock: 4,
  join: 5,
  import: 6,
  object: 7,
  stopTheWorld: 8,
  runtime: 9,
} as const;

/**
 * An entry of a chunk of kind AGGREGATES: totals of the cycles of one thread and stack that are in no stream.
 * A wait is charged to the stack of the release before it. u64 unless said otherwise.
 */
export const AGGREGATE = {
  thread: 0, // u32, thread index + 1; 0: empty
  stack: 4, // u32
  acquires: 8,
  contended: 16,
  forced: 24,
  holdTicks: 32,
  waitTicks: 40,
  maxHoldTicks: 48,
  maxWaitTicks: 56,
} as const;

/**
 * Records of a stream. A first byte below 0x80 is a CYCLE and is its flags:
 *
 *     u8 flags, u8 sizes, [thread], gap, wait, hold, stack, [switchWait], [overrun]
 *
 * `sizes` has two bits for each of gap (lowest), wait, hold, stack: 0, 1, 2, 3 = 1, 2, 4, 8 bytes, unsigned.
 *   thread      with `threadChanged`: u16 index (u32 with `wideThread` too); else the thread of the cycle before
 *   gap         acquired − released of the cycle before it in this stream (CHUNK.baseTicks for the first)
 *   wait        acquired − start of the wait, which is the request, or with `afterForced` the thread's last release
 *   hold        released − acquired
 *   stack       node of the stack at the release: also that of the thread's `off` and wait that follow
 *   switchWait  with `switchWait`, u64: after its last release, which was voluntary, the thread was kept this long
 *               in drop_gil until another thread had taken the GIL (a wait, and then `off`)
 *   overrun     with `overrun`, u64: the hold went on this long after a waiter had asked for its end, its switch
 *               interval having run out. Only if this is more than about a millisecond
 */
export const CYCLE_FLAG = {
  /** It found the GIL held. */
  contended: 1,
  /** Its last release was forced: the wait began there. */
  afterForced: 2,
  threadChanged: 4,
  wideThread: 8,
  switchWait: 16,
  /** It acquired with another thread state than that of its last release: the stack of the wait is unknown (0). */
  otherState: 32,
  /** It held on after it was asked to release. */
  overrun: 64,
} as const;

/**
 * Other records begin with a tag ≥ 0x80 and a u32 of the bytes of the whole record (tag included):
 *
 *     CODE    u32 code id, u32 first line, u8 table kind, u8 file width, u8 name width, u8 clipped,
 *             u32 file chars, u32 name chars, u32 table bytes (in all), file, name, table (its first part)
 *     TABLE   u32 code id, bytes: the next part of the code's line table
 *     NODE    u32 node id, u32 parent node id (0: root), u32 code id, u32 instruction offset in bytes
 *     SAMPLE  u32 GIL index, u32 thread index, u64 ticks, u32 node id,
 *             u64 CPU time of the thread in ns                                 (kind sampler)
 *     CPU     u32 thread index, u64 ticks, u64 CPU time of the thread in ns, u64 ticks that it has held any GIL
 *             until then; before the cycle in which it was read: at the request after more than 50 µs off the GIL, else
 *             about every millisecond, and at the release after more than 200 µs with it, or after a forced release the
 *             next that is not forced (kind gil)
 *     LOCK_WAIT, LOCK_HOLD, LOCK_ORDER
 *             u32 lock number, u32 thread index, u64 start, u64 end (ticks), u32 node id, u32 other thread
 *             index + 1, u32 other node id, u32 weight, u8 {@link LOCK_ROW_FLAG}  (kinds gil, lane)
 *     WORK    u32 thread index, u64 ticks: a thread of an executor took work from its queue, or (u8 1) is done with it;
 *             u32 thread index + 1 of who gave it, u64 ticks and u32 node id of that, u32 node id where the asyncio task
 *             was made in which it was given (each 0: unknown, or none), u8 0 or 1            (kind gil)
 *
 * Ids count from 1 within a stream, and a stream defines them before it uses them. Node 0 is: no Python frame.
 * Width 1, 2, 4: bytes per character (Latin-1, UCS-2, UCS-4), as CPython stores a `str`. An unknown tag is skipped.
 */
/**
 * Node of a SAMPLE whose hold was over when its stack could be read: the sample fell so shortly before the release
 * that its stack is taken to be that of the release. The same number stands in {@link SampleBatch.stack}.
 */
export const RELEASE_NODE = 0xffffffff;

export const TAG = {
  code: 0x81,
  node: 0x82,
  table: 0x83,
  sample: 0x90,
  cpu: 0x91,
  lockWait: 0xa0,
  lockHold: 0xa1,
  lockOrder: 0xa2,
  work: 0xb0,
} as const;

/**
 * What the columns of a lock's record mean is that of `LockBatch` in events.ts; in LOCK_ORDER the other thread is the
 * number of the outer lock + 1.
 */
export const LOCK_ROW_FLAG = {
  acquired: 1,
  startEstimated: 2,
  sampled: 4,
  spun: 8,
  reentrant: 16,
} as const;

/** How a code object's line table is written: `co_lnotab` of 3.9, `co_linetable` of 3.10, of 3.11 and later. */
export const LINE_TABLE = { none: 0, lnotab: 1, pep626: 2, locations: 3 } as const;

/** Records of the META chunks: u16 key, u32 bytes of the value, UTF-8 value. */
export const META = {
  executable: 1,
  argument: 2, // once for each, in order
  library: 3,
  pythonVersion: 4, // "3.12.1"
  folder: 5,
  message: 6, // a warning of the probe for the user
  /** How a child ended, when the process learnt it: `PID exit|signal NUMBER TICKS TID`. */
  childEnd: 7,
  /** The GIL of a free-threaded build was found to be on for good: `TICKS MODULE`, which may be ''. */
  gilSwitchedOn: 8,
} as const;
