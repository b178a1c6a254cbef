import type { Place, Profile, SelfTotal, ThreadRow } from '../../protocol';
import type { ExportTable } from '../../protocol-export';
import { idOfItsProcess, processesById } from '../process-id';
import { type ByteSink, TextSink } from './sinks';

type Value = string | number;
interface Table {
  readonly head: readonly string[];
  readonly rows: Iterable<readonly Value[]>;
}

/** A table of the profile as CSV (RFC 4180, UTF-8): a head line, times in nanoseconds. */
export function writeCsv(profile: Profile, table: ExportTable, sink: ByteSink): void {
  const text = new TextSink(sink);
  const { head, rows } = TABLES[table](profile);
  text.write(lineOf(head));
  for (const row of rows) text.write(lineOf(row));
  text.flush();
}

function lineOf(values: readonly Value[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: Value): string {
  const text = String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COSTS = ['hold', 'wait', 'blocks', 'off', 'lockWait', 'lockHold', 'lockBlocks'] as const;
const both = ({ selfNs, totalNs }: SelfTotal): Value[] => [selfNs, totalNs];
const placeOf = (place: Place | null): Value[] =>
  place === null ? ['', '', ''] : [place.file, place.line, place.function];

/** Rows of plain objects: the columns are these keys. */
function plain<Row extends object>(
  rows: readonly Row[],
  keys: readonly (keyof Row & string)[],
): Table {
  return {
    head: keys,
    rows: rows.map((row) => keys.map((key) => valueOf(row[key]))),
  };
}

/** Without a GIL it is not known how long a thread was off or on a CPU: these fields are then empty. */
function threadsOf({ threads, processes }: Profile): (ThreadRow | UnknownTimes)[] {
  const byId = processesById(processes);
  return threads.map((row) =>
    byId.get(idOfItsProcess(row))?.gilEnabled === false ? { ...row, offNs: '', nativeNs: '' } : row,
  );
}

type UnknownTimes = Omit<ThreadRow, 'offNs' | 'nativeNs'> & Record<'offNs' | 'nativeNs', ''>;

function valueOf(value: unknown): Value {
  return typeof value === 'number' || typeof value === 'string' ? value : '';
}

const TABLES: Readonly<Record<ExportTable, (profile: Profile) => Table>> = {
  lines: ({ lines }) => ({
    head: [
      ...['file', 'line', 'function'],
      ...COSTS.flatMap((cost) => [`${cost}SelfNs`, `${cost}TotalNs`]),
      ...['acquires', 'contended', 'forcedReleases', 'maxHoldNs', 'maxWaitNs', 'samples'],
    ],
    rows: lines.map((row) => [
      ...placeOf(row),
      ...COSTS.flatMap((cost) => both(row[cost])),
      ...[row.acquires, row.contended, row.forcedReleases],
      ...[row.maxHoldNs, row.maxWaitNs, row.samples],
    ]),
  }),
  threads: (profile) =>
    plain(threadsOf(profile), [
      ...(['pid', 'tid', 'name', 'gil', 'startNs', 'endNs', 'holdNs', 'waitNs', 'offNs'] as const),
      ...(['lockWaitNs', 'nativeNs', 'blocksNs', 'acquires', 'contended'] as const),
      ...(['forcedReleases', 'maxHoldNs', 'maxWaitNs'] as const),
    ]),
  blame: ({ blame }) => ({
    head: [
      ...['lock', 'waiterFile', 'waiterLine', 'waiterFunction'],
      ...['holderFile', 'holderLine', 'holderFunction', 'ns', 'count', 'maxNs'],
    ],
    // Without a holder: hand-off, nobody held it.
    rows: blame.map((row) => [
      row.lock,
      ...placeOf(row.waiter),
      ...placeOf(row.holder),
      ...[row.ns, row.count, row.maxNs],
    ]),
  }),
  gils: ({ gils }) =>
    plain(gils, [
      ...(['id', 'pid', 'interpreter', 'switchIntervalNs', 'holdNs', 'waitNs'] as const),
      ...(['handoffNs', 'unattributedNs', 'switches', 'forcedReleases'] as const),
    ]),
  locks: ({ locks }) => ({
    head: [
      ...['id', 'kind', 'name', 'file', 'line', 'acquires', 'contended'],
      ...['waitNs', 'holdNs', 'maxWaitNs', 'maxHoldNs'],
    ],
    rows: locks.map((row) => [
      ...[row.id, row.kind, row.name ?? '', row.createdAt.file, row.createdAt.line],
      ...[row.acquires, row.contended, row.waitNs, row.holdNs, row.maxWaitNs, row.maxHoldNs],
    ]),
  }),
};
