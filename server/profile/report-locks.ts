import type { BlameRow, LockRow, Place, Profile } from '../protocol';
import { formatDuration } from './duration';
import { groupBy } from './group-by';
import { inFunction, largest, sum } from './report-headline';
import type { PlaceNames } from './report-places';
import { formatCount, formatShare, tableLines, type Column } from './report-table';

const TOP_LOCKS = 10;
const TOP_PAIRS = 10;
const TOP_WORK = 6;
/** Rows below this share of the largest are only summed up. */
const SMALL = 0.01;
/** Waiting for locks is worth a sentence from this share of the run on. */
const HEADLINE_WORTH = 0.01;

const duration = (ns: number): string => (ns === 0 ? '0' : formatDuration(ns));

/** `Pool._lock`, with the kind where the name does not say it; `a Lock` where nothing names it. */
export function lockTitle(row: LockRow): string {
  const { name, kind, instances } = row;
  if (kind === 'import' && instances === 1) return importLock(row);
  if (kind === 'runtime') return 'locks of its own';
  if (name === null) return instances > 1 ? `${formatCount(instances)} × ${kind}` : kind;
  const many = instances > 1 ? `${formatCount(instances)} × ` : '';
  return `${many}${name} (${kind})`;
}

/** What waiting for locks came to, in one sentence or two. */
export function lockHeadline(profile: Profile, names: PlaceNames): string[] {
  const waitNs = sum(profile.locks, (row) => row.waitNs);
  const worst = largest(profile.locks, (row) => row.waitNs);
  // Without a GIL there is nothing else to say.
  const isFree = profile.processes.every((row) => !row.gilEnabled);
  const worthNs = isFree ? 1 : profile.wallNs * HEADLINE_WORTH;
  if (worst === undefined || waitNs < worthNs) return [];
  const part =
    worst.waitNs > waitNs * 0.99
      ? `all for ${lockPhrase(worst)}`
      : `${formatDuration(worst.waitNs)} of it for ${lockPhrase(worst)}`;
  const blame = largest(
    profile.blame.filter((row) => row.lock === worst.id && row.holder !== null),
    (row) => row.ns,
  );
  const holder = blame?.holder ?? null;
  const by =
    blame === undefined || holder === null || holder.line === 0
      ? ''
      : `, ${formatShare(blame.ns, worst.waitNs)} of that while ${names.place(holder)}${inFunction(holder)} had it`;
  return [names.text(`Threads waited ${formatDuration(waitNs)} for locks, ${part}${by}.`)];
}

function importLock({ name }: LockRow): string {
  return name === null ? 'import lock of a module' : `import lock of ${name}`;
}

/** Holds of locks inside the interpreter are not recorded: then nobody knows. */
function withoutHolder(lock: LockRow | undefined): string {
  const isInside =
    lock !== undefined &&
    (lock.name === 'per-object lock' || ['stop-the-world', 'runtime'].includes(lock.kind));
  return isInside ? 'not known who had it' : 'nobody held it (hand-off)';
}

/** In a sentence. */
export function lockPhrase(row: LockRow): string {
  if (row.kind === 'import') return `the ${importLock(row)}`;
  const inside = row.library === null ? '' : ` inside ${row.library}`;
  if (row.kind === 'stop-the-world') return 'stops of all threads';
  if (row.kind === 'runtime') return 'locks of the interpreter itself';
  if (row.name === 'per-object lock')
    return row.kind === 'object' ? 'locks inside objects' : `the lock inside one ${row.kind}`;
  if (row.name !== null) return `the ${row.kind} ${row.name}${inside}`;
  if (row.createdAt.line === 0) return `a ${row.kind}${inside}`;
  const { file, line } = row.createdAt;
  return `the ${row.kind} made at ${file}:${line}${inside}`;
}

const COLUMNS: readonly Column<LockRow>[] = [
  { head: 'wait', cell: (row) => duration(row.waitNs) },
  { head: 'longest', cell: (row) => duration(row.maxWaitNs) },
  { head: 'contended', cell: (row) => formatCount(row.contended) },
  { head: 'acquired', cell: (row) => formatCount(row.acquires) },
  { head: 'held', cell: (row) => `${row.estimatedHoldNs > 0 ? '~' : ''}${duration(row.holdNs)}` },
  { head: 'longest hold', cell: (row) => duration(row.maxHoldNs) },
];

/** Locks that somebody waited for, those of libraries folded; then the rest in a line. */
export function locksSection(profile: Profile, names: PlaceNames): string[] {
  const own = profile.locks.filter((row) => row.library === null && isLock(row));
  const waited = own.filter((row) => row.waitNs > 0);
  const folded = foldedRows(profile.locks.filter((row) => row.library !== null && row.waitNs > 0));
  const largestNs = waited[0]?.waitNs ?? 0;
  const shown = waited.slice(0, TOP_LOCKS).filter((row) => row.waitNs >= largestNs * SMALL);
  const rows = [...shown, ...folded].sort((a, b) => b.waitNs - a.waitNs);
  const rest = own.filter((row) => !shown.includes(row));
  if (rows.length === 0) return [];
  const last: Column<LockRow> = {
    head: 'lock',
    cell: (row) => {
      const made = row.createdAt.line === 0 ? '' : `   made at ${names.place(row.createdAt)}`;
      return row.library === null
        ? `${lockTitle(row)}${made}`
        : `${row.library}, inside: ${lockTitle(row)}${made}`;
    },
  };
  const count = sum(rest, (row) => row.instances);
  const restNs = sum(rest, (row) => row.waitNs);
  const waits = restNs === 0 ? 'nobody waited for them' : `wait ${duration(restNs)}`;
  return [
    'Locks',
    ...tableLines(COLUMNS, last, rows),
    ...(count === 0 ? [] : [`  and ${formatCount(count)} more: ${waits}`]),
    ...(rows.some((row) => row.estimatedHoldNs > 0)
      ? ['  ~ estimated in part: short holds of which nobody can have waited are sampled']
      : []),
    ...spinLines(profile),
  ];
}

/** Without a GIL threads spin for a little before they sleep. */
function spinLines({ locks }: Profile): string[] {
  const spinNs = sum(locks, (row) => row.spinNs);
  if (spinNs < sum(locks, (row) => row.waitNs) * SMALL) return [];
  return [`  ${duration(spinNs)} of the waits were over before the thread went to sleep: it spun.`];
}

/** Not a row of waits for work. */
function isLock(row: LockRow): boolean {
  return row.acquires > 0 || row.waitNs > 0;
}

/** The locks inside of one library as one row, with the name of that which was waited for most. */
function foldedRows(rows: readonly LockRow[]): LockRow[] {
  const byLibrary = groupBy(rows, (row) => row.library ?? '');
  return [...byLibrary.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const total = (of: (row: LockRow) => number) => sum(all, of);
    return [
      {
        ...first,
        name:
          all.length === 1 ? first.name : `${first.name ?? first.kind} and ${all.length - 1} more`,
        waitNs: total((row) => row.waitNs),
        contended: total((row) => row.contended),
        acquires: total((row) => row.acquires),
        holdNs: total((row) => row.holdNs),
        estimatedHoldNs: total((row) => row.estimatedHoldNs),
        maxWaitNs: Math.max(...all.map((row) => row.maxWaitNs)),
        maxHoldNs: Math.max(...all.map((row) => row.maxHoldNs)),
      },
    ];
  });
}

export function lockBlameSection(profile: Profile, names: PlaceNames): string[] {
  const locks = new Map(profile.locks.map((row) => [row.id, row]));
  const pairs = profile.blame.filter((row) => locks.has(row.lock));
  const [worst] = pairs;
  if (worst === undefined) return [];
  const shown = pairs.slice(0, TOP_PAIRS).filter((row) => row.ns >= worst.ns * SMALL);
  const rest = pairs.slice(shown.length);
  const place = (at: Place): string =>
    at.function === '' ? names.place(at) : `${names.place(at)} ${at.function}`;
  const width = Math.max(...shown.map((row) => place(row.waiter).length));
  const lockName = (row: BlameRow): string => {
    const lock = locks.get(row.lock);
    if (lock?.kind === 'import') return importLock(lock);
    if (lock?.name === 'per-object lock' || lock?.kind === 'runtime') return lockPhrase(lock);
    return lock === undefined ? row.lock : (lock.name ?? lock.kind);
  };
  const columns: Column<BlameRow>[] = [
    { head: 'wait', cell: (row) => duration(row.ns) },
    { head: 'times', cell: (row) => formatCount(row.count) },
    { head: 'longest', cell: (row) => duration(row.maxNs) },
  ];
  const last: Column<BlameRow> = {
    head: `${'waited at'.padEnd(width)}   for lock, while this had it or kept who had it`,
    cell: (row) => {
      const holder = row.holder === null ? withoutHolder(locks.get(row.lock)) : place(row.holder);
      return `${place(row.waiter).padEnd(width)}   ${lockName(row)}, ${holder}`;
    },
  };
  return [
    'Who blocked whom with locks',
    ...tableLines(columns, last, shown),
    ...(rest.length === 0
      ? []
      : [
          `  and ${formatCount(rest.length)} more ${rest.length === 1 ? 'pair' : 'pairs'}, wait ${duration(sum(rest, (row) => row.ns))}`,
        ]),
    ...throughLines(profile),
  ];
}

/** Holders that were kept themselves. */
function throughLines({ locks }: Profile): string[] {
  const waitNs = sum(locks, (row) => row.waitNs);
  const gilNs = sum(locks, (row) => row.throughGilNs);
  if (gilNs < waitNs * SMALL) return [];
  return [
    `  For ${duration(gilNs)} of it who held the lock waited for the GIL: who held the GIL is named.`,
  ];
}

/** Waits that are no contention. */
export function workSection(profile: Profile, names: PlaceNames): string[] {
  const rows = profile.locks
    .flatMap((lock) => lock.sites.map((site) => ({ lock, site })))
    .filter(({ site }) => site.workNs > 0)
    .sort((a, b) => b.site.workNs - a.site.workNs);
  const [first] = rows;
  if (first === undefined) return [];
  const shown = rows
    .slice(0, TOP_WORK)
    .filter(({ site }) => site.workNs >= first.site.workNs * SMALL);
  const rest = rows.slice(shown.length);
  type Row = (typeof rows)[number];
  const last: Column<Row> = {
    head: 'for',
    cell: ({ lock, site }) => {
      const what = lock.name === null ? lock.kind : `${lock.name} (${lock.kind})`;
      return `${what}   ${names.place(site)}${site.function === '' ? '' : ` ${site.function}`}`;
    },
  };
  return [
    'Waits for work, which are no contention',
    ...tableLines([{ head: 'wait', cell: ({ site }) => duration(site.workNs) }], last, shown),
    ...(rest.length === 0
      ? []
      : [
          `  and ${formatCount(rest.length)} more ${rest.length === 1 ? 'line' : 'lines'}, wait ${duration(sum(rest, ({ site }) => site.workNs))}`,
        ]),
  ];
}
