import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Lane } from '../../server/protocol';
import { DataTable, type Column } from './data-table';
import { formatDuration, formatShare, laneName } from './format';
import { duration } from './lines-view';
import type { Translate } from './strings';

interface ThreadsViewProps {
  readonly t: Translate;
  readonly lanes: readonly Lane[];
  readonly show: (lane: number) => void;
}

type Cost = 'hold' | 'wait' | 'off';

/** Every thread with its totals: what the timeline shows, for those who do not see it. */
export function ThreadsView({ t, lanes, show }: ThreadsViewProps): JSX.Element {
  const columns = useMemo(() => threadColumns(t, lanes, show), [t, lanes, show]);
  return (
    <div class="table-view">
      <DataTable
        t={t}
        caption={t('threads.caption')}
        columns={columns}
        rows={lanes}
        rowKey={(lane) => `${lane.gil}\n${lane.tid}\n${lane.startNs}`}
        sortedBy="wait"
        empty={t('table.none')}
      />
    </div>
  );
}

function threadColumns(
  t: Translate,
  lanes: readonly Lane[],
  show: (lane: number) => void,
): readonly Column<Lane>[] {
  const share = (cost: Cost): Column<Lane> => ({
    id: cost,
    label: t(`col.${cost}`),
    key: (lane) => lane[`${cost}Ns`],
    render: (lane) => (
      <>
        {duration(lane[`${cost}Ns`])}{' '}
        <span class="share">{formatShare(lane[`${cost}Ns`], lane.endNs - lane.startNs)}</span>
      </>
    ),
    bar: { value: (lane) => lane[`${cost}Ns`], className: `bar-${cost}` },
  });
  return [
    {
      id: 'thread',
      label: t('col.thread'),
      wide: true,
      key: (lane) => laneName(lane, t),
      render: (lane) => (
        <button
          type="button"
          class="link"
          title={t('threads.show', laneName(lane, t))}
          onClick={() => show(lanes.indexOf(lane))}
        >
          {laneName(lane, t)}
        </button>
      ),
    },
    { id: 'pid', label: t('col.pid'), key: (lane) => lane.pid, render: (lane) => lane.pid },
    { id: 'tid', label: t('col.tid'), key: (lane) => lane.tid, render: (lane) => lane.tid },
    { id: 'gil', label: t('col.gil'), key: (lane) => lane.gil, render: (lane) => lane.gil },
    {
      id: 'lifetime',
      label: t('col.lifetime'),
      key: (lane) => lane.endNs - lane.startNs,
      render: (lane) => formatDuration(lane.endNs - lane.startNs),
    },
    share('hold'),
    share('wait'),
    share('off'),
    {
      id: 'blocks',
      label: t('col.blocks'),
      key: (lane) => lane.blocksNs,
      render: (lane) => duration(lane.blocksNs),
      bar: { value: (lane) => lane.blocksNs, className: 'bar-blocks' },
    },
  ];
}
