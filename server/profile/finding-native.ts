import type { Finding, Place, Profile } from '../protocol';
import type { LongBlock } from './books';
import { formatDuration } from './duration';
import type { FindingFacts } from './findings';

/**
 * Asked to release, Python code does so within one switch interval; a wait through a single hold that is this many
 * times as long met code that does not look. Beyond 1 for the wake-up and a busy machine. (LONG_HOLD_NS is the same
 * for the default interval.)
 */
const MIN_INTERVALS = 4;
/** One such hold may be a machine that took the processor away; several, or one this long, are not. */
const MIN_HOLDS = 3;
const MIN_SINGLE_NS = 50_000_000;
/** Below this share of the run it is not worth changing. */
const MIN_RUN_SHARE = 0.01;

/** Lines that keep the GIL in native code while others wait. */
export function nativeHoldFindings(profile: Profile, facts: FindingFacts): Finding[] {
  return facts.longBlocks.flatMap((byStack, index) => {
    const gil = profile.gils[index];
    if (gil === undefined) return [];
    return [...byLine(byStack, facts)].flatMap(({ place, sums }) => {
      const long = sums.maxBlockedNs > MIN_INTERVALS * gil.switchIntervalNs;
      const sure = sums.holds >= MIN_HOLDS || sums.maxBlockedNs >= MIN_SINGLE_NS;
      const worth = sums.blockedNs >= MIN_RUN_SHARE * profile.wallNs;
      if (!long || !sure || !worth || place.line === 0) return [];
      return [findingFor(place, sums, gil.switchIntervalNs)];
    });
  });
}

function byLine(
  byStack: ReadonlyMap<number, LongBlock>,
  facts: FindingFacts,
): { place: Place; sums: LongBlock }[] {
  const lines = new Map<string, { place: Place; sums: LongBlock }>();
  for (const [stack, { holds, blockedNs, maxBlockedNs }] of byStack) {
    const place = facts.placeOf(stack);
    const key = `${place.line}:${place.file}`;
    const entry = lines.get(key) ?? { place, sums: { holds: 0, blockedNs: 0, maxBlockedNs: 0 } };
    lines.set(key, entry);
    entry.sums.holds += holds;
    entry.sums.blockedNs += blockedNs;
    entry.sums.maxBlockedNs = Math.max(entry.sums.maxBlockedNs, maxBlockedNs);
  }
  return [...lines.values()].sort((a, b) => b.sums.blockedNs - a.sums.blockedNs);
}

function findingFor(place: Place, sums: LongBlock, switchIntervalNs: number): Finding {
  const times = sums.holds === 1 ? 'once' : `${sums.holds} times`;
  return {
    rule: 'native-holds-gil',
    severity: 'warning',
    where: { file: place.file, line: place.line },
    message:
      `Native code called here keeps the GIL while others wait: ${times}, up to ` +
      `${formatDuration(sums.maxBlockedNs)} at a stretch, where Python code would have let go after ` +
      `${formatDuration(switchIntervalNs)}. Give it smaller pieces of work, or use a library that ` +
      'releases the GIL, or a process.',
    evidence: {
      holds: sums.holds,
      blockedNs: sums.blockedNs,
      maxBlockedNs: sums.maxBlockedNs,
      switchIntervalNs,
    },
  };
}
