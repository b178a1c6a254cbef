/** Two profiles beside each other, before and after. Times are integers in nanoseconds. */
import type { ExitStatus, Place } from './protocol';
import type { Curves } from './protocol-analysis';

/** One number of two profiles. */
export interface Change {
  readonly before: number;
  readonly after: number;
  /**
   * What such a number differs by from run to run, as far as its own count tells: a smaller difference is none.
   * Null: not known.
   */
  readonly spread: number | null;
}

/** Whether a number changed by more than chance. */
export function isChanged({ before, after, spread }: Change): boolean {
  return Math.abs(after - before) > (spread ?? 0);
}

/** Numbers of a whole run that are compared. Times unless they are counts. */
export const COMPARED_METRICS = [
  'wall',
  'hold',
  'wait',
  'blocks',
  'off',
  'handoff',
  'lock-wait',
  'lock-hold',
  'lock-blocks',
  'max-hold',
  'max-wait',
  'acquires',
  'contended',
  'forced',
  'switches',
] as const;
export type ComparedMetric = (typeof COMPARED_METRICS)[number];
export const COUNT_METRICS: readonly ComparedMetric[] = [
  'acquires',
  'contended',
  'forced',
  'switches',
];

export const LINE_COSTS = [
  'hold',
  'wait',
  'blocks',
  'off',
  'lockWait',
  'lockHold',
  'lockBlocks',
] as const;
export type LineCost = (typeof LINE_COSTS)[number];

export interface ComparedRun {
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly wallNs: number;
  readonly lostEvents: number;
  readonly exit: ExitStatus;
}

/**
 * How a line was found again. `same`: its text is; `edited`: it stands where that line stood; `number`: one of the
 * texts is not known, so that only its number says so. `before`, `after`: only that run has it.
 */
export type LineMatch = 'same' | 'edited' | 'number' | 'before' | 'after';

export interface ComparedLine {
  readonly match: LineMatch;
  readonly before: Place | null;
  readonly after: Place | null;
  readonly self: Readonly<Record<LineCost, Change>>;
  readonly total: Readonly<Record<LineCost, Change>>;
}

export interface ThreadName {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly gil: string;
}

export interface ComparedThread {
  /** Null: only the other run has it. */
  readonly before: ThreadName | null;
  readonly after: ThreadName | null;
  readonly hold: Change;
  readonly wait: Change;
  readonly blocks: Change;
  readonly off: Change;
  readonly lockWait: Change;
}

/** The published JSON of `gilscope compare --json`. */
export interface Comparison {
  readonly format: 'gilscope-comparison';
  readonly version: 1;
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  readonly totals: Readonly<Record<ComparedMetric, Change>>;
  /** Why a total of a run is not known, in part or as a whole; null: it is. */
  readonly unknown: Readonly<Record<ComparedMetric, string | null>>;
  /** Those that changed most first; none where one of the profiles has no lines at all: `notes` say so. */
  readonly lines: readonly ComparedLine[];
  readonly threads: readonly ComparedThread[];
  /** For a person: what could not be compared, and why. */
  readonly notes: readonly string[];
}

export interface CompareParams {
  /** The profile from before; the current one is that from after. Null: compare no more. */
  readonly path: string | null;
}

/** What the chart shows of a comparison: the numbers, and how busy the GIL was in both runs. */
export interface ComparisonView {
  /** Names of the two profiles. */
  readonly beforeTitle: string;
  readonly afterTitle: string;
  readonly comparison: Comparison;
  /** Each over its own run, as many bins in both. */
  readonly beforeCurves: Curves;
  readonly afterCurves: Curves;
}
