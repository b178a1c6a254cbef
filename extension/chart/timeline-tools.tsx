import type { JSX } from 'preact';
import type { ChartMeta } from '../../server/protocol-chart';
import { Icon } from './icons';
import { LANE_ORDERS, type LaneOrder } from './rows';
import type { Translate } from './strings';
import type { TimelineController } from './timeline-controller';
import { runsWithoutGil } from './without-gil';

export interface TimelineSettings {
  readonly order: LaneOrder;
  readonly collapsed: boolean;
  readonly curves: boolean;
  readonly filter: string;
}

interface ToolsProps {
  readonly meta: ChartMeta;
  readonly t: Translate;
  readonly timeline: () => TimelineController | null;
  readonly waited: (found: boolean) => void;
  readonly settings: TimelineSettings;
  readonly change: (settings: Partial<TimelineSettings>) => void;
  /** What the cursor is on. */
  readonly status: string;
}

/** What can be done with the timeline by a click, and what its cursor is on. */
export function TimelineTools(props: ToolsProps): JSX.Element {
  const { t, timeline, settings, change } = props;
  const stepWait = (direction: 1 | -1): void => {
    void timeline()?.stepWait(direction).then(props.waited);
  };
  return (
    <div class="tool-row" role="toolbar" aria-label={t('timeline.role')}>
      <ToolButton icon="zoomOut" label={t('zoom.out')} click={() => timeline()?.zoom(1.5)} />
      <ToolButton icon="zoomIn" label={t('zoom.in')} click={() => timeline()?.zoom(1 / 1.5)} />
      <ToolButton icon="fit" label={t('zoom.fit')} click={() => timeline()?.fit()} />
      <span class="gap" />
      <ToolButton icon="previous" label={t('wait.previous')} click={() => stepWait(-1)} />
      <ToolButton icon="next" label={t('wait.next')} click={() => stepWait(1)} />
      <span class="gap" />
      <ToolButton
        icon="collapse"
        label={t('tool.collapse')}
        pressed={settings.collapsed}
        click={() => change({ collapsed: !settings.collapsed })}
      />
      {!runsWithoutGil(props.meta) && (
        <ToolButton
          icon="curves"
          label={t('tool.curves')}
          pressed={settings.curves}
          click={() => change({ curves: !settings.curves })}
        />
      )}
      <OrderChoice t={t} order={settings.order} choose={(order) => change({ order })} />
      <FilterBox {...props} />
      <p class="status" role="status">
        {props.status === '' ? <span class="dim">{t('timeline.hint')}</span> : props.status}
      </p>
    </div>
  );
}

function OrderChoice(props: {
  readonly t: Translate;
  readonly order: LaneOrder;
  readonly choose: (order: LaneOrder) => void;
}): JSX.Element {
  const { t, order, choose } = props;
  return (
    <select
      class="order"
      aria-label={t('order.label')}
      title={t('order.label')}
      value={order}
      onChange={({ currentTarget: { value } }) =>
        choose(LANE_ORDERS.find((each) => each === value) ?? 'start')
      }
    >
      {LANE_ORDERS.map((each) => (
        <option key={each} value={each}>
          {t(`order.${each}`)}
        </option>
      ))}
    </select>
  );
}

/** Threads, processes, files and locks to look at, with what there is to choose from. */
function FilterBox({ meta, t, settings, change }: ToolsProps): JSX.Element {
  return (
    <>
      <input
        type="search"
        class="filter"
        aria-label={t('filter.label')}
        title={t('filter.help')}
        placeholder={t('filter.hint')}
        value={settings.filter}
        list="filter-choices"
        onInput={(event) => change({ filter: event.currentTarget.value })}
      />
      <datalist id="filter-choices">
        {choicesOf(meta).map((choice) => (
          <option key={choice} value={choice} />
        ))}
      </datalist>
    </>
  );
}

const CHOICES = 200;

function choicesOf({ lanes, lines, locks, processes }: ChartMeta): readonly string[] {
  const quoted = (text: string): string => (/\s/.test(text) ? `"${text}"` : text);
  const names = [
    ...(processes.length > 1 ? processes.map(({ pid }) => `process:${pid}`) : []),
    ...lanes.filter(({ name }) => name !== '').map(({ name }) => `thread:${quoted(name)}`),
    ...lines.map(({ file }) => `file:${quoted(file.split(/[\\/]/).at(-1) ?? file)}`),
    ...locks.flatMap(({ name }) => (name === null ? [] : [`lock:${quoted(name)}`])),
  ];
  return [...new Set(names)].slice(0, CHOICES);
}

function ToolButton(props: {
  readonly icon: Parameters<typeof Icon>[0]['name'];
  readonly label: string;
  readonly pressed?: boolean;
  readonly click: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="tool"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      onClick={props.click}
    >
      <Icon name={props.icon} />
    </button>
  );
}
