import type { Profile } from '../../protocol';
import { dataNotes } from '../data-notes';

/** Version of the processed profile format; newer versions of the tool read it by their own upgraders. */
const FORMAT_VERSION = 60;
const GECKO_VERSION = 31;

/** What the Firefox Profiler has to know of a profile as a whole. */
export function firefoxMeta(profile: Profile): object {
  const startTime = Date.parse(profile.startedAt);
  return {
    version: GECKO_VERSION,
    preprocessedProfileVersion: FORMAT_VERSION,
    interval: 1,
    startTime: Number.isNaN(startTime) ? 0 : startTime,
    profilingStartTime: 0,
    profilingEndTime: profile.wallNs / 1e6,
    processType: 0,
    product: profile.command.join(' ') || 'Python',
    importedFrom: 'GILscope',
    arguments: profile.command.join(' '),
    stackwalk: 0,
    debug: false,
    symbolicated: true,
    symbolicationNotSupported: true,
    usesOnlyOneStackType: true,
    sourceCodeIsNotOnSearchfox: true,
    keepProfileThreadOrder: true,
    // The tool itself would show a few.
    initialVisibleThreads: profile.threads.map((_, row) => row),
    categories: [
      { name: 'Python', color: 'grey', subcategories: ['Other'] },
      { name: 'Holding the GIL', color: 'blue', subcategories: ['Other'] },
      { name: 'Waiting for the GIL', color: 'orange', subcategories: ['Other'] },
    ],
    markerSchema: [
      {
        name: 'gil-wait',
        tooltipLabel: 'Waiting for the GIL',
        tableLabel: 'longest hold in it: {marker.data.by}',
        display: ['marker-chart', 'marker-table', 'timeline-overview'],
        fields: [{ key: 'by', label: 'Longest hold in it', format: 'string' }],
      },
    ],
    extra: [
      {
        label: 'GILscope',
        entries: [
          ...lostEntries(profile),
          { label: 'Wall time', format: 'nanoseconds', value: profile.wallNs },
        ],
      },
    ],
  };
}

function lostEntries(profile: Profile): object[] {
  const { samples } = profile.lost;
  const notes = dataNotes(profile);
  // So few samples that no note names them.
  const few =
    samples === 0 ? 'nothing' : `nothing but ${samples} ${samples === 1 ? 'sample' : 'samples'}`;
  const values = notes.length === 0 ? [few] : notes;
  return values.map((value) => ({ label: 'Lost', format: 'string', value }));
}
