import type { Finding, LaneState } from '../protocol';
import type { LaneSegment } from './lane-segments';
import type { LaneView } from './lane-view';
import type { LineIndex } from './line-index';
import { eachSegment, type Sliced } from './stretches';

/** Longer than any run, and small enough that sums with it are exact. */
const LONGER_THAN_ANY_NS = 2 ** 51;

/** A segment of a lane. */
export interface FoundSegment {
  readonly lane: number;
  readonly segment: LaneSegment;
}

/** The state of which the longest segment shows what a finding says. */
function stateOf({ rule }: Finding): LaneState {
  return rule === 'native-holds-gil' || rule === 'gil-hog' ? 'holding' : 'waiting';
}

/** The longest segment that shows the finding: at its line if it names one. Null: there is none. */
export function* evidenceOf(
  views: readonly LaneView[],
  lines: LineIndex,
  finding: Finding,
  tids: readonly number[],
): Sliced<FoundSegment | null> {
  const { where, evidence } = finding;
  const line = where === null ? -1 : lines.find(where.file, where.line);
  if (where !== null && line < 0) return null;
  const state = stateOf(finding);
  const tid = evidence['thread'];
  let best: FoundSegment | null = null;
  for (const [lane, view] of views.entries()) {
    if (typeof tid === 'number' && tids[lane] !== tid) continue;
    yield* eachSegment(view, view.startNs, view.endNs, (segment) => {
      if (segment.state !== state) return;
      if (line >= 0 && lines.lineOf(segment.stack) !== line) return;
      const longest = best === null ? 0 : best.segment.endNs - best.segment.startNs;
      if (segment.endNs - segment.startNs > longest) best = { lane, segment };
    });
  }
  return best;
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

/** The lanes that were anywhere in a file of which the path contains this text. */
export function* lanesOfFile(
  views: readonly LaneView[],
  lines: LineIndex,
  file: string,
): Sliced<number[]> {
  const isInFile = new Uint8Array(lines.nodeCount);
  for (let node = 1; node < isInFile.length; node++) {
    const own = lines.placeOf(lines.lineOf(node)).file.toLowerCase().includes(file.toLowerCase());
    isInFile[node] = own ? 1 : (isInFile[lines.parentOf(node)] as number);
  }
  const found = new Set<number>();
  for (const [lane, view] of views.entries()) {
    yield* eachSegment(view, view.startNs, view.endNs, ({ stack }) => {
      if (isInFile[stack] === 1) found.add(lane);
    });
  }
  return [...found];
}
