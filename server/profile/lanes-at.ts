import type { LockRow, Place } from '../protocol';
import type { LaneView } from './lane-view';
import type { LineIndex } from './line-index';
import type { LockSnapshot } from './lock-analysis';
import { eachSegment, type Sliced } from './stretches';

/** By stack node: 1 where a wanted line is anywhere on the stack. */
export function nodesUnder(lines: LineIndex, isWanted: (line: number) => boolean): Uint8Array {
  const under = new Uint8Array(lines.nodeCount);
  for (let node = 1; node < under.length; node++) {
    // A caller comes before what it calls.
    under[node] = isWanted(lines.lineOf(node)) ? 1 : (under[lines.parentOf(node)] as number);
  }
  return under;
}

/** The lanes that were anywhere in one of these files: those of which the path contains one of these texts. */
export function lanesInFiles(
  views: readonly LaneView[],
  lines: LineIndex,
  files: readonly string[],
): Sliced<ReadonlySet<number>> {
  const wanted = files.map((file) => file.toLowerCase());
  return lanesAt(views, lines, ({ file }) => {
    const path = file.toLowerCase();
    return wanted.some((part) => path.includes(part));
  });
}

/** What a lock's lanes are found in. */
export interface LockLanes {
  readonly views: readonly LaneView[];
  readonly lines: LineIndex;
  readonly locks: LockSnapshot;
  /** By lane: its thread in the trace. */
  readonly threadOfRow: readonly number[];
}

/** The lanes that waited for one of these locks, held it, or were at a line that uses it. */
export function* lanesOfLocks(
  { views, lines, locks, threadOfRow }: LockLanes,
  rows: readonly LockRow[],
): Sliced<ReadonlySet<number>> {
  // Others only had the GIL while the lock's holder waited for it.
  const uses = rows.flatMap((row) =>
    row.sites.filter(
      ({ waitNs, holdNs, acquires, workNs }) => waitNs + holdNs + acquires + workNs > 0,
    ),
  );
  const sites = new Set(uses.map(keyOf));
  const found = new Set(yield* lanesAt(views, lines, (place) => sites.has(keyOf(place))));
  const ids = new Set(rows.map(({ id }) => id));
  const members = locks.groups.groups.flatMap((group) => (ids.has(group.id) ? group.locks : []));
  const holders = new Set(
    members.flatMap((lock) => locks.holdsBetween(lock, 0, Infinity).map(({ thread }) => thread)),
  );
  const isMember = new Set(members);
  for (const [lane, view] of views.entries()) {
    if (holders.has(threadOfRow[lane] ?? -1)) found.add(lane);
    yield* eachSegment(view, view.startNs, view.endNs, ({ lock }) => {
      if (lock !== undefined && isMember.has(lock)) found.add(lane);
    });
  }
  return found;
}

function* lanesAt(
  views: readonly LaneView[],
  lines: LineIndex,
  isThere: (place: Place) => boolean,
): Sliced<ReadonlySet<number>> {
  const wanted = lines.places.map((place) => isThere(place));
  const under = nodesUnder(lines, (line) => wanted[line] === true);
  const found = new Set<number>();
  for (const [lane, view] of views.entries()) {
    yield* eachSegment(view, view.startNs, view.endNs, ({ stack }) => {
      if (under[stack] === 1) found.add(lane);
    });
  }
  return found;
}

function keyOf({ file, line }: Pick<Place, 'file' | 'line'>): string {
  return `${line} ${file}`;
}
