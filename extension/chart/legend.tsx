import type { JSX } from 'preact';
import { LANE_STATES } from '../../server/protocol-chart';
import type { Translate } from './strings';

/** The states as the lanes show them: colour, height and hatch. */
export function Legend({ t }: { readonly t: Translate }): JSX.Element {
  return (
    <ul class="legend" aria-label={t('legend.label')}>
      {LANE_STATES.map((state) => (
        <li key={state} title={t(`state.${state}.help`)}>
          <span class={`swatch ${state}`} />
          {t(`state.${state}`)}
        </li>
      ))}
      <li title={t('state.native.help')}>
        <span class="swatch native" />
        {t('state.native')}
      </li>
    </ul>
  );
}
