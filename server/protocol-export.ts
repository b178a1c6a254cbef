/** Exports of a profile for other tools. */

export const EXPORT_FORMATS = [
  'perfetto',
  'firefox',
  'speedscope',
  'pprof',
  'collapsed',
  'csv',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What the stacks of a `collapsed` export are weighted by. */
export const EXPORT_COSTS = [
  'hold',
  'wait',
  'blocks',
  'off',
  'lock-wait',
  'lock-hold',
  'lock-blocks',
] as const;
export type ExportCost = (typeof EXPORT_COSTS)[number];

/** What a `csv` export has the rows of. */
export const EXPORT_TABLES = ['lines', 'threads', 'blame', 'gils', 'locks'] as const;
export type ExportTable = (typeof EXPORT_TABLES)[number];

export interface ExportChoice {
  readonly format: ExportFormat;
  /** Only for `collapsed`. */
  readonly cost: ExportCost;
  /** Only for `csv`. */
  readonly table: ExportTable;
}

export interface ExportParams extends ExportChoice {
  readonly path: string;
}

export interface ExportResult {
  /** For the user: what is left out of the file, and why. */
  readonly notes: readonly string[];
}
