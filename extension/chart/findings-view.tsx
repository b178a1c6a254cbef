import type { JSX } from 'preact';
import type { Finding } from '../../server/protocol';
import { SeverityIcon } from './icons';
import { PlaceLink, type Opener } from './place-link';
import type { Translate } from './strings';

interface FindingsViewProps extends Opener {
  readonly t: Translate;
  readonly findings: readonly Finding[];
  readonly live: boolean;
  /** Shows what a finding rests on, by its index. */
  readonly evidence: (finding: number) => void;
}

const ORDER: Readonly<Record<Finding['severity'], number>> = {
  error: 0,
  warning: 1,
  information: 2,
};

/** What stands out in the run, gravest first. */
export function FindingsView(props: FindingsViewProps): JSX.Element {
  const { t, findings, live, open, evidence } = props;
  if (findings.length === 0) {
    return <p class="nothing">{t(live ? 'findings.live' : 'findings.none')}</p>;
  }
  const sorted = findings.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  return (
    <ul class="findings" tabIndex={0} aria-label={t('tab.findings')}>
      {sorted.map((finding, index) => (
        <li key={index} class={`finding ${finding.severity}`}>
          <SeverityIcon severity={finding.severity} label={t(`severity.${finding.severity}`)} />
          <div>
            <p class="message">{finding.message}</p>
            <p class="detail">
              {finding.where !== null && (
                <PlaceLink t={t} file={finding.where.file} line={finding.where.line} open={open} />
              )}
              <span class="rule">{finding.rule}</span>
              <button
                type="button"
                class="link evidence"
                onClick={() => evidence(findings.indexOf(finding))}
              >
                {t('findings.evidence')}
              </button>
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
