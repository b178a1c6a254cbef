/**
 * What the chart asks beyond tiles and segments: sums over a part of the run. Times are integers in nanoseconds
 * from the start of the run.
 */
import type { Place, SelfTotal } from './protocol';
import type { Segment } from './protocol-chart';

/** Part of the run: between two moments, on some of the lanes. */
export interface Scope {
  readonly fromNs: number;
  readonly toNs: number;
  /** Indexes of lanes; null: all. */
  readonly lanes: readonly number[] | null;
}

export const FLAME_COSTS = ['hold', 'wait', 'blocks'] as const;
export type FlameCost = (typeof FLAME_COSTS)[number];

/** Bins of a histogram to a factor of ten; bin i begins at 10^(i / HISTOGRAM_STEPS) ns. */
export const HISTOGRAM_STEPS = 5;
/** Up to a thousand seconds; longer ones are in the last bin. */
export const HISTOGRAM_BINS = 12 * HISTOGRAM_STEPS;

export type AnalysisQuestion =
  /** Tables of a part of the run. */
  | { readonly kind: 'sums'; readonly scope: Scope }
  /** `time`: what each of `bins` columns was spent on; `merged`: equal stacks together, largest first. */
  | {
      readonly kind: 'flame';
      readonly scope: Scope;
      readonly cost: FlameCost;
      readonly order: 'time' | 'merged';
    }
  | {
      readonly kind: 'curves';
      readonly fromNs: number;
      readonly toNs: number;
      /** At most 4096. */
      readonly bins: number;
    }
  /** The spans, at least so long, in which no thread held or waited. */
  | { readonly kind: 'idle'; readonly leastNs: number }
  /**
   * The lanes that were anywhere in one of the files, each given by a part of its path, and had to do with one of the
   * locks, given by their ids; none given: all.
   */
  | {
      readonly kind: 'lanesAt';
      readonly files: readonly string[];
      readonly locks: readonly string[];
    }
  /** Consecutive segments of a lane, for a table; at most 200. */
  | {
      readonly kind: 'segments';
      readonly lane: number;
      readonly fromNs: number;
      readonly toNs: number;
      readonly limit: number;
    }
  /** What shows a finding best, by its index in the meta's findings. */
  | { readonly kind: 'evidence'; readonly finding: number }
  /** The longest wait or hold at a line, else the longest segment there. */
  | { readonly kind: 'longestAt'; readonly file: string; readonly line: number };

/** What a lane did in the scope, cut to it. */
export interface LaneSums {
  readonly lane: number;
  readonly holdNs: number;
  readonly waitNs: number;
  readonly offNs: number;
  readonly lockWaitNs: number;
  /** Time that others, of all lanes, waited meanwhile for what this lane held. */
  readonly blocksNs: number;
}

export interface LineSums extends Place {
  readonly hold: SelfTotal;
  readonly wait: SelfTotal;
  readonly blocks: SelfTotal;
  readonly off: SelfTotal;
  readonly lockWait: SelfTotal;
  /** Holds that meet the scope. */
  readonly acquires: number;
  readonly maxHoldNs: number;
  readonly maxWaitNs: number;
}

/** Pairs of which the waiter is in the scope. */
export interface BlameSums {
  readonly lock: string;
  readonly waiter: Place;
  /** Null: hand-off, nobody held it. */
  readonly holder: Place | null;
  readonly ns: number;
  readonly count: number;
  readonly maxNs: number;
}

export interface ScopeSums {
  readonly lanes: readonly LaneSums[];
  readonly lines: readonly LineSums[];
  /** Largest first. */
  readonly blame: readonly BlameSums[];
  /** The blame of locks is inexact: of holds so long ago, among very many, only the sums are kept. */
  readonly locksFolded: boolean;
  readonly histograms: Histograms;
  readonly locks: readonly LockScopeSums[];
}

/** What the lanes of the scope had to do with a lock, cut to the scope but for the longest wait. */
export interface LockScopeSums {
  /** `LockRow.id` */
  readonly lock: string;
  readonly waitNs: number;
  /** Waits that meet the scope. */
  readonly contended: number;
  readonly maxWaitNs: number;
  /** Holds that were recorded each: all of a lock since it was first waited for. */
  readonly holdNs: number;
}

/** Number of holds and waits by length (the whole length, also of those that the scope cuts), HISTOGRAM_BINS long. */
export interface Histograms {
  readonly hold: readonly number[];
  readonly wait: readonly number[];
  /** Short neighbours are kept as one in so long a run: these lengths are not those of single holds and waits. */
  readonly merged: boolean;
}

/** Boxes of a flame graph as columns; box i is [from[i], to[i]) at depth[i] and shows frames[frame[i]]. */
export interface Flame {
  /** `time`: moments of the run; `merged`: sums of the cost. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly depth: readonly number[];
  readonly frame: readonly number[];
  readonly frames: readonly Place[];
  /** The whole cost, ns. */
  readonly totalNs: number;
}

/** Averages over each bin. */
export interface Curves {
  readonly fromNs: number;
  readonly toNs: number;
  /** Of the busiest GIL in each bin: the share of time in which it was held, 0 … 1. */
  readonly gilLoad: readonly number[];
  /** Threads that held a GIL or were in native code without it, of all processes and interpreters. */
  readonly parallel: readonly number[];
  /** Threads that waited for a GIL or a lock. */
  readonly queue: readonly number[];
}

export interface Span {
  readonly startNs: number;
  readonly endNs: number;
}

export type AnalysisAnswer =
  | { readonly kind: 'sums'; readonly sums: ScopeSums }
  | { readonly kind: 'flame'; readonly flame: Flame }
  | { readonly kind: 'curves'; readonly curves: Curves }
  | { readonly kind: 'idle'; readonly spans: readonly Span[] }
  | { readonly kind: 'lanesAt'; readonly lanes: readonly number[] }
  | { readonly kind: 'segments'; readonly segments: readonly Segment[] }
  | { readonly kind: 'evidence'; readonly segment: Segment | null }
  | { readonly kind: 'longestAt'; readonly segment: Segment | null };

/** The answer to a kind of question. */
export type AnswerTo<K extends AnalysisQuestion['kind']> = Extract<AnalysisAnswer, { kind: K }>;
