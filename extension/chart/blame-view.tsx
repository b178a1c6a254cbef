import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { GilRow, LockRow } from '../../server/protocol';
import type { BlameSums } from '../../server/protocol-analysis';
import {
  buildMatrix,
  holderOf,
  lockNames,
  locksWithoutHolder,
  placeKey,
  type BlameCell,
  type BlameMatrix,
  type Party,
} from './blame';
import { DataTable, type Column } from './data-table';
import { formatCount, formatDuration, formatPlace } from './format';
import { duration } from './lines-view';
import { PlaceLink, type Opener } from './place-link';
import type { Translate } from './strings';

interface BlameViewProps extends Opener {
  readonly t: Translate;
  readonly blame: readonly BlameSums[];
  /** Of the whole run. */
  readonly locks: readonly LockRow[];
  readonly gils: readonly GilRow[];
  /** Of some locks the holds are too long ago to know when each was. */
  readonly locksFolded: boolean;
}

const MATRIX_LIMIT = 30;

/** Who blocked whom: as a matrix to see the pattern, and as a list to read. */
export function BlameView(props: BlameViewProps): JSX.Element {
  const { t, blame, locks, gils, locksFolded, open } = props;
  const unknown = useMemo(() => locksWithoutHolder(locks), [locks]);
  const names = useMemo(() => lockNames(locks, gils), [locks, gils]);
  const matrix = useMemo(() => buildMatrix(blame, MATRIX_LIMIT, unknown), [blame, unknown]);
  const columns = useMemo(() => blameColumns(t, unknown, names, open), [t, unknown, names, open]);
  if (blame.length === 0) return <p class="nothing">{t('blame.none')}</p>;
  return (
    <div class="blame">
      <Matrix t={t} matrix={matrix} names={names} />
      <div class="table-view">
        {locksFolded && <p class="nothing">{t('blame.folded')}</p>}
        <DataTable
          t={t}
          caption={t('blame.list')}
          columns={columns}
          rows={blame}
          rowKey={(row) =>
            `${row.lock}\n${placeKey(row.waiter)}\n${row.holder === null ? '' : placeKey(row.holder)}`
          }
          sortedBy="time"
          empty={t('table.none')}
        />
      </div>
    </div>
  );
}

function partyName(t: Translate, party: Party, long: boolean): string {
  if (party.kind === 'others') return t('blame.others');
  if (party.kind !== 'place') return t(`blame.${party.kind}${long ? '.long' : ''}`);
  const place = formatPlace(party.place);
  return party.place.function === '' ? place : `${place} ${party.place.function}`;
}

function explain(
  t: Translate,
  waiter: Party,
  holder: Party,
  cell: BlameCell,
  lock: string,
): string {
  const names = [partyName(t, waiter, false), formatDuration(cell.ns)] as const;
  const rest = [partyName(t, holder, true), formatCount(cell.count)] as const;
  return cell.maxNs === null
    ? t('blame.cell.summed', ...names, ...rest, lock)
    : t('blame.cell', ...names, ...rest, formatDuration(cell.maxNs), lock);
}

function Matrix(props: {
  readonly t: Translate;
  readonly matrix: BlameMatrix;
  readonly names: ReadonlyMap<string, string>;
}): JSX.Element {
  const { t, matrix, names } = props;
  const locksOf = ({ locks }: BlameCell): string =>
    locks.map((id) => names.get(id) ?? id).join(', ');
  const [shown, setShown] = useState<string | null>(null);
  return (
    <div class="matrix-box">
      <div class="matrix-scroll" tabIndex={0} role="region" aria-label={t('blame.caption')}>
        <table class="matrix" onPointerLeave={() => setShown(null)}>
          <caption>{t('blame.caption')}</caption>
          <thead>
            <tr>
              <td />
              {matrix.holders.map((holder, index) => (
                <th key={index} scope="col" title={partyName(t, holder, true)}>
                  <span>{partyName(t, holder, false)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.waiters.map((waiter, row) => (
              <tr key={row}>
                <th scope="row" title={partyName(t, waiter, true)}>
                  {partyName(t, waiter, false)}
                </th>
                {matrix.holders.map((holder, column) => {
                  const cell = matrix.cells[row]?.[column] ?? null;
                  const text =
                    cell === null ? null : explain(t, waiter, holder, cell, locksOf(cell));
                  return (
                    <td key={column} onPointerEnter={() => setShown(text)}>
                      {cell !== null && (
                        <>
                          <span
                            class="heat"
                            aria-hidden="true"
                            style={{ opacity: heat(cell.ns, matrix.largestNs) }}
                          />
                          <span class="hidden">{text}</span>
                        </>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="explain">{shown ?? t('blame.hover')}</p>
    </div>
  );
}

/** By square root: small costs stay visible beside large ones. */
function heat(ns: number, largestNs: number): number {
  return 0.12 + 0.88 * Math.sqrt(ns / largestNs);
}

function blameColumns(
  t: Translate,
  unknown: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  open: Opener['open'],
): readonly Column<BlameSums>[] {
  return [
    {
      id: 'waiter',
      label: t('col.waiter'),
      wide: true,
      key: (row) => `${row.waiter.file}:${row.waiter.line}`,
      render: (row) => (
        <>
          <PlaceLink t={t} file={row.waiter.file} line={row.waiter.line} open={open} />
          <span class="function">{row.waiter.function}</span>
        </>
      ),
    },
    {
      id: 'holder',
      label: t('col.holder'),
      wide: true,
      key: (row) => (row.holder === null ? '' : `${row.holder.file}:${row.holder.line}`),
      render: (row) => {
        const holder = holderOf(row, unknown);
        return typeof holder === 'string' ? (
          <span class="dim" title={t(`blame.${holder}.long`)}>
            {t(`blame.${holder}`)}
          </span>
        ) : (
          <>
            <PlaceLink t={t} file={holder.file} line={holder.line} open={open} />
            <span class="function">{holder.function}</span>
          </>
        );
      },
    },
    {
      id: 'lock',
      label: t('col.lock'),
      text: true,
      key: ({ lock }) => names.get(lock) ?? lock,
      render: ({ lock }) => names.get(lock) ?? lock,
    },
    {
      id: 'time',
      label: t('col.time'),
      key: (row) => row.ns,
      render: (row) => duration(row.ns),
      bar: { value: (row) => row.ns, className: 'bar-wait' },
    },
    {
      id: 'count',
      label: t('col.count'),
      key: (row) => row.count,
      render: (row) => formatCount(row.count),
    },
    {
      id: 'maxWait',
      label: t('col.maxWait'),
      key: (row) => row.maxNs,
      render: (row) => duration(row.maxNs),
    },
  ];
}
