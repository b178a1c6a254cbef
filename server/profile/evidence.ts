import type { Finding } from '../protocol';
import type { LaneState } from '../protocol-chart';
import type { LaneSegment } from './lane-segments';
import type { LaneView } from './lane-view';
import type { LineIndex } from './line-index';
import { nodesUnder } from './lanes-at';
import { eachSegment, type Sliced } from './stretches';

/** Longer than any run, and small enough that sums with it are exact. */
const LONGER_THAN_ANY_NS = 2 ** 51;

/** A segment of a lane. */
export interface FoundSegment {
  readonly lane: number;
  readonly segment: LaneSegment;
}

/** Whether a segment shows something. */
type Shows = (lane: number, segment: LaneSegment) => boolean;

/** What evidence is looked for in. */
export interface EvidenceSources {
  readonly views: readonly LaneView[];
  readonly lines: LineIndex;
  /** By lane. */
  readonly tids: readonly number[];
  /** The row of a lock, by its number in a segment; null: it has none. */
  readonly lockIdOf: (lock: number) => string | null;
}

/** The segment that shows a finding best. Null: there is none. */
export function* evidenceOf(
  sources: EvidenceSources,
  finding: Finding,
): Sliced<FoundSegment | null> {
  const kinds = kindsOf(sources, finding);
  let best: FoundSegment | null = null;
  let bestKind = kinds.length;
  for (const [lane, view] of sources.views.entries()) {
    yield* eachSegment(view, view.startNs, view.endNs, (segment) => {
      const kind = kinds.findIndex((shows) => shows(lane, segment));
      if (kind < 0 || kind > bestKind) return;
      const longest = best === null ? 0 : best.segment.endNs - best.segment.startNs;
      if (kind === bestKind && segment.endNs - segment.startNs <= longest) return;
      best = { lane, segment };
      bestKind = kind;
    });
  }
  return best;
}

/** What shows a finding, the best first; of one kind the longest does. */
function kindsOf(sources: EvidenceSources, finding: Finding): readonly Shows[] {
  const { lines, tids, lockIdOf } = sources;
  const { rule, where, evidence } = finding;
  const line = where === null ? -1 : lines.find(where.file, where.line);
  const isHere = ({ stack }: LaneSegment): boolean =>
    where === null || lines.lineOf(stack) === line;
  const covered = rule === 'budget-broken' ? linesOfBudget(lines, where) : new Set([line]);
  const under = nodesUnder(lines, (at) => covered.has(at));
  const isUnder = ({ stack }: LaneSegment): boolean => where === null || under[stack] === 1;
  const isOfThread = (lane: number): boolean =>
    typeof evidence['thread'] !== 'number' || tids[lane] === evidence['thread'];
  const inState =
    (state: LaneState, isThere: (segment: LaneSegment) => boolean): Shows =>
    (lane, segment) =>
      segment.state === state && isThere(segment) && isOfThread(lane);
  const ofLock: Shows = (_, { state, lock }) =>
    state === 'lock' && lock !== undefined && lockIdOf(lock) === evidence['lock'];
  switch (rule) {
    case 'gil-hog':
    case 'native-holds-gil':
      return [inState('holding', isHere)];
    case 'convoy':
    case 'gil-not-the-problem':
    case 'gil-switched-on':
    case 'invariant-broken':
      return [inState('waiting', isHere)];
    case 'budget-broken':
      return [
        inState(String(evidence['measure']).endsWith('wait') ? 'waiting' : 'holding', isUnder),
      ];
    case 'loop-blocked':
      return [inState('off', isUnder)];
    case 'no-gil':
      return [inState('lock', isHere)];
    case 'lock-convoy':
    case 'large-critical-section':
    case 'lock-across-await':
    case 'lock-across-blocking-call':
    case 'object-contention':
    case 'stop-the-world':
    case 'deadlock':
    case 'lock-order-inversion':
      // Where nobody waited for the lock: what happened while it was held.
      return [ofLock, inState('lock', isUnder), inState('off', isUnder), (_, at) => isUnder(at)];
  }
}

/** The line of a budget; where it stands above a function or on its first line, the lines of the function. */
function linesOfBudget(lines: LineIndex, where: Finding['where']): ReadonlySet<number> {
  if (where === null) return new Set();
  const own = lines.find(where.file, where.line);
  if (own >= 0) return new Set([own]);
  const below = [...lines.places.entries()].filter(
    ([, { file, line }]) => file === where.file && line > where.line,
  );
  const [first] = below.toSorted(([, a], [, b]) => a.line - b.line);
  const name = first?.[1].function;
  return new Set(below.flatMap(([line, place]) => (place.function === name ? [line] : [])));
}

/** The longest wait or hold at a line, else the longest segment there; null: it was never there. */
export function* longestAt(
  views: readonly LaneView[],
  lines: LineIndex,
  { file, line }: { readonly file: string; readonly line: number },
): Sliced<FoundSegment | null> {
  const wanted = lines.find(file, line);
  if (wanted < 0) return null;
  let best: FoundSegment | null = null;
  /** Whoever is off costs nobody anything: such a segment is shown if there is no other. */
  const weightOf = ({ state, startNs, endNs }: LaneSegment): number =>
    endNs - startNs + (state === 'off' ? 0 : LONGER_THAN_ANY_NS);
  for (const [lane, view] of views.entries()) {
    yield* eachSegment(view, view.startNs, view.endNs, (segment) => {
      if (lines.lineOf(segment.stack) !== wanted) return;
      if (best === null || weightOf(segment) > weightOf(best.segment)) best = { lane, segment };
    });
  }
  return best;
}
