import type { BlameRow, GilRow, LineRow, Place, ProcessRow, Profile, ThreadRow } from '../protocol';
import { formatDuration } from './duration';
import { groupBy } from './group-by';
import { idOfItsProcess, processesById } from './process-id';
import { largest, sum } from './report-headline';
import { isOwnFile, type PlaceNames } from './report-places';
import { formatCount, formatShare, tableLines, wrap, type Column } from './report-table';

const TOP_THREADS = 20;
const TOP_LINES = 12;
const TOP_CALLERS = 8;
const TOP_PAIRS = 10;
const TOP_GILS = 12;
const TOP_PROCESSES = 16;
/** Rows below this share of the largest are only summed up. */
const SMALL = 0.001;
/** A caller is worth a row from this share of the costliest line on. */
const CALLERS_WORTH = 0.05;
/** Pairs are worth a section where the largest reaches this share of the run. */
const BLAME_WORTH = 0.0005;
/** A line on which threads spent this share of the run without the GIL is shown too: the program may hang there. */
const OFF_WORTH = 0.1;
const TOP_OFF = 3;
const END_NOT_SEEN = 'end not seen';

const duration = (ns: number): string => (ns === 0 ? '0' : formatDuration(ns));

export function findingsSection(profile: Profile, names: PlaceNames): string[] {
  // The headline has said so already.
  const findings = profile.findings.filter(({ rule }) => rule !== 'gil-not-the-problem');
  if (findings.length === 0) return [];
  const lines = ['Findings'];
  for (const finding of findings) {
    const where = finding.where === null ? '' : `   ${names.place(finding.where)}`;
    lines.push(
      `  ${finding.severity} ${finding.rule}${where}`,
      ...wrap(names.text(finding.message), '    '),
    );
  }
  return lines;
}

export function interpreterSection(profile: Profile, live = false): string[] {
  const endText = (row: ProcessRow): string => {
    const end = endOf(row);
    return live && end === END_NOT_SEEN ? 'still running' : end;
  };
  const several = profile.processes.length > 1;
  const { shown, rest } = worthNaming(profile.processes, endText);
  return [
    several ? `Processes (${profile.processes.length})` : 'Interpreter',
    ...shown.map((row) => {
      const gil = row.gilEnabled ? '' : ', no GIL';
      const end = several || row.replaced ? `, ${endText(row)}` : '';
      const start = `CPython ${row.python || '(version unknown)'}${gil}, ${row.host}, pid ${row.pid}`;
      return `  ${start}${end}   ${row.executable}`;
    }),
    ...(rest.length === 0
      ? []
      : [`  and ${plural(rest.length, 'more process', 'es')}: ${endsOf(rest, endText)}`]),
    ...wrap(otherChildrenText(sum(profile.processes, (row) => row.otherChildren)), '  '),
  ];
}

/** Not worth a warning: most are such as `git`, and which of them are a Python cannot be told. */
function otherChildrenText(count: number): string {
  if (count === 0) return '';
  const [children, ran] =
    count === 1 ? ['child process', 'it ran'] : ['child processes', 'they ran'];
  return `Of ${formatCount(count)} ${children} that ended nothing is in the profile: ${ran} no Python, or one that was not recorded.`;
}

/** The first process, those that ended in any other way than they should, and as many others as there is room for. */
function worthNaming(
  rows: readonly ProcessRow[],
  endText: (row: ProcessRow) => string,
): { shown: ProcessRow[]; rest: ProcessRow[] } {
  const isPlain = (row: ProcessRow): boolean => endText(row) === 'exit status 0';
  const first = rows.slice(0, 1);
  const others = rows.slice(1);
  const byWorth = [...first, ...others.filter((row) => !isPlain(row)), ...others.filter(isPlain)];
  const named = new Set(byWorth.slice(0, TOP_PROCESSES));
  return {
    shown: rows.filter((row) => named.has(row)),
    rest: rows.filter((row) => !named.has(row)),
  };
}

/** `48 exit status 0, 2 killed by SIGTERM`. */
function endsOf(rows: readonly ProcessRow[], endText: (row: ProcessRow) => string): string {
  const ends = [...groupBy(rows, endText)].sort(([, a], [, b]) => b.length - a.length);
  return ends.map(([end, { length }]) => `${formatCount(length)} ${end}`).join(', ');
}

function endOf(row: ProcessRow): string {
  if (row.replaced) return 'became another program';
  if (row.running) return 'went on when the program had ended';
  return row.stoppedBy === null ? exitText(row.exit) : `ended by Stop (${row.stoppedBy})`;
}

export function exitText(exit: ProcessRow['exit']): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  return exit.code === null ? END_NOT_SEEN : `exit status ${exit.code}`;
}

export function gilSection(profile: Profile): string[] {
  if (profile.gils.length === 0) return [];
  const processes = processesById(profile.processes);
  const processOf = (row: GilRow) => processes.get(idOfItsProcess(row));
  const lifeNs = (row: GilRow): number => {
    const { startNs = 0, endNs = 0 } = processOf(row) ?? {};
    return Math.max(0, endNs - startNs);
  };
  const columns: Column<GilRow>[] = [
    { head: 'held', cell: (row) => duration(row.holdNs) },
    { head: 'of the run', cell: (row) => formatShare(row.holdNs, lifeNs(row)) },
    { head: 'waits', cell: (row) => duration(row.waitNs) },
    { head: 'hand-off', cell: (row) => duration(row.handoffNs) },
    { head: 'switches', cell: (row) => formatCount(row.switches) },
    { head: 'forced releases', cell: (row) => formatCount(row.forcedReleases) },
    { head: 'switch interval', cell: (row) => duration(row.switchIntervalNs) },
  ];
  const note = '   on only while extension modules are imported';
  const last = {
    head: 'GIL',
    cell: (row: GilRow) => `${row.id}${processOf(row)?.gilEnabled === false ? note : ''}`,
  };
  const several = profile.gils.length > 1;
  const busiest = profile.gils.toSorted((a, b) => b.holdNs + b.waitNs - (a.holdNs + a.waitNs));
  const named = new Set(busiest.slice(0, TOP_GILS));
  const inOrder = profile.gils.filter((row) => named.has(row));
  const rest = profile.gils.filter((row) => !named.has(row));
  const more = `  and ${plural(rest.length, 'more GIL')}, ${costSum(rest, { held: (row) => row.holdNs, waits: (row) => row.waitNs })}`;
  return [
    several ? `GILs (${formatCount(profile.gils.length)})` : 'GIL',
    ...tableLines(columns, last, inOrder),
    ...(rest.length === 0 ? [] : [more]),
  ];
}

export function threadsSection(profile: Profile): string[] {
  const cost = (row: ThreadRow): number => row.holdNs + row.waitNs + row.blocksNs + row.lockWaitNs;
  const { shown, rest } = top(profile.threads, cost, TOP_THREADS, 0);
  if (shown.length === 0) return [];
  const inOrder = [...shown].sort((a, b) => a.startNs - b.startNs || a.tid - b.tid);
  const columns = profile.locks.some((row) => row.waitNs > 0)
    ? THREAD_COLUMNS.toSpliced(2, 0, LOCK_WAIT_COLUMN)
    : THREAD_COLUMNS;
  const several = profile.processes.length > 1 || profile.gils.length > profile.processes.length;
  const last: Column<ThreadRow> = {
    head: 'thread',
    cell: (row) => `${row.name || `thread ${row.tid}`}${several ? ` [${row.gil}]` : ''}`,
  };
  const more = `  and ${plural(rest.length, 'more thread')}, ${costSum(rest, { hold: (row) => row.holdNs, wait: (row) => row.waitNs, blocks: (row) => row.blocksNs })}`;
  return [
    `Threads (${formatCount(profile.threads.length)})`,
    ...tableLines(columns, last, inOrder),
    ...(rest.length === 0 ? [] : [more]),
  ];
}

const THREAD_COLUMNS: readonly Column<ThreadRow>[] = [
  { head: 'hold', cell: (row) => duration(row.holdNs) },
  { head: 'wait', cell: (row) => duration(row.waitNs) },
  { head: 'off', cell: (row) => duration(row.offNs) },
  { head: 'native', cell: (row) => duration(row.nativeNs) },
  { head: 'blocks', cell: (row) => duration(row.blocksNs) },
  { head: 'acquired', cell: (row) => formatCount(row.acquires) },
  { head: 'contended', cell: (row) => formatCount(row.contended) },
  { head: 'longest wait', cell: (row) => duration(row.maxWaitNs) },
];

const LOCK_WAIT_COLUMN: Column<ThreadRow> = {
  head: 'lock wait',
  cell: (row) => duration(row.lockWaitNs),
};

type CostColumn = 'selfNs' | 'totalNs';

function costColumns(which: CostColumn, withLocks: boolean): Column<LineRow>[] {
  const ofLocks: Column<LineRow>[] = [
    { head: 'lock wait', cell: (row) => duration(row.lockWait[which]) },
    { head: 'lock blocks', cell: (row) => duration(row.lockBlocks[which]) },
  ];
  return [
    { head: 'hold', cell: (row) => duration(row.hold[which]) },
    { head: 'wait', cell: (row) => duration(row.wait[which]) },
    { head: 'blocks', cell: (row) => duration(row.blocks[which]) },
    ...(withLocks ? ofLocks : []),
    { head: 'off', cell: (row) => duration(row.off[which]) },
  ];
}

/** On which the split of holds over these lines rests; left out where no sample fell on any of them. */
function samplesColumn(
  rows: readonly LineRow[],
  samples: (row: LineRow) => number,
): Column<LineRow>[] {
  if (rows.every((row) => samples(row) === 0)) return [];
  return [{ head: 'samples', cell: (row) => formatCount(samples(row)) }];
}

function lineCost(row: LineRow, which: CostColumn): number {
  const { hold, wait, blocks, lockWait, lockBlocks } = row;
  return Math.max(...[hold, wait, blocks, lockWait, lockBlocks].map((cost) => cost[which]));
}

function haveLockCosts(rows: readonly LineRow[]): boolean {
  return rows.some((row) => row.lockWait.totalNs > 0 || row.lockBlocks.totalNs > 0);
}

export function linesSection(profile: Profile, names: PlaceNames): string[] {
  const costly = top(profile.lines, (row) => lineCost(row, 'selfNs'), TOP_LINES, SMALL);
  const idle = top(costly.rest, (row) => row.off.selfNs, TOP_OFF, 0).shown.filter(
    (row) => row.off.selfNs >= profile.wallNs * OFF_WORTH,
  );
  const shown = [...costly.shown, ...idle];
  const rest = costly.rest.filter((row) => !idle.includes(row));
  if (shown.length === 0) return [];
  const columns: Column<LineRow>[] = [
    ...costColumns('selfNs', haveLockCosts(shown)),
    { head: 'longest hold', cell: (row) => duration(row.maxHoldNs) },
    ...samplesColumn(shown, (row) => row.samples),
  ];
  const costs = {
    hold: (row: LineRow) => row.hold.selfNs,
    wait: (row: LineRow) => row.wait.selfNs,
    blocks: (row: LineRow) => row.blocks.selfNs,
  };
  return [
    'Lines, each without what it calls',
    ...tableLines(columns, lineColumn(names), shown),
    ...(rest.length === 0
      ? []
      : [`  and ${plural(rest.length, 'more line')}, ${costSum(rest, costs)}`]),
  ];
}

function lineColumn(names: PlaceNames): Column<LineRow> {
  return { head: 'line', cell: (row) => placeAndFunction(row, names) };
}

/** The user's lines that cost by what they call. */
export function callersSection(profile: Profile, names: PlaceNames): string[] {
  const callers = profile.lines.filter((row) => {
    const total = lineCost(row, 'totalNs');
    return isOwnFile(row.file) && total - lineCost(row, 'selfNs') > total * 0.05;
  });
  const costliest = largest(profile.lines, (row) => lineCost(row, 'selfNs'));
  const largestNs = costliest === undefined ? 0 : lineCost(costliest, 'selfNs');
  const { shown } = top(
    callers.filter((row) => lineCost(row, 'totalNs') >= largestNs * CALLERS_WORTH),
    (row) => lineCost(row, 'totalNs'),
    TOP_CALLERS,
    0,
  );
  if (shown.length === 0) return [];
  const columns = [
    ...costColumns('totalNs', haveLockCosts(shown)),
    ...samplesColumn(shown, (row) => row.totalSamples),
  ];
  return ['Your lines, with all they call', ...tableLines(columns, lineColumn(names), shown)];
}

export function blameSection(profile: Profile, names: PlaceNames): string[] {
  const gils = new Set(profile.gils.map((row) => row.id));
  const blame = profile.blame.filter((row) => gils.has(row.lock));
  const worst = largest(blame, (row) => row.ns);
  if (worst === undefined || worst.ns < profile.wallNs * BLAME_WORTH) return [];
  const { shown, rest } = top(blame, (row) => row.ns, TOP_PAIRS, SMALL);
  const holder = ({ holder: place }: BlameRow): string =>
    place === null ? 'nobody held it (hand-off)' : placeAndFunction(place, names);
  const width = Math.max(...shown.map((row) => placeAndFunction(row.waiter, names).length));
  const columns: Column<BlameRow>[] = [
    { head: 'wait', cell: (row) => duration(row.ns) },
    { head: 'times', cell: (row) => formatCount(row.count) },
    { head: 'longest', cell: (row) => duration(row.maxNs) },
  ];
  const several = profile.gils.length > 1;
  const last: Column<BlameRow> = {
    head: `${'waited at'.padEnd(width)}   while this held the GIL`,
    cell: (row) =>
      `${placeAndFunction(row.waiter, names).padEnd(width)}   ${holder(row)}${several ? `  [${row.lock}]` : ''}`,
  };
  return [
    'Who blocked whom',
    ...tableLines(columns, last, shown),
    ...(rest.length === 0
      ? []
      : [
          `  and ${plural(rest.length, 'more pair')}, wait ${duration(sum(rest, (row) => row.ns))}`,
        ]),
  ];
}

function placeAndFunction(place: Place, names: PlaceNames): string {
  return place.function === '' ? names.place(place) : `${names.place(place)} ${place.function}`;
}

/** The costliest rows, and the others that cost anything. */
function top<Row>(
  rows: readonly Row[],
  cost: (row: Row) => number,
  count: number,
  smallestShare: number,
): { shown: Row[]; rest: Row[] } {
  const sorted = rows.filter((row) => cost(row) > 0).sort((a, b) => cost(b) - cost(a));
  const least = (sorted[0] === undefined ? 0 : cost(sorted[0])) * smallestShare;
  const shown = sorted.slice(0, count).filter((row) => cost(row) >= least);
  return { shown, rest: sorted.slice(shown.length) };
}

function plural(count: number, noun: string, ending = 's'): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : ending}`;
}

function costSum<Row>(
  rows: readonly Row[],
  costs: Readonly<Record<string, (row: Row) => number>>,
): string {
  const parts = Object.entries(costs).map(([name, cost]) => `${name} ${duration(sum(rows, cost))}`);
  return `together ${parts.join(', ')}`;
}
