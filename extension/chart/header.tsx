import type { JSX } from 'preact';
import type { ChartMeta } from '../../server/protocol';
import { formatDuration } from './format';
import { Icon } from './icons';
import { Legend } from './legend';
import type { Translate } from './strings';
import type { TimelineController } from './timeline-controller';

interface HeaderProps {
  readonly meta: ChartMeta;
  readonly t: Translate;
  readonly timeline: () => TimelineController | null;
  readonly waited: (found: boolean) => void;
  /** What the cursor is on. */
  readonly status: string;
}

export function Header(props: HeaderProps): JSX.Element {
  const { meta, t, timeline } = props;
  const threads = meta.lanes.length;
  const stepWait = (direction: 1 | -1): void => {
    void timeline()?.stepWait(direction).then(props.waited);
  };
  return (
    <header>
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
      <div class="tool-row" role="toolbar" aria-label={t('timeline.role')}>
        <ToolButton icon="zoomOut" label={t('zoom.out')} click={() => timeline()?.zoom(1.5)} />
        <ToolButton icon="zoomIn" label={t('zoom.in')} click={() => timeline()?.zoom(1 / 1.5)} />
        <ToolButton icon="fit" label={t('zoom.fit')} click={() => timeline()?.fit()} />
        <span class="gap" />
        <ToolButton icon="previous" label={t('wait.previous')} click={() => stepWait(-1)} />
        <ToolButton icon="next" label={t('wait.next')} click={() => stepWait(1)} />
        <p class="status" role="status">
          {props.status === '' ? <span class="dim">{t('timeline.hint')}</span> : props.status}
        </p>
      </div>
    </header>
  );
}

function ToolButton(props: {
  readonly icon: Parameters<typeof Icon>[0]['name'];
  readonly label: string;
  readonly click: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="tool"
      title={props.label}
      aria-label={props.label}
      onClick={props.click}
    >
      <Icon name={props.icon} />
    </button>
  );
}
