import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChartMeta, Segment } from '../../server/protocol-chart';
import type { ToChart } from '../../server/protocol-webview';
import type { Span } from '../../server/protocol-analysis';
import type { ComparisonView } from '../../server/protocol-comparison';
import { AnalysisClient, useAnswer } from './analysis-client';
import { Banners } from './banners';
import { describe, type Selection } from './describe';
import { formatPlace } from './format';
import { Header } from './header';
import type { Host } from './host';
import { useSaving } from './saving';
import { useScope } from './scope';
import { SegmentClient } from './segments';
import { Separator } from './separator';
import { translator, type Translate } from './strings';
import { Tables } from './tables';
import type { TileAnswer } from './tile-store';
import { Timeline } from './timeline';
import type { TimelineController } from './timeline-controller';
import { TimelineTools, type TimelineSettings } from './timeline-tools';
import { runsWithoutGil, textsWithoutGil } from './without-gil';

interface AppProps {
  readonly host: Host;
  /** Called with the timeline when it comes and, null, when it goes. */
  readonly bound?: (timeline: TimelineController | null) => void;
}

const DEFAULT_SPLIT = 0.55;
/** Idle time is collapsed from this part of the run on. */
const IDLE_SHARE = 1 / 100;
/** The tables come with the first picture of the lanes, and at the latest after this. */
const TABLES_WAIT_MS = 500;
const NOTHING: Selection = { cursor: null, rank: null, end: false };

type ShowLine = Extract<ToChart, { type: 'showLine' }>;

/** Undefined: the host has not answered yet. */
type Loaded = ChartMeta | null | undefined;

/** The whole page. */
export function App({ host, bound }: AppProps): JSX.Element {
  const [meta, setMeta] = useState<Loaded>(undefined);
  const [t, setT] = useState<Translate>(() => translator({}));
  const timeline = useRef<TimelineController | null>(null);
  const segments = useMemo(() => new SegmentClient((message) => host.post(message)), [host]);
  const analysis = useMemo(() => new AnalysisClient(host), [host]);
  const early = useMemo<TileAnswer[]>(() => [], [host]);
  const [file, setFile] = useState<string | null>(null);
  const [notice, setNotice] = useState('');
  const [comparison, setComparison] = useState<ComparisonView | null>(null);
  const showLine = async ({ file, line }: ShowLine): Promise<void> => {
    const answer = await analysis.ask<'longestAt'>({ kind: 'longestAt', file, line });
    const segment = answer?.segment ?? null;
    setNotice(segment === null ? formatPlace({ file, line }) : '');
    if (segment !== null) timeline.current?.showSegment(segment);
  };
  useLayoutEffect(() => {
    host.listen((message) => {
      if (message.type === 'segment') segments.receive(message.requestId, message.segment);
      else if (message.type === 'analysis') analysis.receive(message.requestId, message.answer);
      else if (message.type === 'showLine') void showLine(message);
      else if (message.type === 'comparison') setComparison(message.view);
      else if (message.type === 'file') setFile(message.name);
      else if (message.type === 'tile' && timeline.current === null) early.push(message);
      else if (message.type === 'meta' && lacksTables(message.meta, host)) askTables(host);
      else receive(message, timeline.current, setMeta, setT);
    });
  }, [host]);
  if (meta === undefined) return <main class="app" />;
  if (meta === null && file !== null) return <Other host={host} t={t} name={file} />;
  if (meta === null) return <Empty t={t} title={t('empty.title')} />;
  if (meta.lanes.length === 0) return <Empty t={t} title={t('empty.lanes')} />;
  const bind = (controller: TimelineController | null): void => {
    timeline.current = controller;
    bound?.(controller);
  };
  const page = { host, meta, t, segments, analysis, timeline, early, bind, notice, comparison };
  return <Page {...page} />;
}

/** Whether no picture can be drawn yet: which lanes a filter leaves may be the tables' to say. */
function lacksTables(meta: ChartMeta | null, host: Host): boolean {
  return meta?.outline === true && (host.load().filter ?? '') !== '';
}

function askTables(host: Host): void {
  host.post({ type: 'tables' });
}

function receive(
  message: Exclude<ToChart, { type: 'analysis' | 'comparison' | 'file' | 'segment' | 'showLine' }>,
  timeline: TimelineController | null,
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
    case 'marks':
      timeline?.setMarks(message.marks);
      break;
    case 'strings':
      setT(() => translator(message.strings));
      break;
  }
}

interface PageProps {
  readonly host: Host;
  readonly meta: ChartMeta;
  readonly t: Translate;
  readonly segments: SegmentClient;
  readonly analysis: AnalysisClient;
  readonly timeline: { readonly current: TimelineController | null };
  /** Tiles that came before there was a timeline; emptied by it. */
  readonly early: TileAnswer[];
  readonly bind: (timeline: TimelineController | null) => void;
  /** The line that was to be shown and is not in the profile; else empty. */
  readonly notice: string;
  readonly comparison: ComparisonView | null;
}

/** A profile: its timeline above, its tables below. */
function Page(props: PageProps): JSX.Element {
  const { host, meta, analysis, timeline } = props;
  const isFree = runsWithoutGil(meta);
  const t = useMemo(() => (isFree ? textsWithoutGil(props.t) : props.t), [isFree, props.t]);
  const saved = useMemo(() => host.load(), [host]);
  const [tab, setTab] = useState(saved.tab ?? 'lines');
  const [split, setSplit] = useState(saved.split ?? DEFAULT_SPLIT);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [span, setSpan] = useState<Span | null>(null);
  const [lit, setLit] = useState<Segment | null>(null);
  const [settings, setSettings] = useState<TimelineSettings>({
    order: saved.order ?? 'start',
    collapsed: false,
    curves: saved.curves ?? true,
    filter: saved.filter ?? '',
  });
  const { filter, order, curves } = settings;
  const compared = useComparisonTab(props.comparison, saved.compared ?? null, setTab);
  const save = useSaving(host, timeline, { tab, split, filter, order, curves, compared });
  const scope = useScope(analysis, meta, filter, span, host.standalone);
  useEffect(() => timeline.current?.arrange(order, scope.lanes), [order, scope.lanes]);
  useIdle(props, settings.collapsed);
  const [pictured, setPictured] = usePictured();
  useEffect(() => {
    if (meta.outline === true) askTables(host);
  }, [meta.outline]);
  const waited = (found: boolean): void => setSelection((before) => ({ ...before, end: !found }));
  return (
    <main class="app">
      <header>
        <Header meta={meta} t={t} />
        <TimelineTools
          meta={meta}
          t={t}
          timeline={() => timeline.current}
          waited={waited}
          settings={settings}
          change={(change) => setSettings((before) => ({ ...before, ...change }))}
          status={
            props.notice === ''
              ? describe(selection, span, meta, t)
              : t('status.notInProfile', props.notice)
          }
        />
      </header>
      <Banners meta={meta} t={t} />
      <div class="body">
        <Timeline
          {...props}
          t={t}
          split={split}
          curves={curves && !isFree}
          order={order}
          selected={(cursor, rank) => setSelection({ cursor, rank, end: false })}
          spanned={setSpan}
          lit={setLit}
          waited={waited}
          moved={save}
          pictured={() => setPictured(true)}
        />
        {scope.lanes?.length === 0 && <p class="nothing">{t('table.nomatch')}</p>}
        <Separator label={t('split.label')} split={split} move={setSplit} />
        {pictured && meta.outline !== true ? (
          <Tables
            {...props}
            t={t}
            tab={tab}
            select={setTab}
            scope={scope}
            cursor={selection.cursor}
            lit={lit ?? selection.cursor?.segment ?? null}
          />
        ) : (
          <section class="tabs" />
        )}
      </div>
    </main>
  );
}

/** Whether the lanes had their first picture: the tables wait for it, but not for ever. */
function usePictured(): readonly [boolean, (pictured: boolean) => void] {
  const [pictured, setPictured] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPictured(true), TABLES_WAIT_MS);
    return () => clearTimeout(timer);
  }, []);
  return [pictured, setPictured];
}

/** Draws idle time short while that is wanted. */
function useIdle({ analysis, meta, timeline }: PageProps, collapsed: boolean): void {
  const leastNs = Math.floor(meta.wallNs * IDLE_SHARE);
  const idle = useAnswer<'idle'>(
    analysis,
    collapsed ? { kind: 'idle', leastNs } : null,
    meta.revision,
  );
  useEffect(() => timeline.current?.collapse(idle?.spans ?? []), [idle]);
}

/** Who compares wants to see it: once for every comparison. The profile that it was shown for. */
function useComparisonTab(
  view: ComparisonView | null,
  saved: string | null,
  select: (tab: string) => void,
): string | null {
  const [shown, setShown] = useState(saved);
  const title = view?.beforeTitle ?? null;
  useEffect(() => {
    if (title === null || title === shown) return;
    select('compare');
    setShown(title);
  }, [title]);
  return shown;
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

interface OtherProps {
  readonly host: Host;
  readonly t: Translate;
  /** Of the file that this chart is for. */
  readonly name: string;
}

/** In the editor of a file, while another profile is the current one. */
function Other({ host, t, name }: OtherProps): JSX.Element {
  return (
    <main class="app empty">
      <h1>{t('other.title', name)}</h1>
      <p>{t('other.one')}</p>
      <button type="button" class="link" onClick={() => host.post({ type: 'show' })}>
        {t('other.show')}
      </button>
    </main>
  );
}
