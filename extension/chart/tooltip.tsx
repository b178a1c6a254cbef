import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Place } from '../../server/protocol';
import { LANE_STATES, type Lane, type Segment } from '../../server/protocol-chart';
import { awaitedText, offText, shownState } from './describe';
import {
  formatDuration,
  formatMoment,
  formatPlace,
  formatShare,
  isKnown,
  laneName,
} from './format';
import type { Translate } from './strings';
import type { Hover } from './timeline-model';

export interface TooltipContent {
  readonly hover: Hover;
  /** Shares of the pixel pointed at, packed as in a tile. */
  readonly shares: number;
}

interface TooltipProps extends TooltipContent {
  readonly t: Translate;
  readonly lane: (index: number) => Lane | null;
  readonly opensFiles: boolean;
}

const OFFSET = 14;
const MARGIN = 4;

/** What is under the pointer. Follows it, and stays inside the window. */
export function Tooltip(props: TooltipProps): JSX.Element {
  const { hover, shares, t } = props;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    const stage = element?.parentElement?.querySelector('.stage');
    if (!element || !stage) return;
    const origin = stage.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const [pointerX, pointerY] = [origin.left + hover.x, origin.top + hover.y];
    const right = pointerX + OFFSET + width + MARGIN <= innerWidth;
    const x = right ? pointerX + OFFSET : Math.max(MARGIN, pointerX - OFFSET - width);
    const below = pointerY + OFFSET + height + MARGIN <= innerHeight;
    const y = below ? pointerY + OFFSET : Math.max(MARGIN, pointerY - OFFSET - height);
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  });
  const lane = props.lane(hover.lane);
  return (
    <div class="tooltip" ref={box} aria-hidden="true">
      <p class="tip-lane">{lane === null ? '' : laneName(lane, t)}</p>
      {hover.segment !== null && <SegmentDetail {...props} segment={hover.segment} />}
      <Shares t={t} shares={shares} />
    </div>
  );
}

function SegmentDetail(props: TooltipProps & { readonly segment: Segment }): JSX.Element {
  const { segment, t } = props;
  return (
    <>
      <p class="tip-state">
        <span class={`swatch ${shownState(segment) === 'native' ? 'native' : segment.state}`} />
        {t(`state.${shownState(segment)}`)} <b>{formatDuration(segment.endNs - segment.startNs)}</b>
        <span class="dim"> {t('tip.at', formatMoment(segment.startNs))}</span>
      </p>
      {segment.lock !== undefined && (
        <p>
          {segment.lock.name ?? segment.lock.kind}{' '}
          {segment.lock.name !== null && <span class="dim">{segment.lock.kind}</span>}
        </p>
      )}
      {segment.place !== null && (
        <p>
          {isKnown(segment.place) ? formatPlace(segment.place) : t('tip.unknown')}{' '}
          <span class="dim">{segment.place.function}</span>
        </p>
      )}
      {segment.nativeNs !== undefined && <p>{offText(segment, t)}</p>}
      {segment.awaited !== undefined && (
        <p>{awaitedText(segment.awaited, props.lane(segment.releasedBy?.lane ?? -1), t)}</p>
      )}
      {isKnown(segment.givenAt ?? null) && (
        <p>{t('awaited.given', formatPlace(segment.givenAt as Place))}</p>
      )}
      {segment.holders.length > 0 && <Holders {...props} />}
      {props.opensFiles && isKnown(segment.place) && <p class="dim">{t('tip.open')}</p>}
    </>
  );
}

function Holders(props: TooltipProps & { readonly segment: Segment }): JSX.Element {
  const { segment, t } = props;
  return (
    <div class="tip-holders">
      <p class="dim">{t('tip.holders')}</p>
      <ul>
        {segment.holders.map((holder, index) => {
          const lane = props.lane(holder.lane);
          return (
            <li key={index}>
              <b>{formatDuration(holder.ns)}</b> {lane === null ? '' : laneName(lane, t)}{' '}
              {isKnown(holder.place) && <span class="dim">{formatPlace(holder.place)}</span>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Only where the pixel holds more than one state. */
function Shares(props: { readonly t: Translate; readonly shares: number }): JSX.Element | null {
  const parts = LANE_STATES.map((state, index) => ({
    state,
    share: (props.shares >>> (index * 8)) & 255,
  })).filter(({ share }) => share > 0);
  if (parts.length < 2) return null;
  return (
    <p class="tip-shares">
      <span class="dim">{props.t('tip.mixed')}: </span>
      {parts.map(({ state, share }) => (
        <span key={state} class="tip-share">
          <span class={`swatch ${state}`} />
          {props.t(`state.${state}`)} {formatShare(share, 255)}
        </span>
      ))}
    </p>
  );
}
