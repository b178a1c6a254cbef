import { useMemo } from 'preact/hooks';
import type { LockRow } from '../../server/protocol';
import type { ChartMeta, Lane } from '../../server/protocol-chart';
import type {
  AnalysisQuestion,
  BlameSums,
  LineSums,
  Scope,
  ScopeSums,
  Span,
} from '../../server/protocol-analysis';
import { unpackBlame } from '../unpack-blame';
import { useAnswer, type AnalysisClient } from './analysis-client';
import { both, isEmpty, isFileWanted, lanesByName, parseFilter, type Filter } from './filter';

/** A lane with its costs in the part of the run that is looked at. */
export interface ThreadSums {
  readonly index: number;
  readonly lane: Lane;
  /** Of its life, the part that is looked at. */
  readonly lifeNs: number;
  readonly holdNs: number;
  readonly waitNs: number;
  readonly lockWaitNs: number;
  /** The rest of its life, as the chart shows it: without waits for locks. */
  readonly offNs: number;
  readonly blocksNs: number;
}

/** The part of the run that all tables are about, and its numbers. */
export interface ScopeData {
  readonly filter: Filter;
  readonly span: Span | null;
  /** Indexes of the lanes that are left; null: all. */
  readonly lanes: readonly number[] | null;
  readonly scope: Scope;
  readonly isWhole: boolean;
  /** The numbers are still those of another part. */
  readonly isPending: boolean;
  /** The host knows only the numbers of the whole run, whatever is selected. */
  readonly onlyWhole: boolean;
  readonly lines: readonly LineSums[];
  readonly blame: readonly BlameSums[];
  readonly threads: readonly ThreadSums[];
  readonly locks: readonly LockRow[];
  /** Of locks only what a part of the run tells is known: see LockScopeSums. */
  readonly isPart: boolean;
  /** See ScopeSums. */
  readonly locksFolded: boolean;
}

/** Follows the filter and the selected span; what the profile does not say by itself the host is asked for. */
export function useScope(
  client: AnalysisClient,
  meta: ChartMeta,
  text: string,
  span: Span | null,
  onlyWhole: boolean,
): ScopeData {
  const filter = useMemo(() => parseFilter(text), [text]);
  const wanted = useMemo(() => lanesQuestion(meta, filter), [meta.locks, filter]);
  const there = useAnswer<'lanesAt'>(client, onlyWhole ? null : wanted, meta.revision);
  const lanes = useMemo(
    () => both(lanesByName(filter, meta.lanes, meta.processes), there?.lanes ?? null),
    [filter, meta.lanes, meta.processes, there],
  );
  const scope = useMemo(
    () => ({ fromNs: span?.startNs ?? 0, toNs: span?.endNs ?? meta.wallNs, lanes }),
    [span, lanes, meta.wallNs],
  );
  const isWhole = span === null && lanes === null;
  const isAsked = !isWhole && !onlyWhole;
  const blame = useMemo(() => unpackBlame(meta.blame), [meta.blame]);
  const answer = useAnswer<'sums'>(client, isAsked ? { kind: 'sums', scope } : null, meta.revision);
  return useMemo(() => {
    const sums = isAsked ? (answer?.sums ?? null) : null;
    const isPending = isAsked && sums === null;
    const shared = { filter, span, lanes, scope, isWhole, isPending, onlyWhole };
    const whole = { fromNs: 0, toNs: meta.wallNs, lanes: null };
    const part = { filter, scope: sums === null ? whole : scope };
    return { ...shared, ...tablesOf(meta, sums, blame, part) };
  }, [filter, span, lanes, scope, isWhole, isAsked, answer, meta, blame]);
}

function tablesOf(
  meta: ChartMeta,
  sums: ScopeSums | null,
  wholeBlame: readonly BlameSums[],
  { filter, scope }: { readonly filter: Filter; readonly scope: Scope },
): Pick<ScopeData, 'lines' | 'blame' | 'threads' | 'locks' | 'isPart' | 'locksFolded'> {
  const byLane = new Map(sums?.lanes.map((row) => [row.lane, row]));
  const threads = meta.lanes.flatMap((lane, index): ThreadSums[] => {
    const own = sums === null ? lane : byLane.get(index);
    if (own === undefined) return [];
    const { holdNs, waitNs, lockWaitNs, blocksNs } = own;
    const offNs = own === lane ? Math.max(0, own.offNs - lockWaitNs) : own.offNs;
    const fromNs = Math.max(lane.startNs, scope.fromNs);
    const lifeNs = Math.max(0, Math.min(lane.endNs, scope.toNs) - fromNs);
    return [{ index, lane, lifeNs, holdNs, waitNs, lockWaitNs, offNs, blocksNs }];
  });
  const lines: readonly LineSums[] = sums?.lines ?? meta.lines;
  const blame: readonly BlameSums[] = sums?.blame ?? wholeBlame;
  const locks = {
    ...{ locks: locksOf(meta, sums, filter), isPart: sums !== null },
    locksFolded: sums?.locksFolded ?? false,
  };
  if (isEmpty(filter)) return { lines, blame, threads, ...locks };
  const sites = sitesOf(meta, filter);
  const ids = new Set(wantedLocks(meta, { ...filter, files: [] }).map(({ id }) => id));
  const isOfLock = (lock: string): boolean => filter.locks.length === 0 || ids.has(lock);
  const isWanted = (place: { readonly file: string; readonly line: number } | null): boolean =>
    place !== null &&
    isFileWanted(filter, place.file) &&
    sites?.has(`${place.file}:${place.line}`) !== false;
  return {
    lines: lines.filter(isWanted),
    blame: blame.filter(
      ({ lock, waiter, holder }) => isOfLock(lock) && (isWanted(waiter) || isWanted(holder)),
    ),
    threads,
    ...locks,
  };
}

/** Where the wanted locks are used; null: all locks are wanted. */
function sitesOf(meta: ChartMeta, filter: Filter): ReadonlySet<string> | null {
  if (filter.locks.length === 0) return null;
  const sites = wantedLocks(meta, filter).flatMap((lock) => lock.sites);
  return new Set(sites.map(({ file, line }) => `${file}:${line}`));
}

/** Which lanes a filter by files and locks leaves is the host's to say; null: it does not ask for any. */
function lanesQuestion(
  meta: ChartMeta,
  filter: Filter,
): Extract<AnalysisQuestion, { kind: 'lanesAt' }> | null {
  const { files, locks } = filter;
  if (files.length + locks.length === 0) return null;
  const ids =
    locks.length === 0 ? [] : wantedLocks(meta, { ...filter, files: [] }).map(({ id }) => id);
  // Of a lock that is not there no lane is left.
  return { kind: 'lanesAt', files, locks: locks.length > 0 && ids.length === 0 ? locks : ids };
}

/** The locks that are left, with their numbers in the part of the run. */
function locksOf(meta: ChartMeta, sums: ScopeSums | null, filter: Filter): readonly LockRow[] {
  const wanted = wantedLocks(meta, filter);
  if (sums === null) return wanted;
  const byId = new Map(sums.locks.map((row) => [row.lock, row]));
  return wanted.flatMap((row) => {
    const part = byId.get(row.id);
    if (part === undefined) return [];
    const { waitNs, contended, maxWaitNs, holdNs } = part;
    return [{ ...row, waitNs, contended, maxWaitNs, holdNs }];
  });
}

/** The locks that the filter leaves: those of a name, else by a part of name, kind or place. */
function wantedLocks(meta: ChartMeta, { locks, files }: Filter): ChartMeta['locks'] {
  const names = new Set(meta.locks.map(({ name }) => name?.toLowerCase()));
  return meta.locks.filter(({ kind, name, createdAt }) => {
    const text = `${kind} ${name ?? ''} ${createdAt.file}:${createdAt.line}`.toLowerCase();
    const isWanted = (word: string): boolean =>
      names.has(word) ? name?.toLowerCase() === word : text.includes(word);
    const isThere = files.length === 0 || files.some((file) => text.includes(file));
    return isThere && (locks.length === 0 || locks.some(isWanted));
  });
}
