import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Curves } from '../../server/protocol-analysis';
import {
  COMPARED_METRICS,
  COUNT_METRICS,
  type Change,
  type ComparedMetric,
  type ComparisonView,
} from '../../server/protocol-comparison';
import { ChangeCell } from './change-cell';
import { formatCount, formatDuration, formatShare } from './format';
import type { Translate } from './strings';

interface CompareTotalsProps {
  readonly t: Translate;
  readonly view: ComparisonView;
}

/** More of these is not worse by itself. */
const NEITHER: readonly ComparedMetric[] = ['hold', 'off', 'lock-hold', 'acquires'];
const WIDTH = 600;
const HEIGHT = 44;

/** The numbers of both runs as a whole, and how busy the GIL was in each over time. */
export function CompareTotals({ t, view }: CompareTotalsProps): JSX.Element {
  const { totals, notes } = view.comparison;
  const shown = COMPARED_METRICS.filter(
    (metric) => totals[metric].before > 0 || totals[metric].after > 0,
  );
  return (
    <div class="compare-totals" tabIndex={0} role="region" aria-label={t('compare.all')}>
      <table>
        <caption class="hidden">{t('compare.all.caption')}</caption>
        <tbody>
          {shown.map((metric) => (
            <tr key={metric}>
              <th scope="row">{t(`metric.${metric}`)}</th>
              <td class="number">
                <Total metric={metric} change={totals[metric]} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="compare-loads">
        <Load t={t} side="before" title={view.beforeTitle} view={view} />
        <Load t={t} side="after" title={view.afterTitle} view={view} />
        {notes.map((note) => (
          <p key={note} class="dim">
            {note}
          </p>
        ))}
      </div>
    </div>
  );
}

function Total(props: { readonly metric: ComparedMetric; readonly change: Change }): JSX.Element {
  const { metric, change } = props;
  const format = COUNT_METRICS.includes(metric) ? formatCount : formatDuration;
  return <ChangeCell change={change} format={format} judged={!NEITHER.includes(metric)} />;
}

/** How busy the GIL was over one run; both runs have one scale of time, so that the shorter one looks it. */
function Load(props: {
  readonly t: Translate;
  readonly side: 'before' | 'after';
  readonly title: string;
  readonly view: ComparisonView;
}): JSX.Element {
  const { t, side, title, view } = props;
  const curves = side === 'before' ? view.beforeCurves : view.afterCurves;
  const longestNs = Math.max(view.beforeCurves.toNs, view.afterCurves.toNs, 1);
  const path = useMemo(() => areaPath(curves, longestNs), [curves, longestNs]);
  const { gilLoad } = curves;
  const mean = gilLoad.reduce((sum, load) => sum + load, 0) / Math.max(1, gilLoad.length);
  const label = t(
    'compare.load',
    t(`compare.${side}`),
    title,
    formatDuration(curves.toNs),
    formatShare(mean, 1),
  );
  return (
    <figure class="compare-load">
      <figcaption>{label}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path class="load" d={path} />
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      </svg>
    </figure>
  );
}

function areaPath({ fromNs, toNs, gilLoad }: Curves, longestNs: number): string {
  const binNs = (toNs - fromNs) / Math.max(1, gilLoad.length);
  const xOf = (ns: number): string => ((ns / longestNs) * WIDTH).toFixed(2);
  const steps = gilLoad.map((load, bin) => {
    const y = (HEIGHT - Math.min(1, load) * (HEIGHT - 2)).toFixed(2);
    return `L${xOf(fromNs + bin * binNs)} ${y}L${xOf(fromNs + (bin + 1) * binNs)} ${y}`;
  });
  return `M${xOf(fromNs)} ${HEIGHT}${steps.join('')}L${xOf(toNs)} ${HEIGHT}Z`;
}
