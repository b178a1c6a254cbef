import type { JSX } from 'preact';
import type { ChartMeta } from '../../server/protocol';
import { formatCount } from './format';
import { SeverityIcon } from './icons';
import type { Translate } from './strings';

/** What the reader of the picture must know: what is missing, and what cannot be there. */
export function bannerTexts(meta: ChartMeta, t: Translate): readonly string[] {
  const texts: string[] = [];
  const { events, samples, reason } = meta.lost;
  if (events > 0) {
    texts.push(t('banner.lost', formatCount(events), formatCount(samples), reason ?? '').trim());
  } else if (samples > 0) {
    texts.push(t('banner.lostSamples', formatCount(samples), reason ?? '').trim());
  }
  for (const process of meta.processes) {
    if (!process.gilEnabled) texts.push(t('banner.nogil', process.pid, process.python));
    else if (process.frames === 'unknownVersion' || process.frames === 'selfTestFailed') {
      texts.push(t(`banner.frames.${process.frames}`, process.pid, process.python));
    }
    texts.push(...process.messages);
  }
  return [...new Set(texts)];
}

export function Banners(props: {
  readonly meta: ChartMeta;
  readonly t: Translate;
}): JSX.Element | null {
  const texts = bannerTexts(props.meta, props.t);
  if (texts.length === 0) return null;
  return (
    <div class="banners">
      {texts.map((text) => (
        <p key={text} class="banner">
          <SeverityIcon severity="warning" label={props.t('severity.warning')} />
          <span>{text}</span>
        </p>
      ))}
    </div>
  );
}
