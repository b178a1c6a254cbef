import type { FlameCost, Scope } from '../protocol-analysis';
import type { LaneSegment } from './lane-segments';
import type { LaneView } from './lane-view';
import { holdsOfSpan, type SpanHolds } from './span-holds';
import { eachSegment, Pace, type Sliced } from './stretches';

/** The lanes of a scope, by index. */
export function lanesOf(
  views: readonly LaneView[],
  { lanes }: Pick<Scope, 'lanes'>,
): readonly (readonly [number, LaneView])[] {
  const all = [...views.entries()];
  if (lanes === null) return all;
  const wanted = new Set(lanes);
  return all.filter(([index]) => wanted.has(index));
}

/** A wait, cut to the scope, and the holds it is charged to: those from `first` on that begin before its end. */
export interface ChargedWait {
  readonly lane: number;
  readonly segment: LaneSegment;
  readonly startNs: number;
  readonly endNs: number;
  readonly holds: SpanHolds;
  readonly first: number;
}

/**
 * Calls back with every wait for a GIL that meets the span, of all lanes: whom it is charged to is up to the caller.
 * @param byGil See {@link holdsOfSpan}.
 */
export function* eachWait(
  views: readonly LaneView[],
  { fromNs, toNs }: Scope,
  byGil: ReadonlyMap<number, SpanHolds>,
  visit: (wait: ChargedWait) => number,
): Sliced<void> {
  const pace = new Pace();
  for (const [lane, view] of views.entries()) {
    const holds = byGil.get(view.track.gil);
    if (holds === undefined) continue;
    const waits: LaneSegment[] = [];
    yield* eachSegment(view, fromNs, toNs, (segment) => {
      if (segment.state === 'waiting') waits.push(segment);
    });
    for (const segment of waits) {
      const startNs = Math.max(segment.startNs, fromNs);
      const endNs = Math.min(segment.endNs, toNs);
      const first = holds.firstEndingAfter(startNs);
      if (pace.isBreak(1 + visit({ lane, segment, startNs, endNs, holds, first }))) yield;
    }
  }
}

/** Calls back with each hold that a wait is charged to; answers how many there were. */
export function eachHolder(
  { startNs, endNs, holds, first }: ChargedWait,
  visit: (hold: number, fromNs: number, toNs: number) => void,
): number {
  let at = first;
  for (; at < holds.count && (holds.startNs[at] as number) < endNs; at++) {
    const fromNs = Math.max(holds.startNs[at] as number, startNs);
    const toNs = Math.min(holds.endNs[at] as number, endNs);
    if (toNs > fromNs) visit(at, fromNs, toNs);
  }
  return at - first;
}

/** Calls back with every stretch of a cost in the scope and the stack it is charged to; they may overlap. */
export function* eachCost(
  views: readonly LaneView[],
  scope: Scope,
  cost: FlameCost,
  visit: (fromNs: number, toNs: number, stack: number) => void,
): Sliced<void> {
  const { fromNs, toNs } = scope;
  if (cost === 'blocks') {
    const wanted = new Set(lanesOf(views, scope).map(([lane]) => lane));
    const byGil = yield* holdsOfSpan(views, fromNs, toNs);
    yield* eachWait(views, scope, byGil, (wait) =>
      eachHolder(wait, (hold, startNs, endNs) => {
        const { lane, stack } = wait.holds;
        if (wanted.has(lane[hold] as number)) visit(startNs, endNs, stack[hold] as number);
      }),
    );
    return;
  }
  const state = cost === 'hold' ? 'holding' : 'waiting';
  for (const [, view] of lanesOf(views, scope)) {
    yield* eachSegment(view, fromNs, toNs, (segment) => {
      if (segment.state !== state) return;
      visit(Math.max(segment.startNs, fromNs), Math.min(segment.endNs, toNs), segment.stack);
    });
  }
}
