import type { ChartMeta, Segment } from './protocol';

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
  /** The longest waits, longest first; there are no other segments in the page. */
  readonly longWaits: readonly Segment[];
}
