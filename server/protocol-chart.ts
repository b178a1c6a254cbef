/** The messages of the chart. Times are integers in nanoseconds from the start of the run. */
import type { Finding, GilRow, LineRow, LockRow, Lost, Place, ProcessRow } from './protocol';
import type { AnalysisAnswer, AnalysisQuestion } from './protocol-analysis';
import type { ComparisonView } from './protocol-comparison';

/** States of a lane, in the order of the bytes of a tile. */
export const LANE_STATES = ['holding', 'waiting', 'off', 'lock'] as const;
export type LaneState = (typeof LANE_STATES)[number];

export const TILE_BINS = 512;
export const TILE_LANES = 64;
/** Bytes of a tile before the shares on a CPU without the GIL. */
export const TILE_STATE_BYTES = TILE_LANES * TILE_BINS * LANE_STATES.length;
/** Level of the overview: the whole run in 2^LEVEL_OVERVIEW bins. */
export const LEVEL_OVERVIEW = 11;
/** One tile holds the whole run. */
export const LEVEL_MIN = 9;
export const LEVEL_MAX = 40;

export interface Lane {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly gil: string;
  readonly startNs: number;
  readonly endNs: number;
  readonly holdNs: number;
  readonly waitNs: number;
  /** Waits for locks among it. */
  readonly offNs: number;
  readonly lockWaitNs: number;
  readonly blocksNs: number;
}

export interface ChartMeta {
  readonly title: string;
  /** Changes with every new profile or growth of a live one; tiles of another revision are stale. */
  readonly revision: number;
  readonly live: boolean;
  /** Only what the first picture needs: lines, blame, locks and findings are to come. */
  readonly outline?: true;
  readonly wallNs: number;
  readonly processes: readonly ProcessRow[];
  readonly lanes: readonly Lane[];
  readonly lines: readonly LineRow[];
  readonly blame: {
    readonly places: readonly Place[];
    readonly locks: readonly string[];
    /** Packed, for each pair: waiter, holder (of places; -1: hand-off), lock (of locks), ns, count, maxNs. */
    readonly numbers: readonly number[];
  };
  readonly gils: readonly GilRow[];
  readonly locks: readonly LockRow[];
  readonly findings: readonly Finding[];
  readonly lost: Lost;
}

/**
 * Bins [index × TILE_BINS, …) of width wallNs / 2^level, of lanes [page × TILE_LANES, …). The data are bytes,
 * lane-major: for each lane, bin and state (LANE_STATES) the share of the bin spent in it, 0 … 255; at least 1 where
 * the state occurs at all. After them a byte for each lane and bin: the share spent on a CPU without the GIL, which is
 * part of `off`. Base64 over LSP, Uint8Array to the webview.
 */
export interface TileRequest {
  readonly kind: 'tile';
  readonly level: number;
  readonly index: number;
  readonly page: number;
}

export interface SegmentRequest {
  readonly kind: 'segment';
  readonly lane: number;
  /** The segment at this time … */
  readonly atNs: number;
  /** … or the one before or after it. */
  readonly step: 'at' | 'previous' | 'next';
}

/** The waits of the run by length, 0 the longest; the answer is a segment, null past the end (at least 100 are known). */
export interface LongWaitRequest {
  readonly kind: 'longWait';
  readonly rank: number;
}

export interface Segment {
  readonly lane: number;
  readonly state: LaneState;
  readonly startNs: number;
  readonly endNs: number;
  readonly place: Place | null;
  /** Of a wait for one of Python's own locks: which. */
  readonly lock?: Pick<LockRow, 'kind' | 'name'>;
  /** Who held the lock during a wait, largest first; at most eight. */
  readonly holders: readonly {
    readonly lane: number;
    readonly place: Place | null;
    readonly ns: number;
  }[];
  /** The holds behind `holders`, cut to the wait, in order of time; at most 64, the longest. */
  readonly holds: readonly Hold[];
  /**
   * Who let go last before the wait ended with the lock; null: not during this wait, or it never got it. With `awaited`:
   * the work, or the lane of the process, that ended it.
   */
  readonly releasedBy: Hold | null;
  /** Of time off the GIL: on a CPU, the rest was blocked; absent: not known. */
  readonly nativeNs?: number;
  /** Of time off the GIL: what was waited for, where that is known. */
  readonly awaited?: {
    readonly on: 'child' | 'pipe' | 'pool' | 'executor';
    /** Null: a thread of the same process. */
    readonly pid: number | null;
  };
  /** On a thread of an executor: the line that gave it the work that it is on, with asyncio usually the `await`. */
  readonly givenAt?: Place | null;
}

export interface Hold {
  readonly lane: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly place: Place | null;
}

/** Where on the time axis a line was the place of a segment: for a line in the editor → its marks in the chart. */
export interface MarksRequest {
  readonly kind: 'marks';
  readonly file: string;
  readonly line: number;
  /** Number of bins over the whole run. */
  readonly bins: number;
}

export interface Marks {
  /** As asked for. */
  readonly bins: number;
  /** Per lane with marks: the bins that have at least one. */
  readonly lanes: readonly { readonly lane: number; readonly bins: readonly number[] }[];
}

export type ChartRequest =
  | { readonly kind: 'meta'; readonly outline?: boolean }
  | TileRequest
  | SegmentRequest
  | LongWaitRequest
  | MarksRequest
  | { readonly kind: 'analysis'; readonly question: AnalysisQuestion }
  | { readonly kind: 'comparison' };

export type ChartResponse =
  | { readonly kind: 'meta'; readonly meta: ChartMeta | null }
  | { readonly kind: 'tile'; readonly revision: number; readonly base64: string }
  | { readonly kind: 'segment'; readonly segment: Segment | null }
  | { readonly kind: 'marks'; readonly marks: Marks }
  /** Null: there is no profile, or a newer question of this kind came first. */
  | { readonly kind: 'analysis'; readonly answer: AnalysisAnswer | null }
  /** Null: nothing is compared. */
  | { readonly kind: 'comparison'; readonly view: ComparisonView | null };
