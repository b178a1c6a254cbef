import { useMemo } from 'preact/hooks';
import type { ChartMeta, Lane } from '../../server/protocol';
import type { BlameSums, LineSums, Scope, ScopeSums, Span } from '../../server/protocol-analysis';
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
  const [file = ''] = filter.files;
  const inFile = useAnswer<'lanesOfFile'>(
    client,
    file === '' || onlyWhole ? null : { kind: 'lanesOfFile', file },
    meta.revision,
  );
  const lanes = useMemo(
    () => both(lanesByName(filter, meta.lanes, meta.processes), inFile?.lanes ?? null),
    [filter, meta.lanes, meta.processes, inFile],
  );
  const scope = useMemo(
    () => ({ fromNs: span?.startNs ?? 0, toNs: span?.endNs ?? meta.wallNs, lanes }),
    [span, lanes, meta.wallNs],
  );
  const isWhole = span === null && lanes === null;
  const isAsked = !isWhole && !onlyWhole;
  const answer = useAnswer<'sums'>(client, isAsked ? { kind: 'sums', scope } : null, meta.revision);
  return useMemo(() => {
    const sums = isAsked ? (answer?.sums ?? null) : null;
    const isPending = isAsked && sums === null;
    const shared = { filter, span, lanes, scope, isWhole, isPending, onlyWhole };
    const whole = { fromNs: 0, toNs: meta.wallNs, lanes: null };
    return { ...shared, ...tablesOf(meta, sums, filter, sums === null ? whole : scope) };
  }, [filter, span, lanes, scope, isWhole, isAsked, answer, meta]);
}

function tablesOf(
  meta: ChartMeta,
  sums: ScopeSums | null,
  filter: Filter,
  scope: Scope,
): Pick<ScopeData, 'lines' | 'blame' | 'threads'> {
  const byLane = new Map(sums?.lanes.map((row) => [row.lane, row]));
  const threads = meta.lanes.flatMap((lane, index): ThreadSums[] => {
    const own = sums === null ? lane : byLane.get(index);
    if (own === undefined) return [];
    const { holdNs, waitNs, offNs, blocksNs } = own;
    const fromNs = Math.max(lane.startNs, scope.fromNs);
    const lifeNs = Math.max(0, Math.min(lane.endNs, scope.toNs) - fromNs);
    return [{ index, lane, lifeNs, holdNs, waitNs, offNs, blocksNs }];
  });
  const lines: readonly LineSums[] = sums?.lines ?? meta.lines;
  const blame: readonly BlameSums[] = sums?.blame ?? meta.blame;
  if (isEmpty(filter)) return { lines, blame, threads };
  const sites = sitesOf(meta, filter);
  const isWanted = (place: { readonly file: string; readonly line: number } | null): boolean =>
    place !== null &&
    isFileWanted(filter, place.file) &&
    sites?.has(`${place.file}:${place.line}`) !== false;
  return {
    lines: lines.filter(isWanted),
    blame: blame.filter(({ waiter, holder }) => isWanted(waiter) || isWanted(holder)),
    threads,
  };
}

/** Where the wanted locks are used; null: all locks are wanted. */
function sitesOf(meta: ChartMeta, filter: Filter): ReadonlySet<string> | null {
  if (filter.locks.length === 0) return null;
  const sites = wantedLocks(meta, filter).flatMap((lock) => lock.sites);
  return new Set(sites.map(({ file, line }) => `${file}:${line}`));
}

/** The locks that the filter leaves: by name, kind, and where they were made. */
export function wantedLocks(meta: ChartMeta, { locks, files }: Filter): ChartMeta['locks'] {
  return meta.locks.filter(({ id, kind, name, createdAt }) => {
    const text = `${id} ${kind} ${name ?? ''} ${createdAt.file}:${createdAt.line}`.toLowerCase();
    const isNamed = locks.length === 0 || locks.some((word) => text.includes(word));
    const isThere = files.length === 0 || files.some((file) => text.includes(file));
    return isNamed && isThere;
  });
}
