import type { LaneState } from '../protocol-chart';
import type { LaneView } from './lane-view';

/** A stretch of one state. */
export interface LaneSegment {
  readonly state: LaneState;
  readonly startNs: number;
  readonly endNs: number;
  /** Node. */
  readonly stack: number;
  /** Of a wait for a lock: which one. */
  readonly lock?: number;
}

const PIECES: readonly LaneState[] = ['off', 'waiting', 'holding'];

/** The segment that contains `timeNs`, the last one at the lane's very end; null outside the lane's life. */
export function segmentAt(view: LaneView, timeNs: number): LaneSegment | null {
  if (timeNs < view.startNs || timeNs > view.endNs) return null;
  if (timeNs === view.endNs) return segmentBefore(view, timeNs);
  if (timeNs < view.firstNs) return lead(view);
  view.rewind();
  const { entry, startNs } = view.seek(timeNs);
  return segmentsOf(view, entry, startNs).find((segment) => segment.endNs > timeNs) ?? null;
}

/** The last segment that ends at `timeNs` or before. */
export function segmentBefore(view: LaneView, timeNs: number): LaneSegment | null {
  if (timeNs < view.firstNs) return null;
  view.rewind();
  let { entry, startNs } = view.seek(timeNs);
  for (;;) {
    const found = segmentsOf(view, entry, startNs).findLast((segment) => segment.endNs <= timeNs);
    if (found !== undefined) return found;
    if (entry === 0) return view.firstNs > view.startNs ? lead(view) : null;
    entry--;
    startNs -= lengthOfEntry(view, entry);
  }
}

/** The first segment that begins at `timeNs` or after. */
export function segmentAfter(view: LaneView, timeNs: number): LaneSegment | null {
  if (timeNs <= view.startNs && view.firstNs > view.startNs) return lead(view);
  view.rewind();
  let { entry, startNs } = view.seek(Math.max(timeNs, view.firstNs));
  for (; entry <= view.count; entry++) {
    const found = segmentsOf(view, entry, startNs).find((segment) => segment.startNs >= timeNs);
    if (found !== undefined) return found;
    startNs += lengthOfEntry(view, entry);
  }
  return null;
}

/** Every segment of a lane, from its start to its end. */
export function* segmentsOfLane(view: LaneView): Generator<LaneSegment, void, undefined> {
  if (view.firstNs > view.startNs) yield lead(view);
  let startNs = view.firstNs;
  for (let entry = 0; entry <= view.count; entry++) {
    for (const segment of segmentsOf(view, entry, startNs)) {
      yield segment;
      startNs = segment.endNs;
    }
  }
}

/** The segments of an entry that last at all. */
export function segmentsOf(view: LaneView, entry: number, startNs: number): LaneSegment[] {
  const segments: LaneSegment[] = [];
  for (const [piece, state] of PIECES.entries()) {
    const length = view.lengthOf(entry, piece);
    if (length === 0) continue;
    const endNs = startNs + length;
    const segment = { state, startNs, endNs, stack: view.stackOf(entry, piece) };
    if (state === 'off') segments.push(...splitOff(view, segment));
    else segments.push(segment);
    startNs = endNs;
  }
  return segments;
}

/** The time without the GIL, with the waits for locks in it apart. */
function splitOff(view: LaneView, off: LaneSegment): LaneSegment[] {
  const waits = view.lockWaits(off.startNs, off.endNs);
  if (waits.length === 0) return [off];
  const segments: LaneSegment[] = [];
  let at = off.startNs;
  for (const wait of waits) {
    const startNs = Math.max(wait.startNs, at);
    const endNs = Math.min(wait.endNs, off.endNs);
    if (startNs > at) segments.push({ ...off, startNs: at, endNs: startNs });
    if (endNs > startNs) {
      segments.push({ state: 'lock', startNs, endNs, stack: wait.stack, lock: wait.lock });
    }
    at = Math.max(at, endNs);
  }
  if (at < off.endNs) segments.push({ ...off, startNs: at });
  return segments;
}

function lengthOfEntry(view: LaneView, entry: number): number {
  return view.lengthOf(entry, 0) + view.lengthOf(entry, 1) + view.lengthOf(entry, 2);
}

/** Off from the lane's start to its first request. */
function lead(view: LaneView): LaneSegment {
  return { state: 'off', startNs: view.startNs, endNs: view.firstNs, stack: 0 };
}
