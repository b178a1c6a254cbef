import type { JSX } from 'preact';
import type { ChartMeta } from '../../server/protocol-chart';
import { formatDuration } from './format';
import { Legend } from './legend';
import type { Translate } from './strings';

interface HeaderProps {
  readonly meta: ChartMeta;
  readonly t: Translate;
}

/** What was run, for how long, and what the colours mean. */
export function Header({ meta, t }: HeaderProps): JSX.Element {
  const threads = meta.lanes.length;
  return (
    <div class="title-row">
      <h1>{meta.title}</h1>
      <span class="dim">
        {formatDuration(meta.wallNs)} ·{' '}
        {threads === 1 ? t('summary.thread') : t('summary.threads', threads)}
      </span>
      {meta.live && (
        <span class="live" title={t('live.label')}>
          <span class="dot" aria-hidden="true" />
          {t('live.badge')}
        </span>
      )}
      <Legend t={t} />
    </div>
  );
}
