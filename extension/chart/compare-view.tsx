import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ComparisonView } from '../../server/protocol-comparison';
import { CompareLines } from './compare-lines';
import { CompareThreads } from './compare-threads';
import { CompareTotals } from './compare-totals';
import type { Opener } from './place-link';
import type { Translate } from './strings';

interface CompareViewProps extends Opener {
  readonly t: Translate;
  readonly view: ComparisonView;
}

const PARTS = ['lines', 'threads', 'all'] as const;
type Part = (typeof PARTS)[number];

/** The current profile beside one from before: by line, by thread, in all. */
export function CompareView({ t, view, open }: CompareViewProps): JSX.Element {
  const [part, setPart] = useState<Part>('lines');
  const [isSelf, setSelf] = useState(true);
  const { comparison } = view;
  const title = `${view.beforeTitle} → ${view.afterTitle}`;
  return (
    <div class="table-view">
      <div class="tools">
        <div class="choice" role="group" aria-label={t('compare.part')}>
          {PARTS.map((each) => (
            <Choice key={each} pressed={part === each} choose={() => setPart(each)}>
              {t(`compare.${each}`)}
            </Choice>
          ))}
        </div>
        {part === 'lines' && (
          <div class="choice" role="group" aria-label={t('lines.mode')}>
            <Choice pressed={isSelf} help={t('lines.self.help')} choose={() => setSelf(true)}>
              {t('lines.self')}
            </Choice>
            <Choice pressed={!isSelf} help={t('lines.total.help')} choose={() => setSelf(false)}>
              {t('lines.total')}
            </Choice>
          </div>
        )}
        <span>{title}</span>
        <span class="dim" title={t('compare.chance.help')}>
          {t('compare.chance')}
        </span>
      </div>
      {part === 'lines' && (
        <CompareLines t={t} lines={comparison.lines} mode={isSelf ? 'self' : 'total'} open={open} />
      )}
      {part === 'threads' && <CompareThreads t={t} threads={comparison.threads} />}
      {part === 'all' && <CompareTotals t={t} view={view} />}
    </div>
  );
}

function Choice(props: {
  readonly pressed: boolean;
  readonly help?: string;
  readonly choose: () => void;
  readonly children: string;
}): JSX.Element {
  return (
    <button type="button" aria-pressed={props.pressed} title={props.help} onClick={props.choose}>
      {props.children}
    </button>
  );
}
