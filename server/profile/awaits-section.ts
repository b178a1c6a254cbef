import type { Profile } from '../protocol';
import type { AwaitRow, ExecutorRow } from '../protocol-awaits';
import { formatDuration } from './duration';
import { inFunction } from './report-headline';
import type { PlaceNames } from './report-places';
import { formatCount, tableLines, type Column } from './report-table';

const MOST = 8;
const WORTH_NAMING_NS = 1_000_000;
const WHAT: Readonly<Record<AwaitRow['on'], string>> = {
  child: 'a child process',
  pipe: 'data of another process',
  pool: 'the result of a pool or executor',
  work: 'work, in a pool or executor',
  events: 'events, in an event loop',
};

/** Processes named; of more, how many. */
const NAMED = 2;

function processesOf({ on, processes }: AwaitRow): string {
  if (processes.length === 0 || on === 'work' || on === 'events') return '';
  const pids = processes.slice(0, NAMED).map(({ pid }) => String(pid));
  const more = processes.length - pids.length;
  const all = more > 0 ? `${pids.join(', ')} and ${more} more` : pids.join(', ');
  return processes.length === 1 ? ` (process ${all})` : ` (processes ${all})`;
}

/** Of cycles without events nobody knows what they were for, nor when a work ended. */
function notAll({ lost }: Profile, note: string): string[] {
  return lost.events === 0 ? [] : [`  ${note}`];
}

/** Work that was given to threads of executors, for the report. */
export function executorsSection(profile: Profile, names: PlaceNames): string[] {
  const rows = profile.executors.slice(0, MOST);
  if (rows.length === 0) return [];
  const columns: Column<ExecutorRow>[] = [
    { head: 'times', cell: (row) => formatCount(row.count) },
    { head: 'ran', cell: (row) => formatDuration(row.ranNs) },
    { head: 'queued', cell: (row) => formatDuration(row.queuedNs) },
    { head: 'longest', cell: (row) => formatDuration(row.maxRanNs) },
  ];
  const last: Column<ExecutorRow> = {
    head: 'given at (in a coroutine: by the await) → what ran',
    cell: ({ where, work }) =>
      `${names.place(where)}${inFunction(where)}${work === null ? '' : ` → ${work.function}`}`,
  };
  return [
    'Work given to threads of executors',
    ...tableLines(columns, last, rows),
    ...notAll(
      profile,
      'not all was recorded: more may have run, and the last of a thread for less long',
    ),
  ];
}

/** What threads off the GIL waited for, for the report. */
export function awaitsSection(profile: Profile, names: PlaceNames): string[] {
  const rows = profile.awaits.filter((row) => row.ns >= WORTH_NAMING_NS).slice(0, MOST);
  if (rows.length === 0) return [];
  const columns: Column<AwaitRow>[] = [
    { head: 'blocked', cell: (row) => formatDuration(row.ns) },
    { head: 'for', cell: (row) => `${WHAT[row.on]}${processesOf(row)}` },
  ];
  const last: Column<AwaitRow> = {
    head: 'where',
    cell: ({ where }) => `${names.place(where)}${inFunction(where)}`,
  };
  return [
    'Waits for processes and executors',
    ...tableLines(columns, last, rows),
    ...notAll(profile, 'not all was recorded: there may be more'),
  ];
}
