import type { Place } from '../protocol';
import type { Hold, Segment } from '../protocol-chart';
import { segmentsOf } from './lane-segments';
import type { LaneView } from './lane-view';

const MAX_HOLDERS = 8;
const MAX_HOLDS = 64;
/** Of a holder's holds in one wait, so many are looked at. */
const HOLDS_SEARCHED = 4096;

interface Wait {
  readonly lane: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** A hold with the stack in place of its place: most are only compared. */
interface StackedHold {
  readonly lane: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
}

/** Why a wait for a GIL took as long as it did. */
export class WaitCause {
  readonly #views: readonly LaneView[];
  readonly #placeOf: (stack: number) => Place | null;

  constructor(views: readonly LaneView[], placeOf: (stack: number) => Place | null) {
    this.#views = views;
    this.#placeOf = placeOf;
  }

  /** Who held during the wait, largest first, and their longest holds in order of time. */
  holdersOf(wait: Wait): Pick<Segment, 'holders' | 'holds'> {
    const { startNs, endNs } = wait;
    const found = this.#others(wait).flatMap(([lane, view]) => {
      const ns = view.heldUntil(endNs) - view.heldUntil(startNs);
      return ns > 0 ? [{ lane, ns, holds: holdsBetween(lane, view, startNs, endNs) }] : [];
    });
    found.sort((a, b) => b.ns - a.ns || a.lane - b.lane);
    const holders = found.slice(0, MAX_HOLDERS).map(({ lane, ns, holds }) => {
      const longest = holds.reduce<StackedHold | null>(longer, null);
      return { lane, place: longest === null ? null : this.#placeOf(longest.stack), ns };
    });
    const longest = found
      .flatMap(({ holds }) => holds)
      .sort((a, b) => lengthOf(b) - lengthOf(a))
      .slice(0, MAX_HOLDS)
      .sort((a, b) => a.startNs - b.startNs);
    return { holders, holds: longest.map((hold) => this.#placed(hold)) };
  }

  /** The last hold that ended during the wait; null where none did, or the wait ended otherwise than with the lock. */
  releaserOf(wait: Wait): Hold | null {
    if (this.#views[wait.lane]?.endNs === wait.endNs) return null;
    let last: StackedHold | null = null;
    for (const [lane, view] of this.#others(wait)) {
      const hold = lastHold(lane, view, wait.endNs);
      if (hold === null || hold.endNs <= wait.startNs || hold.endNs > wait.endNs) continue;
      if (last === null || hold.endNs > last.endNs) last = hold;
    }
    return last === null ? null : this.#placed(last);
  }

  #others({ lane }: Wait): (readonly [number, LaneView])[] {
    const waiter = this.#views[lane];
    return [...this.#views.entries()].filter(
      ([, view]) => view !== waiter && view.track.gil === waiter?.track.gil,
    );
  }

  #placed({ lane, startNs, endNs, stack }: StackedHold): Hold {
    return { lane, startNs, endNs, place: this.#placeOf(stack) };
  }
}

/** The last hold of a lane that ended by then and took any time. */
function lastHold(lane: number, view: LaneView, untilNs: number): StackedHold | null {
  view.rewind();
  // The cursor is in the entry after the last release.
  let { entry, startNs: endNs } = view.seek(untilNs);
  while (entry-- > 0) {
    const length = view.lengthOf(entry, 2);
    const stack = view.stackOf(entry, 2);
    if (length > 0) return { lane, startNs: endNs - length, endNs, stack };
    endNs -= view.lengthOf(entry, 0) + view.lengthOf(entry, 1);
  }
  return null;
}

function longer(a: StackedHold | null, b: StackedHold): StackedHold {
  return a === null || lengthOf(b) > lengthOf(a) ? b : a;
}

function lengthOf({ startNs, endNs }: StackedHold): number {
  return endNs - startNs;
}

/** The holds of a lane between two moments, cut to them. */
function holdsBetween(lane: number, view: LaneView, fromNs: number, toNs: number): StackedHold[] {
  view.rewind();
  let { entry, startNs } = view.seek(fromNs);
  const holds: StackedHold[] = [];
  const last = Math.min(view.count, entry + HOLDS_SEARCHED);
  for (; entry <= last && startNs < toNs; entry++) {
    for (const { state, startNs: from, endNs, stack } of segmentsOf(view, entry, startNs)) {
      startNs = endNs;
      const cut = { startNs: Math.max(from, fromNs), endNs: Math.min(endNs, toNs) };
      if (state === 'holding' && cut.endNs > cut.startNs) holds.push({ lane, ...cut, stack });
    }
  }
  return holds;
}
