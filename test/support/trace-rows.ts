/** Plain descriptions of what a trace holds, for `trace-writer.ts`. */

export interface TraceOptions {
  readonly pid?: number;
  readonly parentPid?: number;
  readonly pythonHex?: number;
  readonly flags?: number;
  readonly frames?: number;
  readonly clock?: number;
  readonly anchor0?: readonly [ticks: bigint, ns: bigint];
  /** Absent: not written yet. */
  readonly anchor1?: readonly [ticks: bigint, ns: bigint];
  readonly anchorLatest?: readonly [ticks: bigint, ns: bigint];
  readonly startTicks?: bigint;
  readonly endTicks?: bigint;
  readonly heartbeatTicks?: bigint;
  readonly exitCode?: number;
  /** Bytes of a chunk that the writer fills before it takes the next: smaller values make more chunks. */
  readonly chunkLimit?: number;
}

export interface ThreadOptions {
  readonly tid: number;
  readonly name?: string;
  readonly startTicks?: bigint;
  readonly endTicks?: bigint;
}

export interface CycleOptions {
  readonly thread: number;
  readonly waitStart: bigint;
  readonly acquired: bigint;
  readonly released: bigint;
  readonly stack?: number;
  readonly contended?: boolean;
  readonly afterForced?: boolean;
  readonly otherState?: boolean;
  /** Ticks that the thread was kept in `drop_gil` after its last release. */
  readonly switchWait?: bigint;
  readonly overrun?: bigint;
}

export interface SampleOptions {
  readonly gil: number;
  readonly thread: number;
  readonly at: bigint;
  readonly stack: number;
  readonly cpuNs?: bigint;
}

/** Times in ticks; `kind` as in `LOCK_KIND`. */
export interface LockOptions {
  readonly kind: number;
  readonly gone?: boolean;
  readonly createdStack?: number;
  readonly acquires?: bigint;
  readonly contended?: bigint;
  readonly waitTicks?: bigint;
  readonly holdTicks?: bigint;
  readonly lostRows?: bigint;
  readonly typeName?: string;
  readonly hold?: {
    readonly thread: number;
    readonly start: bigint;
    readonly stack?: number;
    readonly flags?: number;
  };
}

/** `other`: a thread's index + 1, or of an order the number of the outer lock + 1. */
export interface LockRowOptions {
  readonly lock: number;
  readonly thread: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly stack?: number;
  readonly other?: number;
  readonly otherStack?: number;
  readonly weight?: number;
  readonly flags?: number;
}

export interface Totals {
  readonly acquires: bigint;
  readonly contended: bigint;
  readonly forced: bigint;
  readonly holdTicks: bigint;
  readonly waitTicks: bigint;
  readonly maxHoldTicks: bigint;
  readonly maxWaitTicks: bigint;
}

export interface CodeOptions {
  readonly file: string;
  readonly name: string;
  readonly firstLine: number;
  readonly tableKind: number;
  readonly table: Uint8Array;
}

export interface Frame {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/** A GIL's stream, by the GIL's index, or the sampler's. */
/** A GIL's stream by its index; of lanes the stacks, and the rows of one. */
export type StreamName = number | 'sampler' | 'laneStacks' | `lane ${number}`;
