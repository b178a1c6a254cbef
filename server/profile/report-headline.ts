import type { Profile } from '../protocol';
import { doubtsOf, isWhole } from './doubts';
import { formatDuration } from './duration';
import type { PlaceNames } from './report-places';
import { formatShare } from './report-table';

/** Below this share of the time in which threads wanted to run, waiting is not worth a change. */
const WORTH_A_LOOK = 0.02;
/** Hand-off from this share of the waits on is worth a sentence. */
const HAND_OFF_WORTH = 0.2;
const STILL_RUNNING = 'The program is still running; this is what was measured until now.';
const ELSEWHERE = 'Look at what the code does, or at what it waits for.';

const NOT_ALL = 'Not all of the program was recorded: the end of the report says what is missing.';

/** What was the matter, in one to five sentences. */
export function headline(profile: Profile, names: PlaceNames, isLive = false): string[] {
  if (isLive) return [STILL_RUNNING, ...matterSoFar(profile, names)];
  return [...endOf(profile), ...matter(profile, names)];
}

/** While the program runs: what there is, without a verdict. */
function matterSoFar(profile: Profile, names: PlaceNames): string[] {
  const { processes, threads } = profile;
  const ranWithoutGil = processes.length > 0 && processes.every((row) => !row.gilEnabled);
  if (ranWithoutGil)
    return ['This interpreter runs without a GIL, so no thread has to wait for one.'];
  const waitNs = sum(threads, (row) => row.waitNs);
  if (waitNs > 0) {
    const waited = `Until now threads waited ${formatDuration(waitNs)} for the GIL.`;
    return [waited, ...culprit(profile, names, waitNs), ...handOff(profile, waitNs)];
  }
  const holdNs = sum(threads, (row) => row.holdNs);
  return [
    holdNs > 0 ? 'No thread has waited for the GIL yet.' : 'No thread was seen with the GIL yet.',
  ];
}

function endOf({ exit, processes }: Profile): string[] {
  if (exit.signal !== null) {
    const rest = processes.length === 0 ? '' : '; this is what was measured until then';
    return [`The program was ended by ${exit.signal}${rest}.`];
  }
  if (processes.length === 0) return [];
  if (exit.code !== null) return [];
  return ['The end of the program was not seen; this is what was measured until then.'];
}

function matter(profile: Profile, names: PlaceNames): string[] {
  if (profile.processes.length === 0) return ['Nothing was measured: no process left a trace.'];
  const doubts = doubtsOf(profile);
  const { untrusted } = doubts;
  const isAll = doubts.missing === null && doubts.children === null;
  return [
    ...(untrusted === null ? [] : [`${capitalised(untrusted)}: do not rely on these numbers.`]),
    ...whatWaited(profile, names, isWhole(doubts)),
    ...(isAll ? [] : [NOT_ALL]),
  ];
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param isWhole All of the program is in the numbers: else there is no verdict. */
function whatWaited(profile: Profile, names: PlaceNames, isWhole: boolean): string[] {
  if (profile.processes.every((row) => !row.gilEnabled)) {
    const lockWaitNs = sum(profile.threads, (row) => row.lockWaitNs);
    return [
      'This interpreter ran without a GIL, so no thread had to wait for one.',
      ...(lockWaitNs === 0 && isWhole ? ['Nor did any wait for a lock.'] : []),
    ];
  }
  const holdNs = sum(profile.threads, (row) => row.holdNs);
  const waitNs = sum(profile.threads, (row) => row.waitNs);
  if (holdNs + waitNs === 0) {
    if (profile.lost.events > 0)
      return ['Nothing of the GIL could be read: the end of the report says what is missing.'];
    if (profile.gils.length > 0 && !isWhole) return ['Nothing of the GIL could be read.'];
    if (profile.gils.length > 0)
      return ['No thread took the GIL: the program ended before it ran any Python code.'];
    return [
      'No GIL was seen: the program ended before Python began, or this Python handles its GIL in a way that GILscope does not know.',
    ];
  }
  const wanted = `${formatShare(waitNs, holdNs + waitNs)} of the time in which they wanted to run`;
  const waited = `${formatDuration(waitNs)} for the GIL, ${wanted}`;
  if (waitNs === 0 && !isWhole) return ['As far as was recorded, no thread waited for the GIL.'];
  if (waitNs === 0) {
    const busy = profile.threads.filter((row) => row.holdNs > 0).length;
    return [
      busy === 1
        ? 'The GIL was not the problem: only one thread ran Python code.'
        : 'The GIL was not the problem: no thread ever waited for it.',
      ELSEWHERE,
    ];
  }
  if (isHarmless(profile, waitNs / (holdNs + waitNs))) {
    if (!isWhole) return [`As far as was recorded, threads waited ${waited}.`];
    return [`The GIL was not the problem: threads waited ${waited}.`, ELSEWHERE];
  }
  return [
    `Threads waited ${waited}.`,
    ...culprit(profile, names, waitNs),
    ...handOff(profile, waitNs),
  ];
}

/** Waits that no line of the program is to blame for. */
function handOff(profile: Profile, waitNs: number): string[] {
  const ns = sum(profile.gils, (row) => row.handoffNs);
  if (ns < waitNs * HAND_OFF_WORTH) return [];
  const amount = `${formatDuration(ns)} (${formatShare(ns, waitNs)})`;
  return [
    `For ${amount} nobody held it: the next thread had been woken but was not running yet, as on a busy machine.`,
  ];
}

function isHarmless(profile: Profile, share: number): boolean {
  if (profile.findings.some((finding) => finding.rule === 'gil-not-the-problem')) return true;
  const warned = profile.findings.some(
    (finding) => finding.severity !== 'information' && finding.rule !== 'budget-broken',
  );
  return !warned && share < WORTH_A_LOOK;
}

/** Who kept them waiting. */
function culprit(profile: Profile, names: PlaceNames, waitNs: number): string[] {
  const worst = largest(profile.lines, (row) => row.blocks.selfNs);
  if (worst === undefined || worst.blocks.selfNs === 0) return [];
  const share = worst.blocks.selfNs / waitNs;
  const how = share > 0.5 ? 'Most of it' : 'The largest part of it';
  const amount = `${formatDuration(worst.blocks.selfNs)} (${formatShare(worst.blocks.selfNs, waitNs)})`;
  const where = `${names.place(worst)}${inFunction(worst)}`;
  const sentence = `${how}, ${amount}, while ${where} held the GIL.`;
  const caller = worst.calledFrom;
  if (caller === undefined) return [sentence];
  return [sentence, `In your code that is ${names.place(caller)}${inFunction(caller)}.`];
}

export function inFunction(place: { readonly function: string }): string {
  if (place.function === '') return '';
  return place.function.startsWith('<') ? ` in ${place.function}` : ` in ${place.function}()`;
}

export function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

export function largest<T>(rows: readonly T[], value: (row: T) => number): T | undefined {
  let best: T | undefined;
  for (const row of rows) if (best === undefined || value(row) > value(best)) best = row;
  return best;
}
