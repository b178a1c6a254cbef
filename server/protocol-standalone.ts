import type { ChartMeta, Segment } from './protocol-chart';
import type { AnalysisQuestion } from './protocol-analysis';

/**
 * What the self-contained page embeds: JSON in `<script type="application/json" id="gilscope-data">`, every `<` in it
 * written as \u003c. The page holds dist/standalone.js and dist/standalone.css inline, and an empty `<div id="app">`
 * before the script.
 */
export interface StandaloneData {
  readonly format: 'gilscope-chart';
  readonly version: 1;
  readonly meta: ChartMeta;
  /** Levels from LEVEL_MIN up to this one, at least LEVEL_OVERVIEW, are embedded. */
  readonly levelMax: number;
  /** Tiles in which nothing happens may be left out. */
  readonly tiles: readonly {
    readonly level: number;
    readonly index: number;
    readonly page: number;
    /** The bytes of a tile (see {@link TileRequest}), zlib-deflated, base64. */
    readonly deflated: string;
  }[];
  /** The longest waits, longest first; beside these the page has only the segments of `answers`. */
  readonly longWaits: readonly Segment[];
  /** Answers about the whole run by {@link standaloneKey}: JSON of an AnalysisAnswer, zlib-deflated, base64. */
  readonly answers: Readonly<Record<string, string>>;
}

/**
 * Under which name a page holds the answer to a question: it knows only the whole run, and of each lane the first
 * segments.
 */
export function standaloneKey(question: AnalysisQuestion): string {
  switch (question.kind) {
    case 'flame':
      return `flame/${question.cost}/${question.order}`;
    case 'segments':
      return `segments/${question.lane}`;
    case 'evidence':
      return `evidence/${question.finding}`;
    case 'sums':
    case 'curves':
    case 'idle':
    case 'lanesAt':
    case 'longestAt':
      return question.kind;
  }
}
