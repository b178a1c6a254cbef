import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { DataTable, type Column } from './data-table';
import { formatDuration, formatShare, laneName } from './format';
import { duration } from './lines-view';
import type { ThreadSums } from './scope';
import type { Translate } from './strings';

interface ThreadsViewProps {
  readonly t: Translate;
  readonly threads: readonly ThreadSums[];
  readonly show: (lane: number) => void;
}

type Cost = 'hold' | 'wait' | 'lockWait' | 'off';

/** Every thread with its totals. */
export function ThreadsView({ t, threads, show }: ThreadsViewProps): JSX.Element {
  const [lockWaitNs, waitNs] = [sumOf(threads, 'lockWaitNs'), sumOf(threads, 'waitNs')];
  const hasLockWaits = lockWaitNs > 0;
  const columns = useMemo(() => threadColumns(t, hasLockWaits, show), [t, hasLockWaits, show]);
  return (
    <div class="table-view">
      <DataTable
        t={t}
        caption={t('threads.caption')}
        columns={columns}
        rows={threads}
        rowKey={({ index }) => String(index)}
        sortedBy={lockWaitNs > waitNs ? 'lockWait' : 'wait'}
        empty={t('table.none')}
      />
    </div>
  );
}

function sumOf(threads: readonly ThreadSums[], cost: 'lockWaitNs' | 'waitNs'): number {
  return threads.reduce((sum, thread) => sum + thread[cost], 0);
}

function threadColumns(
  t: Translate,
  hasLockWaits: boolean,
  show: (lane: number) => void,
): readonly Column<ThreadSums>[] {
  const share = (cost: Cost): Column<ThreadSums> => ({
    id: cost,
    label: t(`col.${cost}`),
    key: (row) => row[`${cost}Ns`],
    render: (row) => (
      <>
        {duration(row[`${cost}Ns`])}{' '}
        <span class="share">{formatShare(row[`${cost}Ns`], row.lifeNs)}</span>
      </>
    ),
    bar: { value: (row) => row[`${cost}Ns`], className: `bar-${cost}` },
  });
  return [
    {
      id: 'thread',
      label: t('col.thread'),
      wide: true,
      key: ({ lane }) => laneName(lane, t),
      render: ({ index, lane }) => (
        <button
          type="button"
          class="link"
          title={t('threads.show', laneName(lane, t))}
          onClick={() => show(index)}
        >
          {laneName(lane, t)}
        </button>
      ),
    },
    { id: 'pid', label: t('col.pid'), key: ({ lane }) => lane.pid, render: ({ lane }) => lane.pid },
    { id: 'tid', label: t('col.tid'), key: ({ lane }) => lane.tid, render: ({ lane }) => lane.tid },
    { id: 'gil', label: t('col.gil'), key: ({ lane }) => lane.gil, render: ({ lane }) => lane.gil },
    {
      id: 'lifetime',
      label: t('col.lifetime'),
      key: (row) => row.lifeNs,
      render: (row) => formatDuration(row.lifeNs),
    },
    share('hold'),
    share('wait'),
    ...(hasLockWaits ? [share('lockWait')] : []),
    share('off'),
    {
      id: 'blocks',
      label: t('col.blocks'),
      key: (row) => row.blocksNs,
      render: (row) => duration(row.blocksNs),
      bar: { value: (row) => row.blocksNs, className: 'bar-blocks' },
    },
  ];
}
