import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChartMeta, ToChart } from '../../server/protocol';
import { AnalysisClient } from './analysis-client';
import { Banners } from './banners';
import { BlameView } from './blame-view';
import { FindingsView } from './findings-view';
import { formatDuration, formatPlace, isKnown, laneName } from './format';
import { Header } from './header';
import type { Host } from './host';
import { LinesView } from './lines-view';
import { SegmentClient } from './segments';
import { Separator } from './separator';
import { translator, type Translate } from './strings';
import { Tabs, type Tab } from './tabs';
import { ThreadsView } from './threads-view';
import { Timeline } from './timeline';
import type { TimelineController } from './timeline-controller';
import type { Cursor } from './timeline-model';

interface AppProps {
  readonly host: Host;
  /** Called with the timeline when it comes and, null, when it goes. */
  readonly bound?: (timeline: TimelineController | null) => void;
}

const SAVE_DELAY_MS = 250;
const DEFAULT_SPLIT = 0.55;

/** Undefined: the host has not answered yet. */
type Loaded = ChartMeta | null | undefined;

/** The whole page. */
export function App({ host, bound }: AppProps): JSX.Element {
  const saved = useMemo(() => host.load(), [host]);
  const [meta, setMeta] = useState<Loaded>(undefined);
  const [t, setT] = useState<Translate>(() => translator({}));
  const [tab, setTab] = useState(saved.tab ?? 'lines');
  const [split, setSplit] = useState(saved.split ?? DEFAULT_SPLIT);
  const [selection, setSelection] = useState<Selection>({ cursor: null, rank: null, end: false });
  const timeline = useRef<TimelineController | null>(null);
  const segments = useMemo(() => new SegmentClient((message) => host.post(message)), [host]);
  const analysis = useMemo(() => new AnalysisClient((message) => host.post(message)), [host]);
  const save = useSaving(host, timeline, tab, split);
  useEffect(() => {
    host.listen((message) => {
      if (message.type === 'analysis') analysis.receive(message.requestId, message.answer);
      else receive(message, timeline.current, segments, setMeta, setT);
    });
    host.post({ type: 'ready' });
  }, [host]);
  const waited = (found: boolean): void => setSelection((before) => ({ ...before, end: !found }));
  if (meta === undefined) return <main class="app" />;
  if (meta === null) return <Empty t={t} title={t('empty.title')} />;
  if (meta.lanes.length === 0) return <Empty t={t} title={t('empty.lanes')} />;
  return (
    <main class="app">
      <Header
        meta={meta}
        t={t}
        timeline={() => timeline.current}
        waited={waited}
        status={describe(selection, meta, t)}
      />
      <Banners meta={meta} t={t} />
      <div class="body">
        <Timeline
          host={host}
          meta={meta}
          segments={segments}
          t={t}
          split={split}
          bind={(controller) => {
            timeline.current = controller;
            bound?.(controller);
          }}
          selected={(cursor, rank) => setSelection({ cursor, rank, end: false })}
          waited={waited}
          moved={save}
        />
        <Separator label={t('split.label')} split={split} move={setSplit} />
        <Tables host={host} meta={meta} t={t} tab={tab} select={setTab} timeline={timeline} />
      </div>
    </main>
  );
}

interface Selection {
  readonly cursor: Cursor | null;
  readonly rank: number | null;
  /** There is no further longest wait. */
  readonly end: boolean;
}

function receive(
  message: Exclude<ToChart, { type: 'analysis' }>,
  timeline: TimelineController | null,
  segments: SegmentClient,
  setMeta: (meta: Loaded) => void,
  setT: (update: () => Translate) => void,
): void {
  switch (message.type) {
    case 'meta':
      setMeta(message.meta);
      break;
    case 'tile':
      timeline?.receiveTile(message);
      break;
    case 'segment':
      segments.receive(message.requestId, message.segment);
      break;
    case 'marks':
      timeline?.setMarks(message.marks);
      break;
    case 'strings':
      setT(() => translator(message.strings));
      break;
  }
}

/** Keeps view, cursor, tab and split; a little after the last change. */
function useSaving(
  host: Host,
  timeline: { readonly current: TimelineController | null },
  tab: string,
  split: number,
): () => void {
  const timer = useRef(0);
  const latest = useRef({ tab, split });
  latest.current = { tab, split };
  const save = (): void => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      const model = timeline.current?.model;
      if (!model) return;
      const { cursor } = model;
      host.save({
        ...model.view,
        wallNs: model.wallNs,
        top: model.top / model.pitch,
        cursor: cursor && { lane: cursor.lane, atNs: cursor.atNs },
        ...latest.current,
      });
    }, SAVE_DELAY_MS);
  };
  useEffect(save, [tab, split]);
  return save;
}

interface TablesProps {
  readonly host: Host;
  readonly meta: ChartMeta;
  readonly t: Translate;
  readonly tab: string;
  readonly select: (tab: string) => void;
  readonly timeline: { readonly current: TimelineController | null };
}

function Tables({ host, meta, t, tab, select, timeline }: TablesProps): JSX.Element {
  const open = useMemo(
    () =>
      host.standalone
        ? null
        : (file: string, line: number): void => host.post({ type: 'goto', file, line }),
    [host],
  );
  const show = useMemo(() => (lane: number) => timeline.current?.selectLane(lane), [timeline]);
  const tabs: readonly Tab[] = [
    {
      id: 'lines',
      label: t('tab.lines'),
      count: 0,
      render: () => <LinesView t={t} lines={meta.lines} open={open} />,
    },
    {
      id: 'blame',
      label: t('tab.blame'),
      count: 0,
      render: () => <BlameView t={t} blame={meta.blame} open={open} />,
    },
    {
      id: 'findings',
      label: t('tab.findings'),
      count: meta.findings.length,
      render: () => <FindingsView t={t} findings={meta.findings} live={meta.live} open={open} />,
    },
    {
      id: 'threads',
      label: t('tab.threads'),
      count: 0,
      render: () => <ThreadsView t={t} lanes={meta.lanes} show={show} />,
    },
  ];
  const active = tabs.some((each) => each.id === tab) ? tab : 'lines';
  return (
    <Tabs
      label={t('tabs.label')}
      tabs={tabs}
      active={active}
      select={select}
      keepAll={host.standalone}
    />
  );
}

function Empty({ t, title }: { readonly t: Translate; readonly title: string }): JSX.Element {
  return (
    <main class="app empty">
      <h1>{title}</h1>
      <p>{t('empty.run')}</p>
      <p class="dim">{t('empty.open')}</p>
    </main>
  );
}

/** The cursor in words, for the status line and for screen readers. */
function describe({ cursor, rank, end }: Selection, meta: ChartMeta, t: Translate): string {
  if (end) return t('wait.none');
  const lane = cursor === null ? undefined : meta.lanes[cursor.lane];
  if (cursor === null || lane === undefined) return '';
  const { segment } = cursor;
  const parts = rank === null ? [] : [t('wait.rank', rank + 1)];
  parts.push(laneName(lane, t));
  if (segment !== null) {
    parts.push(`${t(`state.${segment.state}`)} ${formatDuration(segment.endNs - segment.startNs)}`);
    if (isKnown(segment.place))
      parts.push(`${formatPlace(segment.place)} ${segment.place.function}`);
    parts.push(t('tip.at', formatDuration(segment.startNs)));
  }
  return parts.join(' · ');
}
