import type { Finding, Place, Profile } from '../protocol';
import type { FaultKind, LongBlock } from './books';
import { checkInvariants } from './invariants';
import { convoyFindings } from './finding-convoy';
import { criticalSectionFindings } from './finding-critical-section';
import { deadlockFindings } from './finding-deadlock';
import { freeThreadedFindings } from './finding-free-threaded';
import { lockConvoyFindings } from './finding-lock-convoy';
import { lockOrderFindings } from './finding-lock-order';
import { gilHogFindings } from './finding-gil-hog';
import { loopFindings } from './finding-loop';
import { nativeHoldFindings } from './finding-native';
import type { LockFacts } from './lock-facts';
import type { ProcessCosts } from './process-costs';
import { noContentionFindings, noGilFindings } from './finding-none';

/** What findings need beyond the profile. */
export interface FindingFacts {
  readonly live: boolean;
  /** Events that contradict each other, by kind. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Lengths of lost cycles that do not fit into the lives of their threads. */
  readonly misfitNs: number;
  /** By GIL, then by stack. */
  readonly longBlocks: readonly ReadonlyMap<number, LongBlock>[];
  readonly placeOf: (stack: number) => Place;
  /** By row of the profile's threads: where it waited most for its GIL; null: it did not. */
  readonly waitedAt: readonly (Place | null)[];
  readonly locks: LockFacts;
  /** Absent: none. */
  readonly loopBlocks?: ProcessCosts['loopBlocks'];
}

/** What one should look at, the most urgent first. */
export function findingsOf(profile: Profile, facts: FindingFacts): Finding[] {
  const broken = brokenFindings(profile, facts);
  return [
    ...broken,
    ...deadlockFindings(facts.locks),
    ...nativeHoldFindings(profile, facts),
    ...gilHogFindings(profile),
    ...convoyFindings(profile, facts),
    ...criticalSectionFindings(profile, facts.locks),
    ...lockConvoyFindings(profile),
    ...lockOrderFindings(facts.locks),
    ...freeThreadedFindings(profile, facts.locks),
    ...loopFindings(profile, facts.loopBlocks ?? []),
    ...noGilFindings(profile),
    // While it runs it may still come.
    ...(facts.live ? [] : noContentionFindings({ ...profile, findings: broken })),
  ];
}

const FAULTS: Readonly<Record<FaultKind, string>> = {
  holdsOverlap: 'two holds of one GIL overlap',
  holdNegative: 'a hold ends before it begins',
  waitNegative: 'a wait ends before it begins',
  waitBeforeRelease: 'a wait begins before the thread had released the GIL',
  callerUnknown: 'a stack came before that of its caller',
  lockHoldsOverlap: 'two holds of one lock overlap',
  lockTimesReversed: 'a wait for a lock or a hold of one ends before it begins',
};

function brokenFindings(profile: Profile, facts: FindingFacts): Finding[] {
  const findings: Finding[] = [];
  for (const [kind, count] of facts.faults) {
    findings.push(
      broken(
        `The trace contradicts itself: ${FAULTS[kind]} (${count} times). The events were cut to fit; ` +
          'numbers near them are wrong by as much. Please report this with the profile.',
        { fault: kind, count },
      ),
    );
  }
  if (facts.misfitNs > 0 && !facts.live) {
    findings.push(
      broken(
        'Holds and waits that are only in totals are longer than the lives of their threads allow, ' +
          `by ${facts.misfitNs} ns. Please report this with the profile.`,
        { fault: 'lostTooLong', ns: facts.misfitNs },
      ),
    );
  }
  for (const { invariant, subject, expected, actual } of checkInvariants(profile)) {
    findings.push(
      broken(
        `A sum does not come out for ${subject}: ${invariant}; expected ${expected}, got ${actual}. ` +
          'Do not rely on its numbers, and please report this with the profile.',
        { invariant, subject, expected, actual },
      ),
    );
  }
  return findings;
}

function broken(message: string, evidence: Finding['evidence']): Finding {
  return { rule: 'invariant-broken', severity: 'error', where: null, message, evidence };
}
