import type { LaneView } from './lane-view';
import { type LaneSegment, segmentsOf } from './lane-segments';

/** Entries and overlaps between two breaks of a long computation. */
const STEPS_PER_BREAK = 4096;

/** A computation in slices: whoever runs it may do something else at each break. */
export type Sliced<T> = Generator<undefined, T>;

/** Runs a computation to its end. */
export function runAll<T>(sliced: Sliced<T>): T {
  for (;;) {
    const { done, value } = sliced.next();
    if (done === true) return value;
  }
}

/** Says when it is time for a break. */
export class Pace {
  #steps = 0;

  isBreak(steps = 1): boolean {
    this.#steps += steps;
    if (this.#steps < STEPS_PER_BREAK) return false;
    this.#steps = 0;
    return true;
  }
}

/** Calls back with every segment of a lane that meets [fromNs, toNs), uncut, in order. */
export function* eachSegment(
  view: LaneView,
  fromNs: number,
  toNs: number,
  visit: (segment: LaneSegment) => void,
): Sliced<void> {
  const { startNs: bornNs, firstNs, count } = view;
  if (firstNs > bornNs && fromNs < firstNs && toNs > bornNs) {
    visit({ state: 'off', startNs: bornNs, endNs: firstNs, stack: 0 });
  }
  view.rewind();
  // The cursor is shared with whatever is asked during a break.
  let { entry, startNs } = view.seek(Math.max(fromNs, firstNs));
  const pace = new Pace();
  for (; entry <= count && startNs < toNs; entry++) {
    for (const segment of segmentsOf(view, entry, startNs)) {
      startNs = segment.endNs;
      if (segment.endNs > fromNs && segment.startNs < toNs) visit(segment);
    }
    if (pace.isBreak()) yield;
  }
}

/** Length of the part of a segment that lies in [fromNs, toNs). */
export function cut(
  segment: { readonly startNs: number; readonly endNs: number },
  fromNs: number,
  toNs: number,
): number {
  return Math.min(segment.endNs, toNs) - Math.max(segment.startNs, fromNs);
}
