import type { ExportChoice } from '../../protocol-export';
import { dataNotes } from '../data-notes';
import { writeCollapsed } from './collapsed';
import { writeCsv } from './csv';
import type { ExportData } from './export-data';
import { writeFirefox } from './firefox';
import { writePerfetto } from './perfetto';
import { writePprof } from './pprof';
import type { ByteSink } from './sinks';
import { SPEEDSCOPE_SEGMENTS, writeSpeedscope } from './speedscope';

/** More than this the page of the Firefox Profiler shows slowly or not at all. */
const FIREFOX_SEGMENTS = 2_000_000;

/** Whether a format shows states over time, and so needs them. */
export function needsTimeline({ format }: ExportChoice): boolean {
  return format === 'perfetto' || format === 'firefox' || format === 'speedscope';
}

/** Writes an export. Answers what its reader must know: what is left out of it, and why. */
export function writeExport(data: ExportData, choice: ExportChoice, sink: ByteSink): string[] {
  return [...dataNotes(data.profile), ...written(data, choice, sink)];
}

/** Answers what is in the profile, but not in this format of it. */
function written(data: ExportData, choice: ExportChoice, sink: ByteSink): string[] {
  const segments = data.lanes.reduce((count, lane) => count + lane.count * 3, 0);
  switch (choice.format) {
    case 'perfetto':
      writePerfetto(data, sink);
      return [...timeNotes(data), ...lockNotes(data)];
    case 'firefox':
      writeFirefox(data, sink);
      return [...timeNotes(data), ...(segments > FIREFOX_SEGMENTS ? [FIREFOX_LARGE] : [])];
    case 'speedscope': {
      const { threads } = writeSpeedscope(data, 'GILscope', sink);
      return threads ? timeNotes(data) : [SPEEDSCOPE_LARGE];
    }
    case 'pprof':
      writePprof(data, sink);
      return [];
    case 'collapsed':
      writeCollapsed(data, choice.cost, sink);
      return [];
    case 'csv':
      writeCsv(data.profile, choice.table, sink);
      return [];
  }
}

const FIREFOX_LARGE =
  'The run has so many intervals that the Firefox Profiler will be slow with it; the Perfetto export suits it better.';
const SPEEDSCOPE_LARGE =
  `The threads over time are left out: speedscope cannot load more than about ${SPEEDSCOPE_SEGMENTS.toLocaleString('en-US')} intervals. ` +
  'All costs by stack are in it; the Perfetto export shows the threads over time.';

/** What the tracks of locks do not show. */
function lockNotes({ locks: { locks, leftOut } }: ExportData): string[] {
  if (leftOut === 0) return [];
  const all = (locks.length + leftOut).toLocaleString('en-US');
  return [
    `Of ${all} locks that threads waited for, the ${locks.length} with the longest waits have a track.`,
  ];
}

/** What the states over time do not show. Whether the sums do is said of the profile. */
function timeNotes({ profile, merged }: ExportData): string[] {
  const notes: string[] = [];
  if (profile.lost.events > 0) {
    notes.push(
      `${profile.lost.events.toLocaleString('en-US')} GIL cycles are not on the time axis of the export.`,
    );
  }
  if (merged) {
    notes.push(
      'The run has more cycles than are kept singly: short neighbours are drawn as one; the sums are not changed by that.',
    );
  }
  return notes;
}
