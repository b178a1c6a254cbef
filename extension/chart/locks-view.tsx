import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { LockRow } from '../../server/protocol';
import { DataTable, type Column } from './data-table';
import { formatCount } from './format';
import { count, duration } from './lines-view';
import { PlaceLink, type Opener } from './place-link';
import type { Translate } from './strings';

interface LocksViewProps extends Opener {
  readonly t: Translate;
  readonly locks: readonly LockRow[];
  /** They are about a part of the run: of holds only those are known that were recorded each. */
  readonly isPart: boolean;
}

/** Those that Python's library made for itself are folded where nobody waited for them. */
const isShown = ({ library, waitNs }: LockRow): boolean => library === null || waitNs > 0;

/** Python's own locks, and what each cost. */
export function LocksView({ t, locks, isPart, open }: LocksViewProps): JSX.Element {
  const [unfolded, setUnfolded] = useState(false);
  const columns = useMemo(() => lockColumns(t, open, isPart), [t, open, isPart]);
  const shown = useMemo(() => locks.filter(isShown), [locks]);
  const folded = locks.length - shown.length;
  return (
    <div class="table-view">
      {folded > 0 && (
        <div class="tools">
          <div class="choice" role="group" aria-label={t('locks.which')}>
            <button type="button" aria-pressed={!unfolded} onClick={() => setUnfolded(false)}>
              {t('locks.folded')}
            </button>
            <button type="button" aria-pressed={unfolded} onClick={() => setUnfolded(true)}>
              {t('locks.all', formatCount(folded))}
            </button>
          </div>
        </div>
      )}
      <DataTable
        t={t}
        caption={t(isPart ? 'locks.captionPart' : 'locks.caption')}
        columns={columns}
        rows={unfolded ? locks : shown}
        rowKey={({ id }) => id}
        sortedBy="wait"
        empty={t(isPart ? 'locks.nonePart' : 'locks.none')}
      />
    </div>
  );
}

/** Columns that are known of a part of the run, too. */
const PART_COLUMNS: ReadonlySet<string> = new Set(['lock', 'wait', 'hold', 'contended', 'maxWait']);

function lockColumns(
  t: Translate,
  open: Opener['open'],
  isPart: boolean,
): readonly Column<LockRow>[] {
  const all = allColumns(t, open, isPart);
  return isPart ? all.filter(({ id }) => PART_COLUMNS.has(id)) : all;
}

function allColumns(
  t: Translate,
  open: Opener['open'],
  isPart: boolean,
): readonly Column<LockRow>[] {
  const time = (
    id: 'wait' | 'hold' | 'maxWait' | 'maxHold',
    value: (row: LockRow) => number,
  ): Column<LockRow> => ({
    id,
    label: t(`col.${id}`),
    key: value,
    render: (row) => duration(value(row)),
    ...(id === 'wait' && { bar: { value, className: 'bar-lockWait' } }),
    ...(id === 'hold' && isPart && { help: t('locks.holdPart') }),
    ...(id === 'hold' && { bar: { value, className: 'bar-hold' } }),
  });
  return [
    {
      id: 'lock',
      label: t('col.lock'),
      wide: true,
      key: ({ kind, name, createdAt }) => `${name ?? kind} ${createdAt.file}:${createdAt.line}`,
      render: ({ kind, name, createdAt }) => (
        <>
          {name ?? kind}
          <span class="function">
            {name !== null && `${kind} `}
            {createdAt.line > 0 && (
              <PlaceLink t={t} file={createdAt.file} line={createdAt.line} open={open} />
            )}
          </span>
        </>
      ),
    },
    time('wait', ({ waitNs }) => waitNs),
    time('hold', ({ holdNs }) => holdNs),
    {
      id: 'acquires',
      label: t('col.acquires'),
      key: ({ acquires }) => acquires,
      render: ({ acquires }) => count(acquires),
    },
    {
      id: 'contended',
      label: t('col.contended'),
      key: ({ contended }) => contended,
      render: ({ contended }) => count(contended),
    },
    time('maxWait', ({ maxWaitNs }) => maxWaitNs),
    time('maxHold', ({ maxHoldNs }) => maxHoldNs),
    {
      id: 'work',
      label: t('col.work'),
      help: t('col.work.help'),
      key: ({ workNs }) => workNs,
      render: ({ workNs }) => duration(workNs),
    },
  ];
}
