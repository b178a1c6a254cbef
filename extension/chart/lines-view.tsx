import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { SelfTotal } from '../../server/protocol';
import type { Segment } from '../../server/protocol-chart';
import type { LineSums } from '../../server/protocol-analysis';
import { DataTable, type Column } from './data-table';
import { formatCount, formatDuration } from './format';
import { PlaceLink, type Opener } from './place-link';
import type { StringKey, Translate } from './strings';

interface LinesViewProps extends Opener {
  readonly t: Translate;
  readonly lines: readonly LineSums[];
  /** Rows of its lines stand out. */
  readonly lit: Segment | null;
}

type Cost = 'hold' | 'wait' | 'blocks' | 'off' | 'lockWait';
type Mode = keyof SelfTotal;

const COSTS: readonly Cost[] = ['blocks', 'hold', 'wait', 'lockWait', 'off'];
const MODES: readonly (readonly [Mode, StringKey, StringKey])[] = [
  ['selfNs', 'lines.self', 'lines.self.help'],
  ['totalNs', 'lines.total', 'lines.total.help'],
];

/** The lines of the profile with their costs. */
export function LinesView({ t, lines, lit, open }: LinesViewProps): JSX.Element {
  const [mode, setMode] = useState<Mode>('selfNs');
  const [filter, setFilter] = useState('');
  const costs = useMemo(() => costsIn(lines), [lines]);
  const columns = useMemo(() => lineColumns(t, costs, mode, open), [t, costs, mode, open]);
  const rows = useMemo(() => matching(lines, filter), [lines, filter]);
  const marks = useMemo(() => litLines(lit), [lit]);
  return (
    <div class="table-view">
      <div class="tools">
        <div class="choice" role="group" aria-label={t('lines.mode')}>
          {MODES.map(([id, label, help]) => (
            <button
              key={id}
              type="button"
              aria-pressed={mode === id}
              title={t(help)}
              onClick={() => setMode(id)}
            >
              {t(label)}
            </button>
          ))}
        </div>
        <input
          type="search"
          aria-label={t('table.filter')}
          placeholder={t('table.filter.hint')}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      </div>
      <DataTable
        t={t}
        caption={t('lines.caption')}
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.file}\n${row.line}\n${row.function}`}
        rowClass={(row) => marks.get(`${row.file}:${row.line}`) ?? ''}
        sortedBy={worstOf(lines)}
        empty={t(lines.length > 0 ? 'table.nomatch' : 'table.none')}
      />
    </div>
  );
}

/** Which lines the segment is about: its own, and those that held meanwhile. */
function litLines(segment: Segment | null): ReadonlyMap<string, string> {
  const marks = new Map<string, string>();
  if (segment === null) return marks;
  for (const { place } of [...segment.holders, ...segment.holds]) {
    if (place !== null) marks.set(`${place.file}:${place.line}`, 'lit-holder');
  }
  const { place } = segment;
  if (place !== null) marks.set(`${place.file}:${place.line}`, `lit-${segment.state}`);
  return marks;
}

function matching(lines: readonly LineSums[], filter: string): readonly LineSums[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const text = `${line.file}:${line.line} ${line.function}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** All costs but waits for locks that nobody waited for: a column of nothing takes room from the names. */
function costsIn(lines: readonly LineSums[]): readonly Cost[] {
  const hasLockWaits = lines.some(({ lockWait }) => lockWait.totalNs > 0);
  return COSTS.filter((cost) => cost !== 'lockWait' || hasLockWaits);
}

/** What the first look should be at. */
function worstOf(lines: readonly LineSums[]): Cost {
  const sumOf = (cost: Cost): number => lines.reduce((sum, line) => sum + line[cost].selfNs, 0);
  return sumOf('lockWait') > sumOf('blocks') ? 'lockWait' : 'blocks';
}

function lineColumns(
  t: Translate,
  shown: readonly Cost[],
  mode: Mode,
  open: Opener['open'],
): readonly Column<LineSums>[] {
  const costs = shown.map((cost): Column<LineSums> => ({
    id: cost,
    label: t(`col.${cost}`),
    key: (row) => row[cost][mode],
    render: (row) => duration(row[cost][mode]),
    bar: { value: (row) => row[cost][mode], className: `bar-${cost}` },
  }));
  return [
    {
      id: 'line',
      label: t('col.line'),
      wide: true,
      key: (row) => `${row.file}:${row.line}`,
      render: (row) => (
        <>
          <PlaceLink t={t} file={row.file} line={row.line} open={open} />
          <span class="function">{row.function}</span>
        </>
      ),
    },
    ...costs,
    {
      id: 'acquires',
      label: t('col.acquires'),
      key: (row) => row.acquires,
      render: (row) => count(row.acquires),
    },
    {
      id: 'maxWait',
      label: t('col.maxWait'),
      key: (row) => row.maxWaitNs,
      render: (row) => duration(row.maxWaitNs),
    },
    {
      id: 'maxHold',
      label: t('col.maxHold'),
      key: (row) => row.maxHoldNs,
      render: (row) => duration(row.maxHoldNs),
    },
  ];
}

/** Zeros say nothing and would hide what does. */
export function duration(ns: number): JSX.Element | string {
  return ns > 0 ? formatDuration(ns) : <span class="zero">–</span>;
}

export function count(value: number): JSX.Element | string {
  return value > 0 ? formatCount(value) : <span class="zero">–</span>;
}
