import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Lane, Segment } from '../../server/protocol-chart';
import type { Scope } from '../../server/protocol-analysis';
import { useAnswer, type AnalysisClient } from './analysis-client';
import { DataTable, type Column } from './data-table';
import { formatDuration, formatMoment, laneName } from './format';
import { PlaceLink, type Opener } from './place-link';
import type { Translate } from './strings';
import type { Cursor } from './timeline-model';

interface SegmentsViewProps extends Opener {
  readonly t: Translate;
  readonly client: AnalysisClient;
  readonly revision: number;
  readonly scope: Scope;
  readonly lanes: readonly Lane[];
  readonly cursor: Cursor | null;
  readonly show: (segment: Segment) => void;
  /** The host knows only the first segments of each lane. */
  readonly onlyFirst: boolean;
}

/** Rows at a time. */
const PAGE = 200;

/** The timeline of one thread as a table, for those who do not see it: what it did, one thing after another. */
export function SegmentsView(props: SegmentsViewProps): JSX.Element {
  const { t, client, revision, scope, lanes, cursor, open, show, onlyFirst } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const lane = chosen ?? cursor?.lane ?? scope.lanes?.[0] ?? 0;
  // The pages before: where each began.
  const [starts, setStarts] = useState<readonly number[]>([]);
  useEffect(() => setStarts([]), [lane, scope]);
  const fromNs = starts.at(-1) ?? scope.fromNs;
  const answer = useAnswer<'segments'>(
    client,
    { kind: 'segments', lane, fromNs, toNs: scope.toNs, limit: PAGE },
    revision,
  );
  const rows = answer?.segments ?? [];
  const columns = useMemo(() => segmentColumns(t, lanes, open, show), [t, lanes, open, show]);
  const last = rows.length === PAGE && !onlyFirst ? rows.at(-1) : undefined;
  return (
    <div class="table-view">
      <div class="tools">
        <label>
          {t('col.thread')}{' '}
          <select
            value={String(lane)}
            onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}
          >
            {lanes.map((each, index) => (
              <option key={index} value={String(index)}>
                {laneName(each, t)}
              </option>
            ))}
          </select>
        </label>
        {onlyFirst ? (
          <span class="dim">{t('segments.first', rows.length)}</span>
        ) : (
          <>
            <button
              type="button"
              class="page"
              disabled={starts.length === 0}
              onClick={() => setStarts(starts.slice(0, -1))}
            >
              {t('segments.earlier')}
            </button>
            <button
              type="button"
              class="page"
              disabled={last === undefined}
              onClick={() => last !== undefined && setStarts([...starts, last.endNs])}
            >
              {t('segments.later')}
            </button>
          </>
        )}
      </div>
      <DataTable
        t={t}
        caption={t('segments.caption', lanes[lane] === undefined ? '' : laneName(lanes[lane], t))}
        columns={columns}
        rows={rows}
        rowKey={({ startNs, state }) => `${startNs} ${state}`}
        sortedBy="start"
        sortedFrom="ascending"
        empty={t('table.none')}
      />
    </div>
  );
}

function segmentColumns(
  t: Translate,
  lanes: readonly Lane[],
  open: Opener['open'],
  show: (segment: Segment) => void,
): readonly Column<Segment>[] {
  const nameOf = (lane: number): string => {
    const found = lanes[lane];
    return found === undefined ? '' : laneName(found, t);
  };
  return [
    {
      id: 'start',
      label: t('col.start'),
      key: ({ startNs }) => startNs,
      render: (segment) => (
        <button type="button" class="link" title={t('segments.show')} onClick={() => show(segment)}>
          {formatMoment(segment.startNs)}
        </button>
      ),
    },
    {
      id: 'state',
      label: t('col.state'),
      text: true,
      key: ({ state }) => state,
      render: ({ state }) => (
        <>
          <span class={`swatch ${state}`} /> {t(`state.${state}`)}
        </>
      ),
    },
    {
      id: 'length',
      label: t('col.length'),
      key: ({ startNs, endNs }) => endNs - startNs,
      render: ({ startNs, endNs }) => formatDuration(endNs - startNs),
    },
    {
      id: 'line',
      label: t('col.line'),
      wide: true,
      key: ({ place }) => (place === null ? '' : `${place.file}:${place.line}`),
      render: ({ place }) =>
        place !== null && (
          <>
            <PlaceLink t={t} file={place.file} line={place.line} open={open} />
            <span class="function">{place.function}</span>
          </>
        ),
    },
    {
      id: 'holders',
      label: t('col.heldBy'),
      wide: true,
      key: ({ holders }) => holders[0]?.ns ?? 0,
      render: ({ holders }) =>
        holders.slice(0, 2).map(({ lane, place, ns }) => (
          <span key={lane} class="held-by">
            {nameOf(lane)} {formatDuration(ns)}{' '}
            {place !== null && <PlaceLink t={t} file={place.file} line={place.line} open={open} />}
          </span>
        )),
    },
  ];
}
