import type { LineRow, Parallelism, Profile, ThreadRow } from '../protocol';
import type { ProcessState } from '../trace/events';
import { formatDuration } from './duration';
import { sum } from './report-headline';
import type { PlaceNames } from './report-places';
import { formatShare, wrap } from './report-table';

/** Lines named in the report, and the least part of all native time that is worth naming. */
const TOP_LINES = 3;
const WORTH_NAMING = 0.05;
/** Before a process has a GIL. */
const START_CPU_NS = 20e6;

/** What all threads together spent on CPUs. */
export function parallelismOf(
  threads: readonly ThreadRow[],
  processes: readonly ProcessState[],
): Parallelism {
  const underGilNs = sum(threads, (row) => row.holdNs);
  const onCpuNs = underGilNs + sum(threads, (row) => row.nativeNs);
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
  const { onCpuNs, underGilNs } = profile.parallelism;
  const { wallNs } = profile;
  if (wallNs <= 0 || onCpuNs <= 0) return [];
  // Nobody looked at what their threads do; the report says so.
  if (profile.processes.every(({ gilEnabled }) => !gilEnabled)) return [];
  const average = (ns: number): string => (ns / wallNs).toFixed(2);
  const several = profile.gils.length > 1 ? 'a GIL' : 'the GIL';
  const sentences = [
    `On average ${average(onCpuNs)} threads were on a CPU, ${average(underGilNs)} of them with ${several}.`,
    nativeSentence(profile, names, onCpuNs - underGilNs),
    unknownSentence(profile),
    serialisationSentence(profile),
  ];
  return ['Parallelism', ...wrap(sentences.join(' '), '  ')];
}

function nativeSentence(profile: Profile, names: PlaceNames, nativeNs: number): string {
  if (nativeNs < WORTH_NAMING * profile.parallelism.onCpuNs) return '';
  const rows = profile.lines
    .filter((row) => row.native.selfNs >= WORTH_NAMING * nativeNs)
    .sort((a, b) => b.native.selfNs - a.native.selfNs)
    .slice(0, TOP_LINES);
  const named = rows.map((row) => nativeLine(row, names, nativeNs)).join('; ');
  const ran = `${formatDuration(nativeNs)} ran without the GIL`;
  return named === '' ? `${ran}.` : `${ran}: ${named}.`;
}

/** What ran beside all that is known; holds count in full although the holder may have lost its CPU: at least so much. */
function unknownSentence({ parallelism, processes, wallNs }: Profile): string {
  const { onCpuNs, systemCpuNs } = parallelism;
  if (systemCpuNs === null) return '';
  const startsNs = processes.length * START_CPU_NS;
  if (systemCpuNs - onCpuNs < WORTH_NAMING * systemCpuNs + startsNs) return '';
  return (
    `The system counted ${formatDuration(systemCpuNs)} of CPU time, ${(systemCpuNs / wallNs).toFixed(2)} CPUs on average: ` +
    `at least ${formatDuration(systemCpuNs - onCpuNs)} of it neither with the GIL nor in native code of a Python thread, but in threads that a library makes for itself, as OpenBLAS does, or in waking and waiting.`
  );
}

function serialisationSentence({ serialisation, parallelism }: Profile): string {
  const { pickleNs, pipeNs } = serialisation;
  if (pickleNs + pipeNs <= 0) return '';
  const share = formatShare(pickleNs + pipeNs, parallelism.onCpuNs);
  return `Moving objects between processes cost ${formatDuration(pickleNs + pipeNs)} (${share} of it): ${formatDuration(pickleNs)} in pickling, ${formatDuration(pipeNs)} in pipes.`;
}

function nativeLine(row: LineRow, names: PlaceNames, nativeNs: number): string {
  return `${names.place(row)} ${formatDuration(row.native.selfNs)} (${formatShare(row.native.selfNs, nativeNs)})`;
}
