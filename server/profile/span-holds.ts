import type { LaneView } from './lane-view';
import { firstAbove } from './search';
import { eachSegment, type Sliced } from './stretches';
import { grown, grownInts } from './table';

/** The holds of one GIL in a span, in order of time; they never overlap. */
export class SpanHolds {
  count = 0;
  startNs = new Float64Array(64);
  endNs = new Float64Array(64);
  lane = new Int32Array(64);
  stack = new Int32Array(64);

  add(startNs: number, endNs: number, lane: number, stack: number): void {
    const at = this.count++;
    if (at === this.startNs.length) {
      this.startNs = grown(this.startNs, this.count);
      this.endNs = grown(this.endNs, this.count);
      this.lane = grownInts(this.lane, this.count);
      this.stack = grownInts(this.stack, this.count);
    }
    this.startNs[at] = startNs;
    this.endNs[at] = endNs;
    this.lane[at] = lane;
    this.stack[at] = stack;
  }

  /** Puts the holds in order: by counting into as many buckets as there are holds, then each bucket by itself. */
  sort(fromNs: number, toNs: number): void {
    const { count } = this;
    const scale = count / Math.max(1, toNs - fromNs);
    const bucketOf = (at: number): number =>
      Math.min(count - 1, Math.max(0, Math.floor(((this.startNs[at] as number) - fromNs) * scale)));
    const next = new Int32Array(count + 1);
    for (let at = 0; at < count; at++) {
      const bucket = bucketOf(at) + 1;
      next[bucket] = (next[bucket] as number) + 1;
    }
    for (let bucket = 0; bucket < count; bucket++) {
      next[bucket + 1] = (next[bucket + 1] as number) + (next[bucket] as number);
    }
    const first = next.slice();
    const order = new Int32Array(count);
    for (let at = 0; at < count; at++) {
      const bucket = bucketOf(at);
      let to = next[bucket] as number;
      next[bucket] = to + 1;
      const start = this.startNs[at] as number;
      const isLater = (place: number): boolean =>
        (this.startNs[order[place - 1] as number] as number) > start;
      // Only among those of the same bucket: places before it may not be filled yet.
      for (; to > (first[bucket] as number) && isLater(to); to--) {
        order[to] = order[to - 1] as number;
      }
      order[to] = at;
    }
    this.#reorder(order);
  }

  /** The first hold that ends after a moment; {@link count} if there is none. */
  firstEndingAfter(timeNs: number): number {
    return firstAbove(this.endNs, this.count, timeNs);
  }

  #reorder(order: Int32Array): void {
    const floats = (column: Float64Array): Float64Array<ArrayBuffer> =>
      Float64Array.from(order, (at) => column[at] as number);
    const ints = (column: Int32Array): Int32Array<ArrayBuffer> =>
      Int32Array.from(order, (at) => column[at] as number);
    this.startNs = floats(this.startNs);
    this.endNs = floats(this.endNs);
    this.lane = ints(this.lane);
    this.stack = ints(this.stack);
  }
}

/** By GIL: its holds in a span, cut to it. */
export function* holdsOfSpan(
  views: readonly LaneView[],
  fromNs: number,
  toNs: number,
): Sliced<ReadonlyMap<number, SpanHolds>> {
  const byGil = new Map<number, SpanHolds>();
  for (const [lane, view] of views.entries()) {
    const holds = byGil.get(view.track.gil) ?? new SpanHolds();
    byGil.set(view.track.gil, holds);
    yield* eachSegment(view, fromNs, toNs, ({ state, startNs, endNs, stack }) => {
      if (state !== 'holding') return;
      holds.add(Math.max(startNs, fromNs), Math.min(endNs, toNs), lane, stack);
    });
  }
  for (const holds of byGil.values()) {
    yield;
    holds.sort(fromNs, toNs);
  }
  return byGil;
}
