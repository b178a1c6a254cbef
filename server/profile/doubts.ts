import type { LostCause, Profile, ProcessRow } from '../protocol';

/** Why something about a profile cannot be told, each as part of a sentence; null: it can. */
export interface Doubts {
  /** No number can be relied on. */
  readonly untrusted: string | null;
  /** Events, or whole processes, are in no number. */
  readonly missing: string | null;
  /** What the program started is not in the profile. */
  readonly children: string | null;
  /** What something cost is, in part, on no line. */
  readonly noLines: string | null;
  /** Long holds count as a whole where they ended. */
  readonly split: string | null;
  /** Of some waits it is not known who held the GIL. */
  readonly blame: string | null;
}

/** What is known to be incomplete: what it touches must not be said to be exact, kept or in order. */
export function doubtsOf(profile: Profile): Doubts {
  return {
    untrusted: untrusted(profile),
    missing: missing(profile),
    children: profile.processes.some((row) => row.childrenLeftOut)
      ? 'child processes were left out'
      : null,
    noLines: noLines(profile),
    split: split(profile),
    blame: blame(profile),
  };
}

/** Nothing is known to be missing or wrong. */
export function isWithoutDoubt(doubts: Doubts): boolean {
  return Object.values(doubts).every((doubt) => doubt === null);
}

/** All of the program is in the numbers, and they can be relied on: so a verdict on it is possible. */
export function isWhole({ untrusted, missing, children }: Doubts): boolean {
  return untrusted === null && missing === null && children === null;
}

/** Whether waits and counts are exact: those of all, or only what was recorded, or nobody knows. */
export function exactnessOf(profile: Profile): 'all' | 'recorded' | 'unknown' {
  const doubts = doubtsOf(profile);
  if (doubts.untrusted !== null) return 'unknown';
  return isWhole(doubts) && !has(profile.lost.causes, 'lockTableFull') ? 'all' : 'recorded';
}

function untrusted({ processes, findings }: Profile): string | null {
  if (processes.some((row) => row.gil === 'unrecognised'))
    return 'the GIL of this Python was not recognised';
  if (findings.some((finding) => finding.rule === 'invariant-broken'))
    return 'the measured events contradict each other';
  if (processes.some((row) => !row.clockKnown)) return 'a process ended before its clock was known';
  return null;
}

function missing({ lost, processes }: Profile): string | null {
  if (lost.processes > 0) return 'a process could not be recorded or read';
  if (processes.some((row) => isUnseen(row, processes)))
    return 'the GIL of a process was not seen, so that nothing of it was measured';
  if (lost.missing > 0 || has(lost.causes, 'gilTableFull', 'threadTableFull'))
    return 'GIL cycles are missing from all numbers';
  if (processes.some((row) => row.damaged)) return 'the trace of a process is damaged or cut';
  return null;
}

/** Where the same Python showed its GIL elsewhere in the run, the process ended before Python began. */
function isUnseen(row: ProcessRow, processes: readonly ProcessRow[]): boolean {
  return (
    row.gil === 'notSeen' &&
    !processes.some(
      (other) =>
        other.gil === 'recorded' &&
        row.executable !== '' &&
        other.executable === row.executable &&
        other.python === row.python,
    )
  );
}

function noLines({ lost, processes }: Profile): string | null {
  if (processes.some((row) => row.frames !== 'recorded' && row.gil !== 'notSeen'))
    return 'a process of this run has no lines';
  if (has(lost.causes, 'stackTableFull', 'aggregateTableFull'))
    return 'stacks are missing, so that costs may be on no line';
  if (has(lost.causes, 'stackCut'))
    return 'stacks were cut, so that totals of outer lines are too small';
  return null;
}

/** A hold as long as that is sampled, unless nothing is. */
const SAMPLED_HOLD_NS = 20e6;

function split({ lost, lines }: Profile): string | null {
  if (lost.events > lost.missing)
    return 'part of the run is kept as totals, in which a long hold counts as a whole where it ended';
  const isUnsampled =
    lines.some((row) => row.maxHoldNs > SAMPLED_HOLD_NS) &&
    lines.every((row) => row.totalSamples === 0);
  return isUnsampled ? 'no hold was sampled, so that each counts as a whole where it ended' : null;
}

function blame({ lost, gils }: Profile): string | null {
  const isUnknown = lost.events > lost.missing || gils.some((row) => row.unattributedNs > 0);
  return isUnknown ? 'of some waits it is not known who held the GIL' : null;
}

function has(causes: readonly LostCause[], ...wanted: readonly LostCause[]): boolean {
  return causes.some((cause) => wanted.includes(cause));
}
