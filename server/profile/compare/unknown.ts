import type { Profile } from '../../protocol';
import { COMPARED_METRICS, type ComparedMetric } from '../../protocol-comparison';
import { doubtsOf } from '../doubts';
import { exitText } from '../report-sections';

/** Who blocked whom, and who came after whom, is not in totals. */
const OF_SINGLE_EVENTS: readonly ComparedMetric[] = [
  'blocks',
  'handoff',
  'switches',
  'lock-blocks',
];
const OF_LOCKS: readonly ComparedMetric[] = ['lock-wait', 'lock-hold', 'lock-blocks'];

/** Why a number of two runs cannot be told, so that no condition about it holds; null: it can. */
export function unknownTotals(
  before: Profile,
  after: Profile,
): Readonly<Record<ComparedMetric, string | null>> {
  const [ofBefore, ofAfter] = [unknownOf(before), unknownOf(after)];
  const ends = differentEnds(before, after);
  const unknown = COMPARED_METRICS.map((metric) => {
    const reasons = [
      named('before', ofBefore(metric)),
      named('after', ofAfter(metric)),
      ends === null ? null : `it ended with ${ends}`,
    ].filter((reason) => reason !== null);
    return [metric, reasons.length === 0 ? null : reasons.join('; ')];
  });
  return Object.fromEntries(unknown) as Record<ComparedMetric, string | null>;
}

/** `exit status 0 before, killed by SIGSEGV after`: less was done, rather than faster; null: both ended alike. */
export function differentEnds(before: Profile, after: Profile): string | null {
  const [old, now] = [exitText(before.exit), exitText(after.exit)];
  return old === now ? null : `${old} before, ${now} after`;
}

function named(which: 'before' | 'after', reason: string | null): string | null {
  return reason === null ? null : `${which}: ${reason}`;
}

function unknownOf(profile: Profile): (metric: ComparedMetric) => string | null {
  const { untrusted, missing, blame } = doubtsOf(profile);
  const locks = profile.lost.causes.includes('lockTableFull')
    ? 'there were more locks at a time than can be told apart'
    : null;
  return (metric) =>
    untrusted ??
    missing ??
    (OF_SINGLE_EVENTS.includes(metric) ? blame : null) ??
    (OF_LOCKS.includes(metric) ? locks : null);
}
