import type { JSX } from 'preact';
import { isChanged, type Change } from '../../server/protocol-comparison';
import { formatDuration } from './format';

/** `310 ms → 40 ms −87 %`; `≈ 40 ms` where the difference may be chance. Less is better, and is drawn so. */
export function ChangeCell(props: {
  readonly change: Change;
  readonly format?: (value: number) => string;
  /** Whether more of it is worse; else it is neither. */
  readonly judged?: boolean;
}): JSX.Element {
  const { change, format = formatDuration, judged = true } = props;
  const { before, after } = change;
  if (before === 0 && after === 0) return <span class="zero">–</span>;
  if (!isChanged(change)) return <span class="dim">≈ {format(after)}</span>;
  const trend = !judged ? 'changed' : after < before ? 'better' : 'worse';
  const share = changeShare(change);
  return (
    <span class={trend}>
      {format(before)} → {format(after)}
      {/* Outside of the share, which is a box of its own. */}
      {share !== '' && ' '}
      {share !== '' && <span class="share">{share}</span>}
    </span>
  );
}

/** What a table is sorted by: the largest difference first, what may be chance last. */
export function changeWeight(change: Change): number {
  const size = Math.abs(change.after - change.before);
  return isChanged(change) ? size : size * 1e-9;
}

/** `+12 %`; from nothing there is no such share. */
export function changeShare({ before, after }: Change): string {
  if (before === 0) return '';
  const percent = ((after - before) / before) * 100;
  const size = Math.abs(percent);
  if (size >= 1000) return `×${Math.round(after / before)}`;
  const sign = percent < 0 ? '−' : '+';
  return size < 0.5 ? `${sign}<1 %` : `${sign}${Math.round(size)} %`;
}
