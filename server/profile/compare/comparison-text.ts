import {
  type Change,
  COMPARED_METRICS,
  type ComparedLine,
  type ComparedMetric,
  type ComparedThread,
  type Comparison,
  isChanged,
} from '../../protocol-comparison';
import { formatDuration } from '../duration';
import { placeNames, type PlaceNames } from '../report-places';
import { tableLines, wrap } from '../report-table';
import { changePercent, conditionText, type ConditionResult, formatMetric } from './conditions';

const MAX_LINES = 15;
const MAX_THREADS = 20;
const LINE_COSTS_SHOWN = ['hold', 'wait', 'blocks', 'lockWait', 'lockBlocks'] as const;
const COST_NAMES = {
  hold: 'hold',
  wait: 'wait',
  blocks: 'blocks',
  lockWait: 'lock wait',
  lockBlocks: 'lock blocks',
} as const;

export interface ComparisonTextOptions {
  /** Names of the two profiles, as the user gave them. */
  readonly names: readonly [before: string, after: string];
  /** Paths inside this folder are written relative to it. */
  readonly folder: string | null;
  readonly conditions: readonly ConditionResult[];
}

/** A comparison as text: in all, by line, by thread, the conditions, then how sure it is. Ends with a newline. */
export function comparisonText(comparison: Comparison, options: ComparisonTextOptions): string {
  const names = placeNames(options.folder);
  const { conditions } = options;
  const sections = [
    [`GILscope comparison · before: ${options.names[0]} · after: ${options.names[1]}`],
    ['In all', ...totalsTable(comparison)],
    linesSection(comparison, names),
    threadsSection(comparison),
    conditions.length === 0
      ? []
      : ['Conditions', ...conditions.map((result) => `  ${conditionText(result)}`)],
    surenessSection(comparison),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function totalsTable({ totals }: Comparison): string[] {
  const rows = COMPARED_METRICS.filter(
    (metric) => totals[metric].before > 0 || totals[metric].after > 0,
  );
  return changeTable(
    rows.map((metric) => ({ metric, change: totals[metric], what: metric })),
    'what',
  );
}

interface Row {
  readonly metric: ComparedMetric;
  readonly change: Change;
  readonly what: string;
}

function changeTable(rows: readonly Row[], head: string): string[] {
  return tableLines<Row>(
    [
      { head: 'before', cell: ({ metric, change }) => formatMetric(metric, change.before) },
      { head: 'after', cell: ({ metric, change }) => formatMetric(metric, change.after) },
      { head: 'change', cell: ({ change }) => changeText(change) },
    ],
    { head, cell: ({ what }) => what },
    rows,
  );
}

/** `=`: no more than chance. */
function changeText(change: Change): string {
  if (!isChanged(change)) return '=';
  return changePercent(change) ?? 'new';
}

function linesSection({ lines }: Comparison, names: PlaceNames): string[] {
  if (lines.length === 0) return [];
  const rows = lines.flatMap((line) => lineRow(line, names));
  if (rows.length === 0) return ['Lines', '  No line changed by more than chance.'];
  const more = rows.length - MAX_LINES;
  return [
    'Lines, each without what it calls',
    ...changeTable(rows.slice(0, MAX_LINES), 'line'),
    ...(more > 0 ? [`  and ${more} more lines (--json has all)`] : []),
  ];
}

/** The largest change of a line. */
function lineRow(line: ComparedLine, names: PlaceNames): Row[] {
  const changed = LINE_COSTS_SHOWN.filter((cost) => isChanged(line.self[cost]));
  const [cost] = changed.toSorted((a, b) => sizeOf(line.self[b]) - sizeOf(line.self[a]));
  if (cost === undefined) return [];
  return [
    {
      metric: 'hold',
      change: line.self[cost],
      what: `${COST_NAMES[cost]}  ${lineName(line, names)}`,
    },
  ];
}

const MATCH_NOTES = {
  same: '',
  edited: ' (edited)',
  number: '',
  before: ' (gone)',
  after: ' (new)',
} as const;

function lineName({ before, after, match }: ComparedLine, names: PlaceNames): string {
  const place = after ?? before;
  if (place === null) return '';
  const name = `${names.place(place)} ${place.function}`.trimEnd();
  const moved =
    before !== null && after !== null && before.line !== after.line
      ? `, was line ${before.line}`
      : '';
  return `${name}${moved}${MATCH_NOTES[match]}`;
}

function threadsSection({ threads }: Comparison): string[] {
  const rows = threads.flatMap((thread) =>
    (['hold', 'wait', 'blocks', 'lockWait'] as const).flatMap((cost): Row[] =>
      isChanged(thread[cost])
        ? [
            {
              metric: 'hold',
              change: thread[cost],
              what: `${COST_NAMES[cost]}  ${threadName(thread)}`,
            },
          ]
        : [],
    ),
  );
  if (rows.length === 0) return ['Threads', '  No thread changed by more than chance.'];
  const sorted = rows.toSorted((a, b) => sizeOf(b.change) - sizeOf(a.change));
  const more = rows.length - MAX_THREADS;
  return [
    'Threads',
    ...changeTable(sorted.slice(0, MAX_THREADS), 'thread'),
    ...(more > 0 ? [`  and ${more} more (--json has all)`] : []),
  ];
}

function threadName({ before, after }: ComparedThread): string {
  const row = after ?? before;
  const name = row === null ? '' : row.name || `thread ${row.tid}`;
  return `${name}${before === null ? ' (new)' : after === null ? ' (gone)' : ''}`;
}

function surenessSection({ notes, totals }: Comparison): string[] {
  const sure =
    'Each side is one run. “=”: the difference is smaller than what the counts behind it alone let such a number differ ' +
    'by from run to run (two standard deviations), so that it says nothing. A larger one may still be another machine, ' +
    'other input or other load: repeat the runs to be sure.';
  const wall = isChanged(totals.wall)
    ? [
        `The runs took ${formatDuration(totals.wall.before)} and ${formatDuration(totals.wall.after)}: times are compared as they are, not per second.`,
      ]
    : [];
  return ['How sure', ...[sure, ...wall, ...notes].flatMap((text) => wrap(text, '  '))];
}

function sizeOf({ before, after }: Change): number {
  return Math.abs(after - before);
}
