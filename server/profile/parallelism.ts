import type { LineRow, Parallelism, Profile } from '../protocol';
import type { ProcessState } from '../trace/events';
import { doubtsOf } from './doubts';
import { formatDuration } from './duration';
import { sum } from './report-headline';
import type { PlaceNames } from './report-places';
import { formatShare, wrap } from './report-table';
import type { ThreadOfRow } from './thread-rows';

/** Lines named in the report, and the least part of all native time that is worth naming. */
const TOP_LINES = 3;
const WORTH_NAMING = 0.05;
const MUCH_LESS = 0.8;
/** Before a process has a GIL. */
const START_CPU_NS = 20e6;

/**
 * What all threads together spent on CPUs. A thread of several interpreters has a row for each, and is without the GIL
 * of one while it works with another: the times off of the outer one contain those of the inner ones. The largest is
 * the outer one's, unless that still goes on.
 */
export function parallelismOf(
  rows: readonly Pick<ThreadOfRow, 'row' | 'thread'>[],
  processes: readonly ProcessState[],
): Parallelism {
  const underGilNs = sum(rows, ({ row }) => row.holdNs);
  const nativeNs = new Map<number, number>();
  for (const { row, thread } of rows)
    nativeNs.set(thread, Math.max(nativeNs.get(thread) ?? 0, row.nativeNs));
  const onCpuNs = underGilNs + sum([...nativeNs.values()], (ns) => ns);
  return { onCpuNs, underGilNs, systemCpuNs: systemCpuNs(processes) };
}

function systemCpuNs(processes: readonly ProcessState[]): number | null {
  let totalNs = 0;
  for (const { processCpuNs, samplerCpuNs } of processes) {
    if (processCpuNs === undefined) return null;
    totalNs += Math.max(0, processCpuNs - samplerCpuNs);
  }
  return totalNs;
}

/** The parallelism achieved, for the report. */
export function parallelismSection(profile: Profile, names: PlaceNames): string[] {
  const { onCpuNs, underGilNs, systemCpuNs } = profile.parallelism;
  const hasGil = profile.processes.some(({ gilEnabled }) => gilEnabled);
  // Without a GIL nobody looked at what threads do: only the system knows.
  if (profile.wallNs <= 0 || ((onCpuNs <= 0 || !hasGil) && systemCpuNs === null)) return [];
  const sentences = [
    ...(hasGil
      ? [...gilSentences(profile), nativeSentence(profile, names, onCpuNs - underGilNs)]
      : [withoutGil(profile)]),
    serialisationSentence(profile),
  ];
  return ['Parallelism', ...wrap(sentences.filter((text) => text !== '').join(' '), '  ')];
}

const average = (ns: number, wallNs: number): string => (ns / wallNs).toFixed(2);

/** False where threads were on a CPU in native code, and nobody wrote down how long. */
function isNativeTimeComplete(profile: Profile): boolean {
  const { untrusted, missing } = doubtsOf(profile);
  const isCounted = profile.lost.events === 0 && missing === null && untrusted === null;
  return isCounted && profile.processes.every(({ gilEnabled }) => gilEnabled);
}

function withoutGil({ parallelism: { systemCpuNs }, wallNs }: Profile): string {
  return `On average ${average(systemCpuNs ?? 0, wallNs)} CPUs were busy, by the CPU time that the system counted.`;
}

/** What is known of Python's threads, and where the system's count says else, why. */
function gilSentences(profile: Profile): string[] {
  const { parallelism, processes, gils, wallNs } = profile;
  const { onCpuNs, underGilNs, systemCpuNs } = parallelism;
  const gil = gils.length > 1 ? 'a GIL' : 'the GIL';
  const isComplete = isNativeTimeComplete(profile);
  const least = isComplete ? '' : 'at least ';
  const known = (what: string): string =>
    `On average ${least}${average(onCpuNs, wallNs)} threads ${what}, ${least}${average(underGilNs, wallNs)} of them with ${gil}.`;
  if (systemCpuNs === null) return [known('were on a CPU')];
  const count = `${formatDuration(systemCpuNs)} of CPU time, ${average(systemCpuNs, wallNs)} CPUs on average`;
  const startsNs = processes.length * START_CPU_NS;
  if (systemCpuNs + startsNs < MUCH_LESS * onCpuNs) {
    const why = `who held ${gil} often had no CPU, since others used them, or was blocked with it in hand`;
    return [known(`held ${gil} or ran native code`), `The system counted only ${count}: ${why}.`];
  }
  const unknownNs = systemCpuNs - onCpuNs;
  if (unknownNs < WORTH_NAMING * systemCpuNs + startsNs) return [known('were on a CPU')];
  if (!isComplete) {
    const notAll = 'of how much of it is native code, not all was recorded';
    return [known('were on a CPU'), `The system counted ${count}; ${notAll}.`];
  }
  // Holds count in full although a holder may have lost its CPU for a while: at least so much.
  return [
    known('were on a CPU'),
    `The system counted ${count}: at least ${formatDuration(unknownNs)} of it neither with ${gil} nor in native code of a Python thread, but in threads that a library makes for itself, as OpenBLAS does, or in waking and waiting.`,
  ];
}

function nativeSentence(profile: Profile, names: PlaceNames, nativeNs: number): string {
  if (nativeNs < WORTH_NAMING * profile.parallelism.onCpuNs) return '';
  const rows = profile.lines
    .filter((row) => row.native.selfNs >= WORTH_NAMING * nativeNs)
    .sort((a, b) => b.native.selfNs - a.native.selfNs)
    .slice(0, TOP_LINES);
  const named = rows.map((row) => nativeLine(row, names, nativeNs)).join('; ');
  const least = isNativeTimeComplete(profile) ? '' : 'At least ';
  const ran = `${least}${formatDuration(nativeNs)} ran without the GIL`;
  return named === '' ? `${ran}.` : `${ran}: ${named}.`;
}

function serialisationSentence(profile: Profile): string {
  const { pickleNs, pipeNs } = profile.serialisation;
  if (pickleNs + pipeNs <= 0) return '';
  const all = formatDuration(pickleNs + pipeNs);
  const cost = isNativeTimeComplete(profile)
    ? `${all} (${formatShare(pickleNs + pipeNs, profile.parallelism.onCpuNs)} of it)`
    : `at least ${all}`;
  return `Moving objects between processes cost ${cost}: ${formatDuration(pickleNs)} in pickling, ${formatDuration(pipeNs)} in pipes.`;
}

function nativeLine(row: LineRow, names: PlaceNames, nativeNs: number): string {
  return `${names.place(row)} ${formatDuration(row.native.selfNs)} (${formatShare(row.native.selfNs, nativeNs)})`;
}
