import type { ChartMeta } from '../../server/protocol-chart';
import type { StringKey, Translate } from './strings';

/** Whether nothing of the run had a GIL. Then only waits for locks are recorded, and not whether a thread runs. */
export function runsWithoutGil({ processes }: ChartMeta): boolean {
  return processes.length > 0 && processes.every(({ gilEnabled }) => !gilEnabled);
}

const INSTEAD: Readonly<Partial<Record<StringKey, StringKey>>> = {
  'state.off': 'state.unknown',
  'state.off.help': 'state.unknown.help',
  'col.off': 'col.unknown',
};

/** The same, but a thread that does not wait for a lock is not called off. */
export function textsWithoutGil(t: Translate): Translate {
  return (key, ...values) => t(INSTEAD[key] ?? key, ...values);
}
