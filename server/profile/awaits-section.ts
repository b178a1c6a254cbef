import type { AwaitRow, Profile } from '../protocol';
import { formatDuration } from './duration';
import { inFunction } from './report-headline';
import type { PlaceNames } from './report-places';
import { tableLines, type Column } from './report-table';

const MOST = 8;
const WORTH_NAMING_NS = 1_000_000;
const WHAT: Readonly<Record<AwaitRow['on'], string>> = {
  child: 'a child process',
  pipe: 'data of another process',
  pool: 'the result of a pool or executor',
  work: 'work, in a pool or executor',
  events: 'events, in an event loop',
};

/** What threads off the GIL waited for, for the report. */
export function awaitsSection(profile: Profile, names: PlaceNames): string[] {
  const rows = profile.awaits.filter((row) => row.ns >= WORTH_NAMING_NS).slice(0, MOST);
  if (rows.length === 0) return [];
  const columns: Column<AwaitRow>[] = [
    { head: 'blocked', cell: (row) => formatDuration(row.ns) },
    { head: 'for', cell: (row) => WHAT[row.on] },
  ];
  const last: Column<AwaitRow> = {
    head: 'where',
    cell: ({ where }) => `${names.place(where)}${inFunction(where)}`,
  };
  return ['Waits for processes and executors', ...tableLines(columns, last, rows)];
}
