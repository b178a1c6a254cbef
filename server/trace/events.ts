/**
 * What the trace room hands to the profile room: columns of decoded events, tables of stacks, and the state of a
 * process at the moment of reading. Every time is an integer of nanoseconds since the start of the run.
 */
import type { LOST } from './format';

/** GIL cycles of one GIL, in the order of its holds, which never overlap. Columns are `count` long or longer. */
export interface CycleBatch {
  /** Index in {@link TraceState.gils}. */
  readonly gil: number;
  readonly count: number;
  /** Index in {@link TraceState.threads}. */
  readonly thread: Uint32Array;
  /** Start of the wait that ended at `acquired`: the request, or the thread's last release if that was forced. */
  readonly waitStart: Float64Array;
  readonly acquired: Float64Array;
  readonly released: Float64Array;
  /** Stack node at the release. */
  readonly stack: Uint32Array;
  /** {@link BATCH_FLAG} bits. */
  readonly flags: Uint8Array;
  /** With `BATCH_FLAG.switchWait`: end of the wait that followed the thread's last, voluntary, release; else 0. */
  readonly switchWaitEnd: Float64Array;
  /**
   * How long the hold went on after a waiter had asked for its end (its switch interval had run out), ns; 0: not asked,
   * or released within about a millisecond, as Python code does.
   */
  readonly overrunNs: Float64Array;
  /** Every stack node that the cycles name is in it; absent: not known. */
  readonly stacks?: StackTable;
}

export const BATCH_FLAG = {
  contended: 1,
  /** The thread's release before this cycle was forced. */
  afterForced: 2,
  switchWait: 16,
  /** The stack of the wait is not that of the thread's last release, but unknown. */
  otherState: 32,
} as const;

/** Stacks of holders, seen by the sampler, in the order of time. */
export interface SampleBatch {
  readonly count: number;
  readonly gil: Uint32Array;
  readonly thread: Uint32Array;
  readonly at: Float64Array;
  /** Node, or `RELEASE_NODE` of format.ts: the stack of the release of the hold that contains the sample. */
  readonly stack: Uint32Array;
  /** CPU time that the thread had used by then, ns; 0: unknown. Tells a holder that computes from one that was preempted. */
  readonly cpuNs: Float64Array;
}

/**
 * CPU times of threads, in the order of the cycles of their GIL: each was read just before the request of a cycle that
 * comes after it, or at its release.
 */
export interface CpuBatch {
  /** Index in {@link TraceState.gils}. */
  readonly gil: number;
  readonly count: number;
  /** Index in {@link TraceState.threads}. */
  readonly thread: Uint32Array;
  readonly at: Float64Array;
  readonly cpuNs: Float64Array;
  /** How long the thread had held any GIL until then. */
  readonly heldNs: Float64Array;
}

/** A thread of an executor took work from its queue, or is done with it. */
export interface WorkRow {
  /** Index in {@link TraceState.threads}. */
  readonly thread: number;
  readonly atNs: number;
  /** It is done with what it took last; what follows is only known of what it took. */
  readonly ended: boolean;
  /** Who gave it, -1 unknown; when, and the stack of that. */
  readonly giver: number;
  readonly givenNs: number;
  readonly givenStack: number;
  /** Where the asyncio task was made in which it was given; 0: in none, or unknown. */
  readonly taskStack: number;
}

/** A place in the code. `line` 0: unknown. */
export interface Location {
  /** Absolute path, or the code's own name in angle brackets. */
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/**
 * Interned stacks: a node is a frame and the node of its caller. Node 0 is the empty stack. Grows only; what was
 * handed out stays valid.
 */
export interface StackTable {
  readonly nodeCount: number;
  /** Node of the caller. */
  parentOf(node: number): number;
  /** Index in {@link locations} of the node's own frame; node 0 has none (-1). */
  locationOf(node: number): number;
  readonly locations: readonly Location[];
}

/**
 * Waits for locks and holds of locks, in the order in which they were written to the GIL's stream: holds at their ends;
 * a wait when its thread had the GIL again, which is after its end. Columns are `count` long or longer.
 */
export interface LockBatch {
  /** The GIL in whose stream the rows are; -1: a lane of a free-threaded process, other lanes may bring earlier rows. */
  readonly gil: number;
  readonly count: number;
  /** Every stack node that the rows name is in it. */
  readonly stacks: StackTable;
  /** Every lock that the rows name is in it; process, kind, typeName and createdStack are final. */
  readonly locks: readonly LockState[];
  /** {@link LOCK_ROW}. */
  readonly kind: Uint8Array;
  /** Index in {@link TraceState.locks}. */
  readonly lock: Uint32Array;
  /** Index in {@link TraceState.threads}: who waited; who acquired the lock that it held. */
  readonly thread: Uint32Array;
  /** Wait: asked. Hold: acquired. */
  readonly start: Float64Array;
  /** Wait: granted, or gave up. Hold: released. */
  readonly end: Float64Array;
  /** Stack node of the waiter; of the acquisition (0 unknown). */
  readonly stack: Uint32Array;
  /** Wait: the owner when it began, thread index + 1. Hold: who released it, thread index + 1. 0 unknown. */
  readonly otherThread: Uint32Array;
  /** Wait: where that owner was when it began. Hold: at the release. */
  readonly otherStack: Uint32Array;
  /** {@link LOCK_FLAG} bits. */
  readonly flags: Uint8Array;
  /** Acquisitions that a sampled hold stands for; else 1. */
  readonly weight: Float64Array;
}

export const LOCK_ROW = {
  wait: 0,
  hold: 1,
  /**
   * A recorded acquisition (`lock`, `thread`, `start`, `stack`) by a thread that held another lock: `otherThread` is the
   * index of that lock + 1, `otherStack` where it was acquired. Rows of one acquisition follow each other.
   */
  order: 2,
} as const;

export const LOCK_FLAG = {
  /** Wait: it ended with the lock; else it timed out or was interrupted. */
  acquired: 1,
  /** Hold: the lock was not yet recorded exactly when it was acquired; `start` is the earliest it can have been. */
  startEstimated: 2,
  /** Hold: one of several uncontended ones, see `weight`. */
  sampled: 4,
  /** Wait: free-threaded build, it spun and did not sleep. */
  spun: 8,
  /** Hold: an inner acquisition of an RLock that the thread held already; only counted. */
  reentrant: 16,
} as const;

/**
 * A lock, or several that were made at the same place with the same stack one after the other, each after the one
 * before it was freed (a `Condition` makes a lock for each wait).
 */
export interface LockState {
  /** Index in {@link TraceState.processes}. */
  readonly process: number;
  readonly kind: LockKind;
  /**
   * Kind `object`: the type of the object ("dict"), or ''. Kind `SemLock`: `mutex` or `counting`, and what tells the
   * semaphore from others: its name (`mutex /mp-x1y2z3ab`) or where forked processes have it (`mutex @7f0012345000`).
   */
  readonly typeName: string;
  /** Where it was made: a stack node, 0 unknown. */
  readonly createdStack: number;
  /** It was freed, and none was made at its place since. */
  readonly gone: boolean;
  /** Exact. */
  readonly acquires: number;
  /** Acquisitions, or attempts at one, that had to wait: exact. */
  readonly contended: number;
  /** Of what was recorded exactly: all waits; holds from its first contention on. */
  readonly waitNs: number;
  readonly holdNs: number;
  /** Waits and holds that are in these totals and in no batch (the trace was at its bound). */
  readonly lostRows: number;
  readonly openHold: OpenLockHold | null;
}

export type LockKind =
  | 'Lock'
  | 'RLock'
  | 'SimpleQueue'
  | 'SemLock'
  | 'join'
  | 'import'
  | 'object'
  | 'stopTheWorld'
  | 'runtime';

export interface OpenLockHold {
  readonly thread: number;
  readonly startNs: number;
  /** At the acquisition, 0 unknown. */
  readonly stack: number;
  readonly startEstimated: boolean;
}

export interface OpenLockWait {
  /** Index in {@link TraceState.locks}. */
  readonly lock: number;
  readonly startNs: number;
  readonly stack: number;
  /** Owner when the wait began, null unknown. */
  readonly ownerThread: number | null;
}

export interface OpenWait {
  readonly gil: number;
  readonly startNs: number;
  readonly afterForced: boolean;
  readonly stack: number;
}

export interface ThreadState {
  readonly process: number;
  readonly tid: number;
  /** Python's name, or ''. */
  readonly name: string;
  readonly startNs: number;
  /** Null while alive. */
  readonly endNs: number | null;
  readonly openWait: OpenWait | null;
  readonly openLockWait: OpenLockWait | null;
  /** Totals of cycles that are in no batch (the trace was at its bound). */
  readonly lost: CycleTotals;
}

export interface CycleTotals {
  readonly acquires: number;
  readonly contended: number;
  readonly forced: number;
  readonly holdNs: number;
  readonly waitNs: number;
  readonly maxHoldNs: number;
  readonly maxWaitNs: number;
}

/** Totals of cycles that are in no batch, of one thread and stack. */
export interface AggregateState extends CycleTotals {
  readonly gil: number;
  readonly thread: number;
  readonly stack: number;
}

export interface OpenHold {
  readonly thread: number;
  readonly waitStartNs: number;
  readonly acquiredNs: number;
  /** {@link BATCH_FLAG} bits. */
  readonly flags: number;
  /** Stack when it acquired. */
  readonly stack: number;
}

export interface GilState {
  readonly process: number;
  readonly interpreter: number;
  readonly switchIntervalNs: number;
  readonly openHold: OpenHold | null;
}

export interface ProcessState {
  readonly pid: number;
  readonly parentPid: number;
  readonly argv: readonly string[];
  /** "3.12.1". */
  readonly python: string;
  readonly executable: string;
  readonly host: 'embedded' | 'preloaded' | 'attached';
  readonly freeThreaded: boolean;
  readonly gilSeen: boolean;
  /** A GIL is there for good; false: a free-threaded build without one, but for the time of some imports. */
  readonly gilEnabled: boolean;
  readonly gilUnrecognised: boolean;
  /** A free-threaded build in which an import switched the GIL on: when, and which module ('' unknown). */
  readonly gilSwitchedOn: { readonly atNs: number; readonly module: string } | null;
  readonly frames: 'recorded' | 'unknownVersion' | 'selfTestFailed' | 'notYet';
  /** Nothing tells how long a tick of its clock is: its times are ticks. Absent: false. */
  readonly clockUnknown?: boolean;
  readonly startNs: number;
  /** The last moment known of the process: its end, or the last sign of life. */
  readonly endNs: number;
  readonly ended: boolean;
  readonly exitCode: number | null;
  /** It became another program (exec); where that is Python, a later process of the same pid. Absent: false. */
  readonly replaced?: boolean;
  /** Children whose ends it learnt, in this order. Absent: none. */
  readonly childEnds?: readonly ChildEnd[];
  readonly lostEvents: number;
  /** Of these: in no total either, for the trace is damaged or cut. Absent: none. */
  readonly missingEvents?: number;
  /** Of these: in no total either, for there was no room for their threads. Absent: none. */
  readonly unrecordedEvents?: number;
  readonly lostSamples: number;
  readonly lostReasons: readonly LostReason[];
  readonly selfNsPerCycle: number;
  readonly samplerCpuNs: number;
  /** CPU time of all its threads, the sampler's too, as the system counts it. Absent: not known. */
  readonly processCpuNs?: number;
  readonly samplesTaken: number;
  readonly samplePeriodNs: number;
  /** Python programs that it started but that had no right to write a trace. Absent: none. */
  readonly unrecordedChildren?: number;
  /** Its children are not recorded. Absent: false. */
  readonly childrenLeftOut?: boolean;
  /** Its trace is damaged or was cut, as messages say. Absent: false. */
  readonly damaged?: boolean;
  readonly messages: readonly string[];
}

/** How a child ended: by its own exit status or by a signal (`SIGKILL`). */
export interface ChildEnd {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** When its parent learnt it, and on which thread. */
  readonly atNs: number;
  readonly tid: number;
}

export type LostReason = keyof typeof LOST;

/** Everything about the traced processes that is not an event, as of the last read. */
export interface TraceState {
  readonly processes: readonly ProcessState[];
  readonly threads: readonly ThreadState[];
  readonly gils: readonly GilState[];
  readonly locks: readonly LockState[];
  readonly aggregates: readonly AggregateState[];
  readonly stacks: StackTable;
  /** Traces that could not be read at all, as messages of the first process say. Absent: none. */
  readonly refused?: number;
}

/** Where decoded events go. Batches are only valid during the call: the reader reuses their columns. */
export interface EventSink {
  /** Samples of a stretch of time come before the cycles that contain them. */
  samples(batch: SampleBatch): void;
  cycles(batch: CycleBatch): void;
  /** Before the cycles among which they were read. */
  cpu?(batch: CpuBatch): void;
  locks(batch: LockBatch): void;
  /** Before the cycles among which they happened, in the order of their GIL. */
  works?(rows: readonly WorkRow[]): void;
}
