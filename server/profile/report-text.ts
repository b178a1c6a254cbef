import type { Profile } from '../protocol';
import { doubtsOf, exactnessOf, isWithoutDoubt } from './doubts';
import { formatDuration } from './duration';
import { awaitsSection, executorsSection } from './awaits-section';
import { parallelismSection } from './parallelism';
import { headline, sum } from './report-headline';
import { lockBlameSection, lockHeadline, locksSection, workSection } from './report-locks';
import { placeNames } from './report-places';
import {
  blameSection,
  callersSection,
  exitText,
  findingsSection,
  gilSection,
  interpreterSection,
  linesSection,
  threadsSection,
} from './report-sections';
import { formatCount, formatShare, wrap } from './report-table';
import { ENOUGH_SAMPLES } from './sampling-error';

export interface ReportOptions {
  /** Paths inside this folder are written relative to it; null: all are absolute. */
  readonly folder: string | null;
  /** The program goes on; absent: it is over. */
  readonly live?: boolean;
}

/** The text report of a profile: what was the matter, then the numbers, then how exact they are. Ends with a newline. */
export function reportText(profile: Profile, options: ReportOptions): string {
  const names = placeNames(options.folder);
  const live = options.live === true;
  const sections = [
    [titleLine(profile, live)],
    [...headline(profile, names, live), ...lockHeadline(profile, names)].flatMap((sentence) =>
      wrap(sentence, '  '),
    ),
    findingsSection(profile, names),
    linesSection(profile, names),
    callersSection(profile, names),
    blameSection(profile, names),
    locksSection(profile, names),
    lockBlameSection(profile, names),
    workSection(profile, names),
    threadsSection(profile),
    gilSection(profile),
    parallelismSection(profile, names),
    awaitsSection(profile, names),
    executorsSection(profile, names),
    interpreterSection(profile, live),
    exactnessSection(profile),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function titleLine(profile: Profile, live: boolean): string {
  const parts = [
    'GILscope report',
    profile.command.join(' ') || '(no command)',
    formatDuration(profile.wallNs),
    live ? 'still running' : exitText(profile.exit),
  ];
  return parts.join(' · ');
}

const OF_ONE_LINE =
  'Of one line with few samples it is rougher: about ±100 % with one sample, ±10 % with 100.';

/** Said where there was native code at all. */
const NATIVE_THREADS =
  'Threads that a native library makes for itself (as OpenBLAS does) are on no line and in no thread’s row: only the CPU time that the system counted has theirs.';

const EXACT: Readonly<Record<ReturnType<typeof exactnessOf>, readonly string[]>> = {
  all: ['Waits, counts and thread totals are exact.'],
  recorded: ['What was recorded of waits and counts is exact; what is missing is said below.'],
  unknown: [],
};

function exactnessSection(profile: Profile): string[] {
  const samples = sum(profile.lines, (row) => row.samples);
  const notes = [
    ...EXACT[exactnessOf(profile)],
    samples > 0
      ? `How long holds divide among the lines in them rests on ${formatCount(samples)} samples${roughness(samples)}. ${OF_ONE_LINE}`
      : 'No hold was sampled: each counts as a whole where it ended.',
    ...(profile.parallelism.onCpuNs > profile.parallelism.underGilNs ? [NATIVE_THREADS] : []),
  ];
  const lines = ['How exact', ...wrap(notes.join(' '), '  ')];
  lines.push(...wrap(lostText(profile), '  '), ...wrap(costText(profile), '  '));
  for (const message of new Set(profile.processes.flatMap((row) => row.messages))) {
    lines.push(...wrap(message, '  '));
  }
  return lines;
}

/** Few samples say little: the standard error of a share of half of them. */
function roughness(samples: number): string {
  if (samples >= ENOUGH_SAMPLES) return '';
  return `, which is few: shares are rough, about ±${Math.ceil(50 / Math.sqrt(samples))} %`;
}

function nothingLost(profile: Profile): string[] {
  const { processes, lost } = profile;
  const doubts = doubtsOf(profile);
  if (doubts.untrusted !== null || processes.some((row) => row.damaged)) return [];
  const isAll = isWithoutDoubt(doubts) && processes.every((row) => row.messages.length === 0);
  if (lost.samples === 0)
    return [isAll ? 'Nothing was lost.' : 'Of what was recorded nothing was lost.'];
  const stacks = lost.samples === 1 ? 'One sample' : `${lost.samples} samples`;
  return [`${stacks} could not be read${isAll ? '; nothing else was lost' : ''}.`];
}

function lostText(profile: Profile): string {
  const unattributed = sum(profile.gils, (row) => row.unattributedNs);
  const parts = [
    ...(profile.lost.reason === null ? nothingLost(profile) : [profile.lost.reason]),
    ...(unattributed > 0
      ? [`Of ${formatDuration(unattributed)} of waits the holder is not known.`]
      : []),
  ];
  return parts.join(' ');
}

function costText(profile: Profile): string {
  const { cycleNs, samplerCpuNs } = profile.overhead;
  if (cycleNs <= 0 && samplerCpuNs <= 0) return '';
  const inHooks = cycleNs * sum(profile.threads, (row) => row.acquires);
  const share = formatShare(inHooks + samplerCpuNs, profile.wallNs);
  return `Measuring cost ${formatDuration(cycleNs)} for each GIL cycle, ${formatDuration(Math.round(inHooks))} in all, and ${formatDuration(samplerCpuNs)} of CPU for samples: ${share} of the run.`;
}
