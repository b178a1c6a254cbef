import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ChartMeta, Segment } from '../../server/protocol-chart';
import type { ComparisonView } from '../../server/protocol-comparison';
import type { AnalysisClient } from './analysis-client';
import { BlameView } from './blame-view';
import { CompareView } from './compare-view';
import { describeSpan } from './describe';
import { FindingsView } from './findings-view';
import { FlameView } from './flame-view';
import { HistogramView } from './histogram-view';
import type { Host } from './host';
import { LinesView } from './lines-view';
import { LocksView } from './locks-view';
import type { ScopeData } from './scope';
import { SegmentsView } from './segments-view';
import type { Translate } from './strings';
import { Tabs, type Tab } from './tabs';
import { ThreadsView } from './threads-view';
import type { TimelineController } from './timeline-controller';
import type { Cursor } from './timeline-model';

interface TablesProps {
  readonly host: Host;
  readonly meta: ChartMeta;
  readonly t: Translate;
  readonly analysis: AnalysisClient;
  readonly timeline: { readonly current: TimelineController | null };
  readonly tab: string;
  readonly select: (tab: string) => void;
  readonly scope: ScopeData;
  readonly cursor: Cursor | null;
  /** Null: nothing is compared. */
  readonly comparison: ComparisonView | null;
  /** The segment that is pointed at or selected: its lines, and those it waited for, are lit up. */
  readonly lit: Segment | null;
}

/** From left to right. */
const ORDER = [
  ...(['lines', 'blame', 'findings', 'flame'] as const),
  ...(['threads', 'locks', 'histogram', 'segments'] as const),
  'compare' as const,
];

/** Everything about the selected part of the run but its picture. */
export function Tables(props: TablesProps): JSX.Element {
  const { host, t, tab, select, timeline, scope } = props;
  const open = useMemo(
    () =>
      host.standalone
        ? null
        : (file: string, line: number): void => host.post({ type: 'goto', file, line }),
    [host],
  );
  const all = [...tableTabs(props, open), ...analysisTabs(props, open)];
  const tabs = ORDER.flatMap((id) => all.find((each) => each.id === id) ?? []);
  const active = tabs.some((each) => each.id === tab) ? tab : 'lines';
  return (
    <Tabs
      label={t('tabs.label')}
      tabs={tabs}
      active={active}
      select={select}
      keepAll={host.standalone}
      aside={<ScopeNote t={t} scope={scope} clear={() => timeline.current?.select(null)} />}
    />
  );
}

type Open = ((file: string, line: number) => void) | null;

function tableTabs({ meta, t, scope, lit, ...rest }: TablesProps, open: Open): readonly Tab[] {
  const { timeline, analysis, comparison } = rest;
  const show = (lane: number): void => timeline.current?.selectLane(lane);
  const showEvidence = (finding: number): void => {
    void analysis.ask<'evidence'>({ kind: 'evidence', finding }).then((answer) => {
      if (answer?.segment) timeline.current?.showSegment(answer.segment);
      else timeline.current?.fit();
    });
  };
  return [
    tabOf('lines', t, () => <LinesView t={t} lines={scope.lines} lit={lit} open={open} />),
    tabOf('blame', t, () => (
      <BlameView
        t={t}
        blame={scope.blame}
        locks={meta.locks}
        gils={meta.gils}
        locksFolded={scope.locksFolded}
        open={open}
      />
    )),
    {
      ...tabOf('findings', t, () => (
        <FindingsView
          t={t}
          findings={meta.findings}
          live={meta.live}
          open={open}
          evidence={showEvidence}
        />
      )),
      count: meta.findings.length,
    },
    tabOf('threads', t, () => <ThreadsView t={t} threads={scope.threads} show={show} />),
    tabOf('locks', t, () => (
      <LocksView t={t} locks={scope.locks} isPart={scope.isPart} open={open} />
    )),
    ...(comparison === null
      ? []
      : [tabOf('compare', t, () => <CompareView t={t} view={comparison} open={open} />)]),
  ];
}

/** Those that ask the host about a part of the run. */
function analysisTabs(
  { host, meta, t, analysis, timeline, scope, cursor }: TablesProps,
  open: Open,
): readonly Tab[] {
  const { revision, wallNs } = meta;
  // A page knows only the whole run.
  const part = host.standalone ? { fromNs: 0, toNs: wallNs, lanes: null } : scope.scope;
  const shared = { t, client: analysis, revision, scope: part, open };
  const showSpan = (startNs: number, endNs: number): void =>
    timeline.current?.select({ startNs, endNs });
  return [
    tabOf('flame', t, () => <FlameView {...shared} showSpan={showSpan} />),
    tabOf('histogram', t, () => <HistogramView {...shared} />),
    tabOf('segments', t, () => (
      <SegmentsView
        {...shared}
        lanes={meta.lanes}
        cursor={cursor}
        onlyFirst={host.standalone}
        show={(segment) => timeline.current?.showSegment(segment)}
      />
    )),
  ];
}

function tabOf(id: (typeof ORDER)[number], t: Translate, render: Tab['render']): Tab {
  return { id, label: t(`tab.${id}`), count: 0, render };
}

/** Which part of the run the tables are about, where it is not all of it. */
function ScopeNote(props: {
  readonly t: Translate;
  readonly scope: ScopeData;
  readonly clear: () => void;
}): JSX.Element | null {
  const { t, scope, clear } = props;
  const { span, lanes, isWhole, isPending, onlyWhole } = scope;
  if (isWhole) return null;
  return (
    <p class={isPending ? 'scope pending' : 'scope'}>
      {lanes !== null && <span class="dim">{t('scope.lanes', lanes.length)}</span>}
      {span !== null && (
        <>
          <span title={t('scope.help')}>{describeSpan(span, t)}</span>
          <button type="button" class="link" onClick={clear}>
            {t('scope.clear')}
          </button>
        </>
      )}
      {onlyWhole && <span class="dim">{t('scope.onlyWhole')}</span>}
    </p>
  );
}
