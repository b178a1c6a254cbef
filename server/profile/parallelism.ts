import type { LineRow, Parallelism, Profile, ThreadRow } from '../protocol';
import { formatDuration } from './duration';
import { sum } from './report-headline';
import type { PlaceNames } from './report-places';
import { formatShare, wrap } from './report-table';

/** Lines named in the report, and the least part of all native time that is worth naming. */
const TOP_LINES = 3;
const WORTH_NAMING = 0.05;

/** What all threads together spent on CPUs. */
export function parallelismOf(threads: readonly ThreadRow[]): Parallelism {
  const underGilNs = sum(threads, (row) => row.holdNs);
  return { onCpuNs: underGilNs + sum(threads, (row) => row.nativeNs), underGilNs };
}

/** The parallelism achieved, for the report. */
export function parallelismSection(profile: Profile, names: PlaceNames): string[] {
  const { onCpuNs, underGilNs } = profile.parallelism;
  const { wallNs } = profile;
  if (wallNs <= 0 || onCpuNs <= 0) return [];
  const average = (ns: number): string => (ns / wallNs).toFixed(2);
  const several = profile.gils.length > 1 ? 'a GIL' : 'the GIL';
  const sentences = [
    `On average ${average(onCpuNs)} threads were on a CPU, ${average(underGilNs)} of them with ${several}.`,
    nativeSentence(profile, names, onCpuNs - underGilNs),
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

function serialisationSentence({ serialisation, parallelism }: Profile): string {
  const { pickleNs, pipeNs } = serialisation;
  if (pickleNs + pipeNs <= 0) return '';
  const share = formatShare(pickleNs + pipeNs, parallelism.onCpuNs);
  return `Moving objects between processes cost ${formatDuration(pickleNs + pipeNs)} (${share} of it): ${formatDuration(pickleNs)} in pickling, ${formatDuration(pipeNs)} in pipes.`;
}

function nativeLine(row: LineRow, names: PlaceNames, nativeNs: number): string {
  return `${names.place(row)} ${formatDuration(row.native.selfNs)} (${formatShare(row.native.selfNs, nativeNs)})`;
}
