import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Change, ComparedThread } from '../../server/protocol-comparison';
import { ChangeCell, changeWeight } from './change-cell';
import { DataTable, type Column } from './data-table';
import { formatDuration } from './format';
import type { Translate } from './strings';

interface CompareThreadsProps {
  readonly t: Translate;
  readonly threads: readonly ComparedThread[];
}

const COSTS = ['hold', 'wait', 'blocks', 'lockWait', 'off'] as const;
const SIDES = ['before', 'after'] as const;

/** Each thread as two lanes, before above after, all to one scale, beside its times. */
export function CompareThreads({ t, threads }: CompareThreadsProps): JSX.Element {
  const columns = useMemo(() => threadColumns(t, threads), [t, threads]);
  return (
    <DataTable
      t={t}
      caption={t('compare.threads.caption')}
      columns={columns}
      rows={threads}
      rowKey={(thread) => threads.indexOf(thread).toString()}
      sortedBy="wait"
      empty={t('table.none')}
    />
  );
}

function threadColumns(
  t: Translate,
  threads: readonly ComparedThread[],
): readonly Column<ComparedThread>[] {
  const longestNs = threads.reduce(
    (most, thread) => Math.max(most, ...SIDES.map((side) => lifeNs(thread, side))),
    1,
  );
  const costs = COSTS.filter((cost) =>
    threads.some((thread) => thread[cost].before > 0 || thread[cost].after > 0),
  );
  return [
    {
      id: 'thread',
      label: t('col.thread'),
      wide: true,
      key: (thread) => nameOf(thread, t),
      render: (thread) => (
        <>
          {nameOf(thread, t)}
          {thread.before === null && <span class="function dim">{t('compare.new')}</span>}
          {thread.after === null && <span class="function dim">{t('compare.gone')}</span>}
        </>
      ),
    },
    {
      id: 'lanes',
      label: t('compare.lanes'),
      key: (thread) => lifeNs(thread, 'after'),
      render: (thread) => <Lanes t={t} thread={thread} longestNs={longestNs} />,
      text: true,
    },
    ...costs.map((cost): Column<ComparedThread> => ({
      id: cost,
      label: t(`col.${cost}`),
      key: (thread) => changeWeight(thread[cost]),
      render: (thread) => <ChangeCell change={thread[cost]} judged={judged(cost)} />,
    })),
  ];
}

/** A thread that holds or is off longer may have done more. */
function judged(cost: (typeof COSTS)[number]): boolean {
  return cost !== 'hold' && cost !== 'off';
}

function nameOf({ before, after }: ComparedThread, t: Translate): string {
  const row = after ?? before;
  if (row === null) return '';
  return row.name === '' ? t('lane.unnamed', row.tid) : row.name;
}

function lifeNs(thread: ComparedThread, side: keyof Pick<Change, 'before' | 'after'>): number {
  return thread.hold[side] + thread.wait[side] + thread.off[side];
}

/** What the thread did in all, before and after, in the colours of the timeline. */
function Lanes(props: {
  readonly t: Translate;
  readonly thread: ComparedThread;
  readonly longestNs: number;
}): JSX.Element {
  const { t, thread, longestNs } = props;
  const lanes = SIDES.map((side) => ({ side, parts: partsOf(thread, side) }));
  const label = lanes
    .map(({ side, parts }) => {
      const named = parts.map(({ state, ns }) => `${t(`state.${state}`)} ${formatDuration(ns)}`);
      return `${t(`compare.${side}`)}: ${named.join(', ')}`;
    })
    .join('; ');
  return (
    <span class="lane-pair" role="img" aria-label={label} title={label}>
      {lanes.map(({ side, parts }) => (
        <span key={side} class={`lane-${side}`}>
          {parts.map(({ state, ns }) => (
            <span
              key={state}
              class={`swatch ${state}`}
              style={{ width: `${(ns / longestNs) * 100}%` }}
            />
          ))}
        </span>
      ))}
    </span>
  );
}

function partsOf(thread: ComparedThread, side: 'before' | 'after') {
  const lockNs = Math.min(thread.lockWait[side], thread.off[side]);
  const parts = [
    { state: 'holding', ns: thread.hold[side] },
    { state: 'waiting', ns: thread.wait[side] },
    { state: 'lock', ns: lockNs },
    { state: 'off', ns: thread.off[side] - lockNs },
  ] as const;
  return parts.filter(({ ns }) => ns > 0);
}
