import { type LaneSegment, segmentsOfLane } from '../lane-segments';
import type { LaneView } from '../lane-view';

/** A hold is named beside a wait if it took at least this part of it: so at most 16 are, and no large one is missed. */
const LEAST_SHARE = 1 / 16;

/** A segment of a lane with its share in who blocked whom. */
export interface BlamedSegment extends LaneSegment {
  /** Index of the lane among those of the profile. */
  readonly lane: number;
  /** Numbers that a wait has in common with the holds that took a good part of it. */
  readonly links: readonly number[];
  /** Of a wait: the lane of the longest hold among those; -1: none took a good part. */
  readonly longestHolder: number;
}

interface OpenSegment {
  readonly lane: number;
  readonly rest: Generator<LaneSegment, void, undefined>;
  readonly segment: LaneSegment;
  readonly links: number[];
  longestHolder: number;
  longestNs: number;
}

/**
 * The segments of the lanes of one GIL, in the order of their ends.
 * @param lanes With their indices among those of the profile.
 * @param firstLink The first number of a link; each is used once.
 */
export function* gilSegments(
  lanes: readonly (readonly [number, LaneView])[],
  firstLink: number,
): Generator<BlamedSegment, number, undefined> {
  let link = firstLink;
  const heap = new EndHeap();
  const waiting = new Set<OpenSegment>();
  const holding = new Set<OpenSegment>();
  const open = (lane: number, rest: OpenSegment['rest']): void => {
    const next = rest.next();
    if (next.done === true) return;
    const opened: OpenSegment = {
      lane,
      rest,
      segment: next.value,
      links: [],
      longestHolder: -1,
      longestNs: 0,
    };
    if (next.value.state === 'waiting') waiting.add(opened);
    if (next.value.state === 'holding') holding.add(opened);
    heap.push(opened);
  };
  const join = (wait: OpenSegment, hold: OpenSegment): void => {
    if (isGoodPart(hold.segment, wait.segment)) joinBy(link++, wait, hold);
  };
  for (const [lane, view] of lanes) open(lane, segmentsOfLane(view));
  for (let ended = heap.pop(); ended !== undefined; ended = heap.pop()) {
    const { lane, rest, segment, links } = ended;
    if (waiting.delete(ended)) {
      // Who released to let another go waits only until that one holds: the hold is still open.
      for (const hold of holding) join(ended, hold);
    } else if (holding.delete(ended)) {
      for (const wait of waiting) join(wait, ended);
    }
    yield { ...segment, lane, links, longestHolder: ended.longestHolder };
    open(lane, rest);
  }
  return link;
}

function isGoodPart(hold: LaneSegment, wait: LaneSegment): boolean {
  const ns = overlapNs(hold, wait);
  return ns > 0 && ns >= (wait.endNs - wait.startNs) * LEAST_SHARE;
}

function joinBy(link: number, wait: OpenSegment, hold: OpenSegment): void {
  wait.links.push(link);
  hold.links.push(link);
  const ns = overlapNs(hold.segment, wait.segment);
  if (ns <= wait.longestNs) return;
  wait.longestNs = ns;
  wait.longestHolder = hold.lane;
}

function overlapNs(a: LaneSegment, b: LaneSegment): number {
  return Math.max(Math.min(a.endNs, b.endNs) - Math.max(a.startNs, b.startNs), 0);
}

/** What ends first is on top; a hold before a wait that ends at the same moment. */
class EndHeap {
  readonly #items: OpenSegment[] = [];

  push(item: OpenSegment): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !isBefore(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): OpenSegment | undefined {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [items[left], items[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const child = isRight ? b : a;
      if (!isBefore(child, last)) break;
      items[at] = child;
      at = isRight ? left + 1 : left;
    }
    items[at] = last;
    return top;
  }
}

function isBefore(a: OpenSegment, b: OpenSegment): boolean {
  const difference = a.segment.endNs - b.segment.endNs;
  if (difference !== 0) return difference < 0;
  return a.segment.state === 'holding' && b.segment.state !== 'holding';
}
