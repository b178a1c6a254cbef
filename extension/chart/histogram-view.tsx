import type { JSX } from 'preact';
import { HISTOGRAM_STEPS, type Scope } from '../../server/protocol-analysis';
import { useAnswer, type AnalysisClient } from './analysis-client';
import { formatCount, formatDuration } from './format';
import type { Translate } from './strings';

interface HistogramViewProps {
  readonly t: Translate;
  readonly client: AnalysisClient;
  readonly revision: number;
  readonly scope: Scope;
}

const WIDTH = 420;
const HEIGHT = 150;
const BASE = 20;

/** How long holds and waits were, on a log axis. */
export function HistogramView({ t, client, revision, scope }: HistogramViewProps): JSX.Element {
  const answer = useAnswer<'sums'>(client, { kind: 'sums', scope }, revision);
  const histograms = answer?.sums.histograms;
  if (histograms === undefined) return <p class="nothing">{t('table.computing')}</p>;
  return (
    <div class="histograms" tabIndex={0} role="region" aria-label={t('tab.histogram')}>
      {histograms.merged && <p class="dim">{t('histogram.merged')}</p>}
      <div class="histogram-row">
        <Histogram t={t} kind="hold" counts={histograms.hold} />
        <Histogram t={t} kind="wait" counts={histograms.wait} />
      </div>
      <p class="dim">{t('histogram.axes')}</p>
    </div>
  );
}

/** The lengths at which bin i begins and ends. */
function edgeNs(bin: number): number {
  return 10 ** (bin / HISTOGRAM_STEPS);
}

/** The upper edge of the bin in which this share of all is reached. */
function quantileNs(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const bin = counts.findIndex((count) => (seen += count) >= total * share && total > 0);
  return edgeNs(bin + 1);
}

function Histogram(props: {
  readonly t: Translate;
  readonly kind: 'hold' | 'wait';
  readonly counts: readonly number[];
}): JSX.Element {
  const { t, kind, counts } = props;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const title = t(`histogram.${kind}`);
  if (total === 0) {
    return (
      <figure class="histogram">
        <figcaption>{title}</figcaption>
        <p class="dim">{t('histogram.none')}</p>
      </figure>
    );
  }
  const summary = t(
    'histogram.summary',
    formatCount(total),
    formatDuration(quantileNs(counts, 0.5)),
    formatDuration(quantileNs(counts, 0.99)),
  );
  return (
    <figure class="histogram">
      <figcaption>
        {title} <span class="dim">{summary}</span>
      </figcaption>
      <Bars {...props} label={`${title}: ${summary}`} />
      <CountTable {...props} title={title} />
    </figure>
  );
}

/** From the first bin to the last that has any, in whole factors of ten. */
function range(counts: readonly number[]): readonly [number, number] {
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const from = Math.floor(first / HISTOGRAM_STEPS) * HISTOGRAM_STEPS;
  return [from, Math.ceil((last + 1) / HISTOGRAM_STEPS) * HISTOGRAM_STEPS];
}

function Bars(props: {
  readonly t: Translate;
  readonly kind: 'hold' | 'wait';
  readonly counts: readonly number[];
  readonly label: string;
}): JSX.Element {
  const { t, kind, counts, label } = props;
  const [from, to] = range(counts);
  const room = HEIGHT - BASE - 4;
  const width = WIDTH / (to - from);
  const most = Math.log10(Math.max(...counts) + 1);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {counts.slice(from, to).map((count, index) => {
        const height = count === 0 ? 0 : Math.max(2, (Math.log10(count + 1) / most) * room);
        const [start, end] = [edgeNs(from + index), edgeNs(from + index + 1)];
        return (
          <rect
            key={index}
            class={`bar-${kind}`}
            x={index * width + 0.5}
            y={HEIGHT - BASE - height}
            width={Math.max(1, width - 1)}
            height={height}
          >
            <title>
              {t('histogram.bar', formatDuration(start), formatDuration(end), formatCount(count))}
            </title>
          </rect>
        );
      })}
      {Array.from({ length: (to - from) / HISTOGRAM_STEPS }, (_, decade) => (
        <g key={decade}>
          <line
            x1={decade * HISTOGRAM_STEPS * width}
            x2={decade * HISTOGRAM_STEPS * width}
            y1={HEIGHT - BASE}
            y2={HEIGHT - BASE + 4}
          />
          <text x={decade * HISTOGRAM_STEPS * width + 3} y={HEIGHT - 5}>
            {formatDuration(edgeNs(from + decade * HISTOGRAM_STEPS))}
          </text>
        </g>
      ))}
      <line x1="0" x2={WIDTH} y1={HEIGHT - BASE} y2={HEIGHT - BASE} />
    </svg>
  );
}

/** The same for those who do not see the bars. */
function CountTable(props: {
  readonly t: Translate;
  readonly counts: readonly number[];
  readonly title: string;
}): JSX.Element {
  const { t, counts, title } = props;
  return (
    <table class="hidden">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">{t('col.length')}</th>
          <th scope="col">{t('col.count')}</th>
        </tr>
      </thead>
      <tbody>
        {counts.map((count, bin) =>
          count === 0 ? null : (
            <tr key={bin}>
              <td>{t('histogram.from', formatDuration(edgeNs(bin)))}</td>
              <td>{formatCount(count)}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
