import type { BlameRow, LineRow, Place, Profile } from '../protocol';
import { groupBy } from '../profile/group-by';
import { largestCostNs, lineCosts, type LineCosts } from './line-costs';

/** A profile, looked up by file and line. Made once for each profile, so that no request has to search. */
export interface ProfileIndex {
  readonly profile: Profile;
  /** Costs by line of each file, under the file's key. */
  readonly costsByFile: ReadonlyMap<string, readonly LineCosts[]>;
  /** Names of locks by `LockRow.id`: of the variable, or what they are. */
  readonly lockNames: ReadonlyMap<string, string>;
  /** Of any line. */
  readonly largestNs: number;
  /** Waits of a line (see {@link placeKey}), longest first. */
  readonly waitsOf: ReadonlyMap<string, readonly BlameRow[]>;
  /** Waits that a line caused, longest first. */
  readonly blockedBy: ReadonlyMap<string, readonly BlameRow[]>;
}

/** @param keyOf A file's key: its real path, so that two names of a file have one entry. */
export function indexProfile(profile: Profile, keyOf: (file: string) => string): ProfileIndex {
  const rowsByFile = groupBy(profile.lines, (row: LineRow) => keyOf(row.file));
  const costsByFile = new Map<string, readonly LineCosts[]>();
  let largestNs = 0;
  for (const [key, rows] of rowsByFile) {
    const costs = lineCosts(rows);
    costsByFile.set(key, costs);
    for (const line of costs) largestNs = Math.max(largestNs, largestCostNs(line));
  }
  const longestFirst = [...profile.blame].sort((a, b) => b.ns - a.ns);
  const key = (place: Place): string => placeKey(keyOf(place.file), place.line);
  return {
    profile,
    costsByFile,
    lockNames: new Map(profile.locks.map(({ id, name, kind }) => [id, name ?? kind])),
    largestNs,
    waitsOf: groupBy(longestFirst, (row) => key(row.waiter)),
    blockedBy: groupBy(
      longestFirst.filter((row) => row.holder !== null),
      (row) => (row.holder ? key(row.holder) : ''),
    ),
  };
}

export function placeKey(fileKey: string, line: number): string {
  return `${line}:${fileKey}`;
}

export function costsAt(index: ProfileIndex, fileKey: string, line: number): LineCosts | undefined {
  return index.costsByFile.get(fileKey)?.find((costs) => costs.line === line);
}
