import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ComparedLine, LineMatch } from '../../server/protocol-comparison';
import { ChangeCell, changeWeight } from './change-cell';
import { DataTable, type Column } from './data-table';
import { PlaceLink, type Opener } from './place-link';
import type { StringKey, Translate } from './strings';

interface CompareLinesProps extends Opener {
  readonly t: Translate;
  readonly lines: readonly ComparedLine[];
  readonly mode: 'self' | 'total';
}

const COSTS = ['blocks', 'hold', 'wait', 'lockWait', 'off'] as const;
type Cost = (typeof COSTS)[number];

const MATCH: Readonly<Record<LineMatch, StringKey | null>> = {
  same: null,
  number: null,
  edited: 'compare.edited',
  before: 'compare.gone',
  after: 'compare.new',
};

/** What each line cost before and costs now. */
export function CompareLines({ t, lines, mode, open }: CompareLinesProps): JSX.Element {
  const columns = useMemo(() => lineColumns(t, lines, mode, open), [t, lines, mode, open]);
  return (
    <DataTable
      t={t}
      caption={t('compare.lines.caption')}
      columns={columns}
      rows={lines}
      rowKey={({ before, after }) => [before, after].map(keyOf).join('\n')}
      sortedBy="change"
      empty={t('table.none')}
    />
  );
}

function keyOf(place: ComparedLine['before']): string {
  return place === null ? '' : `${place.file}:${place.line}:${place.function}`;
}

function lineColumns(
  t: Translate,
  lines: readonly ComparedLine[],
  mode: 'self' | 'total',
  open: Opener['open'],
): readonly Column<ComparedLine>[] {
  // A column of nothing takes room from the names.
  const costs = COSTS.filter((cost) =>
    lines.some((line) => line[mode][cost].before > 0 || line[mode][cost].after > 0),
  );
  return [
    {
      id: 'line',
      label: t('col.line'),
      wide: true,
      key: ({ before, after }) => keyOf(after ?? before),
      render: (line) => <LineName t={t} line={line} open={open} />,
    },
    {
      id: 'change',
      label: t('compare.largest'),
      key: (line) => changeWeight(line[mode][largest(line, mode)]),
      render: (line) => t(`col.${largest(line, mode)}`),
      text: true,
    },
    ...costs.map((cost): Column<ComparedLine> => ({
      id: cost,
      label: t(`col.${cost}`),
      key: (line) => changeWeight(line[mode][cost]),
      render: (line) => <ChangeCell change={line[mode][cost]} judged={cost !== 'off'} />,
      bar: { value: (line) => line[mode][cost].after, className: `bar-${cost}` },
    })),
  ];
}

/** The cost that changed most, of those that are felt. */
function largest(line: ComparedLine, mode: 'self' | 'total'): Cost {
  const felt = COSTS.filter((cost) => cost !== 'off');
  return felt.reduce((most, cost) =>
    changeWeight(line[mode][cost]) > changeWeight(line[mode][most]) ? cost : most,
  );
}

function LineName(props: {
  readonly t: Translate;
  readonly line: ComparedLine;
  readonly open: Opener['open'];
}): JSX.Element | null {
  const { t, line } = props;
  const { before, after, match } = line;
  const place = after ?? before;
  if (place === null) return null;
  const note = MATCH[match];
  const moved = before !== null && after !== null && before.line !== after.line;
  return (
    <>
      {/* The file is as the later run had it: a line that is gone is nowhere to be opened. */}
      <PlaceLink
        t={t}
        file={place.file}
        line={place.line}
        open={after === null ? null : props.open}
      />
      <span class="function">{place.function}</span>
      {moved && <span class="function dim">{t('compare.moved', before.line)}</span>}
      {note !== null && <span class="function dim">{t(note)}</span>}
    </>
  );
}
