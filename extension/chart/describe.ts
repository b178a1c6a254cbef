import type { Place } from '../../server/protocol';
import type { ChartMeta, Lane, LaneState, Segment } from '../../server/protocol-chart';
import type { Span } from '../../server/protocol-analysis';
import { formatDuration, formatMoment, formatPlace, isKnown, laneName } from './format';
import type { Translate } from './strings';
import type { Cursor } from './timeline-model';

/** What the keyboard or a click has chosen. */
export interface Selection {
  readonly cursor: Cursor | null;
  /** Rank of the longest wait that was asked for. */
  readonly rank: number | null;
  /** There is no further longest wait. */
  readonly end: boolean;
}

/** The cursor in words, for the status line and for screen readers. */
export function describe(
  { cursor, rank, end }: Selection,
  span: Span | null,
  meta: ChartMeta,
  t: Translate,
): string {
  if (end) return t('wait.none');
  const lane = cursor === null ? undefined : meta.lanes[cursor.lane];
  if (cursor === null || lane === undefined) return span === null ? '' : describeSpan(span, t);
  const { segment } = cursor;
  const parts = rank === null ? [] : [t('wait.rank', rank + 1)];
  parts.push(laneName(lane, t));
  if (segment !== null) {
    parts.push(
      `${t(`state.${shownState(segment)}`)} ${formatDuration(segment.endNs - segment.startNs)}`,
    );
    if (segment.lock !== undefined) parts.push(segment.lock.name ?? segment.lock.kind);
    const split = offText(segment, t);
    if (split !== null) parts.push(split);
    if (isKnown(segment.place))
      parts.push(`${formatPlace(segment.place)} ${segment.place.function}`);
    parts.push(t('tip.at', formatMoment(segment.startNs)));
    const releaser = meta.lanes[segment.releasedBy?.lane ?? -1];
    if (segment.awaited !== undefined) parts.push(awaitedText(segment.awaited, releaser, t));
    else if (releaser !== undefined) parts.push(t('status.releasedBy', laneName(releaser, t)));
    if (isKnown(segment.givenAt ?? null))
      parts.push(t('awaited.given', formatPlace(segment.givenAt as Place)));
  }
  return parts.join(' · ');
}

/** The state of a segment; of time off the GIL what most of it was, where that is known. */
export function shownState({
  state,
  nativeNs,
  startNs,
  endNs,
}: Segment): LaneState | 'native' | 'blocked' {
  if (state !== 'off' || nativeNs === undefined) return state;
  return nativeNs * 2 >= endNs - startNs ? 'native' : 'blocked';
}

/** How time off the GIL splits; null where that is not known. */
export function offText({ nativeNs, startNs, endNs }: Segment, t: Translate): string | null {
  if (nativeNs === undefined) return null;
  const blockedNs = Math.max(endNs - startNs - nativeNs, 0);
  return t('off.native', formatDuration(nativeNs), formatDuration(blockedNs));
}

/** What a thread off the GIL waited for. */
export function awaitedText(
  { on, pid }: NonNullable<Segment['awaited']>,
  other: Lane | null | undefined,
  t: Translate,
): string {
  return t(`awaited.${on}`, pid ?? (other ? laneName(other, t) : '?'));
}

export function describeSpan({ startNs, endNs }: Span, t: Translate): string {
  const length = formatDuration(endNs - startNs);
  return t('scope.span', length, formatDuration(startNs), formatDuration(endNs));
}
