import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ChartMeta, Segment } from '../../server/protocol-chart';
import type { Span } from '../../server/protocol-analysis';
import type { AnalysisClient } from './analysis-client';
import { CurveFeed } from './curve-feed';
import { formatDuration } from './format';
import type { Host } from './host';
import { watchTheme } from './palette';
import type { LaneOrder } from './rows';
import type { SegmentClient } from './segments';
import type { Translate } from './strings';
import type { TileAnswer } from './tile-store';
import { TimelineController } from './timeline-controller';
import {
  AXIS_HEIGHT,
  CURVES_HEIGHT,
  STRIP_HEIGHT,
  type TimelineElements,
} from './timeline-drawing';
import { listenToInput } from './timeline-input';
import type { Cursor } from './timeline-model';
import { Tooltip, type TooltipContent } from './tooltip';

interface TimelineProps {
  readonly host: Host;
  readonly meta: ChartMeta;
  readonly segments: SegmentClient;
  readonly analysis: AnalysisClient;
  readonly t: Translate;
  /** Largest share of the window's height. */
  readonly split: number;
  /** Whether the curves above the lanes are shown. */
  readonly curves: boolean;
  /** That in which the lanes are drawn first. */
  readonly order: LaneOrder;
  /** Tiles that came before there was a timeline. */
  readonly early: TileAnswer[];
  readonly bind: (controller: TimelineController | null) => void;
  readonly selected: (cursor: Cursor | null, rank: number | null) => void;
  readonly spanned: (span: Span | null) => void;
  /** What is pointed at. */
  readonly lit: (segment: Segment | null) => void;
  readonly waited: (found: boolean) => void;
  readonly moved: () => void;
  readonly pictured: () => void;
}

/** Overview, axis and lanes. The canvases belong to the controller; Preact only puts them there. */
export function Timeline(props: TimelineProps): JSX.Element {
  const { host, meta, segments, t } = props;
  const root = useRef<HTMLElement>(null);
  const controller = useRef<TimelineController | null>(null);
  const [tip, setTip] = useState<TooltipContent | null>(null);
  useLayoutEffect(() => {
    if (root.current === null) return;
    const { selected, spanned, lit, moved, pictured, bind, analysis } = props;
    const elements = findElements(root.current);
    const timeline = new TimelineController(elements, host, segments, t, {
      hovered: (hover, shares) => {
        setTip(hover === null ? null : { hover, shares });
        lit(hover?.segment ?? null);
      },
      selected,
      spanned,
      moved: () => {
        moved();
        feed.touch();
      },
      pictured,
    });
    const feed = new CurveFeed(analysis, timeline);
    timeline.model.arrange(props.order, null);
    controller.current = timeline;
    bind(timeline);
    const stopInput = listenToInput(timeline, props.waited);
    const stopTheme = watchTheme(document, () => timeline.themeChanged());
    const stopSize = watchSize(elements, timeline);
    return () => {
      feed.stop();
      stopInput();
      stopTheme();
      stopSize();
      timeline.dispose();
      bind(null);
    };
  }, []);
  useLayoutEffect(() => controller.current?.setMeta(meta, props.early.splice(0)), [meta]);
  useEffect(() => controller.current?.setTranslate(t), [t]);
  useEffect(() => controller.current?.resized(), [props.curves]);
  return (
    <section
      class="timeline"
      ref={root}
      style={{
        maxHeight: `${props.split * 100}%`,
        minHeight: `${STRIP_HEIGHT + AXIS_HEIGHT + 60 + (props.curves ? CURVES_HEIGHT : 0)}px`,
      }}
    >
      <div class="strip" style={{ height: `${STRIP_HEIGHT + 1}px` }} title={t('timeline.overview')}>
        <canvas data-part="strip" aria-hidden="true" />
        <canvas data-part="stripWindow" aria-hidden="true" />
      </div>
      <div
        class="curves"
        style={{ height: `${CURVES_HEIGHT}px` }}
        hidden={!props.curves}
        title={t('curve.help')}
      >
        <canvas data-part="curves" aria-hidden="true" />
      </div>
      <div class="axis" title={t('timeline.ruler')} style={{ height: `${AXIS_HEIGHT + 1}px` }}>
        <canvas data-part="axis" aria-hidden="true" />
      </div>
      <div class="scroller" data-part="scroller">
        <div class="content" data-part="content">
          <div
            class="stage"
            data-part="stage"
            role="application"
            tabIndex={0}
            aria-roledescription={t('timeline.role')}
            aria-label={t('timeline.label', meta.lanes.length, formatDuration(meta.wallNs))}
            aria-describedby="timeline-help"
          >
            <canvas data-part="lanes" aria-hidden="true" />
            <div class="labels" data-part="labels" aria-hidden="true" />
          </div>
        </div>
      </div>
      {tip !== null && (
        <Tooltip
          {...tip}
          t={t}
          lane={(index) => controller.current?.lane(index) ?? null}
          opensFiles={!host.standalone}
        />
      )}
      <p id="timeline-help" class="hidden">
        {t('timeline.help')}
      </p>
    </section>
  );
}

function findElements(root: HTMLElement): TimelineElements {
  const part = (name: string): HTMLElement => {
    const found = root.querySelector(`[data-part="${name}"]`);
    if (!(found instanceof HTMLElement)) throw new Error(`The chart's page has no ${name}.`);
    return found;
  };
  const canvas = (name: string): HTMLCanvasElement => {
    const found = part(name);
    if (!(found instanceof HTMLCanvasElement)) throw new Error(`${name} is not a canvas.`);
    return found;
  };
  return {
    root,
    strip: canvas('strip'),
    stripWindow: canvas('stripWindow'),
    curves: canvas('curves'),
    axis: canvas('axis'),
    scroller: part('scroller'),
    content: part('content'),
    stage: part('stage'),
    lanes: canvas('lanes'),
    labels: part('labels'),
  };
}

/** Draws anew when the box or the resolution of the screen changes. */
function watchSize(elements: TimelineElements, timeline: TimelineController): () => void {
  const abort = new AbortController();
  const observer = new ResizeObserver(() => {
    elements.stage.style.height = `${elements.scroller.clientHeight}px`;
    timeline.resized();
  });
  observer.observe(elements.scroller);
  const watchResolution = (): void => {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = (): void => {
      timeline.resized();
      watchResolution();
    };
    query.addEventListener('change', changed, { once: true, signal: abort.signal });
  };
  watchResolution();
  return () => {
    observer.disconnect();
    abort.abort();
  };
}
