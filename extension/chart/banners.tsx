import type { JSX } from 'preact';
import type { Finding } from '../../server/protocol';
import type { ChartMeta } from '../../server/protocol-chart';
import { formatCount } from './format';
import { SeverityIcon } from './icons';
import type { Translate } from './strings';

interface Banner {
  readonly severity: Finding['severity'];
  readonly text: string;
}

/** What the reader of the picture must know: what is missing, and what cannot be there. */
function bannersOf(meta: ChartMeta, t: Translate): readonly Banner[] {
  const banners: Banner[] = [];
  const say = (severity: Banner['severity'], text: string): void => {
    if (banners.every((banner) => banner.text !== text)) banners.push({ severity, text });
  };
  const { events, samples, reason } = meta.lost;
  if (events > 0) {
    const counts = [formatCount(events), formatCount(samples)] as const;
    say('warning', t('banner.lost', ...counts, reason ?? '').trim());
  } else if (reason !== null) {
    say('warning', reason);
  } else if (samples > 0) {
    // So few that the numbers are none the worse.
    say('information', t('banner.lostSamples', formatCount(samples)));
  }
  for (const process of meta.processes) {
    if (!process.gilEnabled) say('information', t('banner.nogil', process.pid, process.python));
    else if (process.frames === 'unknownVersion' || process.frames === 'selfTestFailed') {
      say('warning', t(`banner.frames.${process.frames}`, process.pid, process.python));
    }
    for (const message of process.messages) say('warning', message);
  }
  return banners;
}

export function Banners(props: {
  readonly meta: ChartMeta;
  readonly t: Translate;
}): JSX.Element | null {
  const banners = bannersOf(props.meta, props.t);
  if (banners.length === 0) return null;
  return (
    <div class="banners">
      {banners.map(({ severity, text }) => (
        <p key={text} class={`banner ${severity}`}>
          <SeverityIcon severity={severity} label={props.t(`severity.${severity}`)} />
          <span>{text}</span>
        </p>
      ))}
    </div>
  );
}
