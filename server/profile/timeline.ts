import type { ThreadRow } from '../protocol';
import type { CycleListener } from './bookkeeper';
import type { Snapshot } from './engine';
import { LaneLocks, type LockWait, type LockWaits, OpenLaneLocks } from './lane-locks';
import { LaneNative } from './lane-native';
import { LaneTrack, type Tail } from './lane-track';
import { LaneView } from './lane-view';
import { LongWaits, ranked, type LongWait } from './long-waits';
import type { OpenState } from './open';

/** Cycles kept singly: about 400 MB. Beyond it short neighbours are drawn as one, sums staying exact. */
const MAX_ENTRIES = 24_000_000;
/** Beyond it, an entry may grow to this length, or to … */
const MERGED_NS = 1_000_000;
/** … this part of the run, whichever is longer. */
const MERGED_SHARE = 1 / 65536;
const LONG_WAITS = 256;

/** Every lane's states over time, for the chart. Hears the cycles from the engine. */
export class Timeline implements CycleListener {
  readonly #tracks: LaneTrack[] = [];
  readonly #gilOf: (lane: number) => number;
  /** By lane. */
  readonly #longWaits = new LongWaits(LONG_WAITS);
  /** By thread. */
  readonly #longLockWaits = new LongWaits(LONG_WAITS);
  readonly #maxEntries: number;
  #entries = 0;
  /** Entries of each lane that a view has seen: they must not change any more. */
  readonly #viewed: number[] = [];
  /** By thread. */
  readonly #locks: LaneLocks[] = [];
  /** By lane. */
  readonly #native: LaneNative[] = [];

  constructor(gilOf: (lane: number) => number, maxEntries = MAX_ENTRIES) {
    this.#gilOf = gilOf;
    this.#maxEntries = maxEntries;
  }

  /** Whether neighbouring cycles had to be drawn as one. */
  get merged(): boolean {
    return this.#entries > this.#maxEntries;
  }

  native(lane: number, fromNs: number, toNs: number, nativeNs: number): void {
    (this.#native[lane] ??= new LaneNative()).push(fromNs, toNs, nativeNs);
  }

  switchWait(lane: number, fromNs: number, toNs: number): void {
    const track = this.#track(lane);
    this.#longWaits.offer(lane, fromNs, toNs);
    const stack = track.releaseStackOf(track.count - 1);
    if (this.#mayMerge(lane, track, toNs)) track.merge(fromNs, toNs, toNs, stack);
    else this.#push(track, fromNs, toNs, toNs, false, stack, -1);
  }

  cycle(
    lane: number,
    waitStartNs: number,
    acquiredNs: number,
    releasedNs: number,
    waitStack: number,
    releaseStack: number,
    sampledStack: number,
  ): void {
    const track = this.#track(lane);
    this.#longWaits.offer(lane, waitStartNs, acquiredNs);
    if (this.#mayMerge(lane, track, releasedNs)) {
      track.merge(waitStartNs, acquiredNs, releasedNs, releaseStack);
      return;
    }
    const strange = waitStack !== track.releaseStackOf(track.count - 1);
    this.#push(track, waitStartNs, acquiredNs, releasedNs, strange, releaseStack, sampledStack);
  }

  /** A wait for a lock of a thread of the trace. */
  lockWait(thread: number, wait: LockWait): void {
    const locks = (this.#locks[thread] ??= new LaneLocks());
    locks.push(wait);
    this.#longLockWaits.offer(thread, wait.startNs, wait.endNs, wait.lock, wait.stack);
  }

  /** The lanes in the order of the profile's threads. */
  views(snapshot: Snapshot): LaneView[] {
    return snapshot.laneOfRow.map((lane, row) => {
      const locks = this.#locksOf(snapshot, row);
      if (lane < 0) return viewWithoutGil(snapshot.profile.threads[row], locks);
      const track = this.#track(lane);
      this.#viewed[lane] = track.count;
      const { startNs, endNs } = snapshot.profile.threads[row] ?? { startNs: 0, endNs: 0 };
      const from = track.count === 0 ? startNs : track.endNs;
      const tail = tailOf(snapshot.open[lane], from);
      const native = this.#native[lane] ?? null;
      return new LaneView(lane, track, startNs, endNs, tail, locks, native);
    });
  }

  /** With the wait that goes on, which a later view must not have. */
  #locksOf(snapshot: Snapshot, row: number): LockWaits | null {
    const thread = snapshot.threadOfRow[row] ?? -1;
    const known = this.#locks[thread] ?? null;
    const open = snapshot.locks.open.waits.find((wait) => wait.thread === thread && !wait.isWork);
    return open === undefined
      ? known
      : new OpenLaneLocks(known, { ...open, releaser: -1, owner: -1 });
  }

  /** The longest waits for the GIL and for locks, by row of the profile's threads. */
  longWaits(snapshot: Snapshot): LongWait[] {
    const open = snapshot.open.flatMap((state, lane): LongWait[] => {
      if (state.state === 'off') return [];
      const endNs = state.state === 'waiting' ? state.endNs : state.acquiredNs;
      return endNs > state.startNs ? [{ of: lane, startNs: state.startNs, endNs, lock: null }] : [];
    });
    const openLocks = snapshot.locks.open.waits
      .filter((wait) => !wait.isWork && wait.endNs > wait.startNs)
      .map(({ thread, startNs, endNs, lock, stack }) => {
        return { of: thread, startNs, endNs, lock: { lock, stack } };
      });
    const byRow = (rows: readonly number[]) => (wait: LongWait) => ({
      ...wait,
      of: rows.indexOf(wait.of),
    });
    return ranked([
      ...[...this.#longWaits.all, ...open].map(byRow(snapshot.laneOfRow)),
      ...[...this.#longLockWaits.all, ...openLocks].map(byRow(snapshot.threadOfRow)),
    ]).slice(0, LONG_WAITS);
  }

  #push(
    track: LaneTrack,
    waitStartNs: number,
    acquiredNs: number,
    releasedNs: number,
    strange: boolean,
    releaseStack: number,
    sampledStack: number,
  ): void {
    this.#entries++;
    track.push(waitStartNs, acquiredNs, releasedNs, strange, releaseStack, sampledStack);
  }

  #mayMerge(lane: number, track: LaneTrack, endNs: number): boolean {
    if (this.#entries <= this.#maxEntries || track.count <= (this.#viewed[lane] ?? 0)) return false;
    const limitNs = Math.max(MERGED_NS, endNs * MERGED_SHARE);
    return track.lastLengthNs() + endNs - track.endNs <= limitNs;
  }

  #track(lane: number): LaneTrack {
    const known = this.#tracks[lane];
    if (known !== undefined) return known;
    const track = new LaneTrack(this.#gilOf(lane));
    this.#tracks[lane] = track;
    return track;
  }
}

/** Of a thread that never has to do with a GIL. */
function viewWithoutGil(row: ThreadRow | undefined, locks: LockWaits | null): LaneView {
  const { startNs, endNs } = row ?? { startNs: 0, endNs: 0 };
  const tail = { offNs: endNs - startNs, waitNs: 0, holdNs: 0, waitStack: 0, holdStack: 0 };
  return new LaneView(-1, new LaneTrack(-1), startNs, endNs, tail, locks);
}

function tailOf(open: OpenState | undefined, fromNs: number): Tail {
  const { startNs, acquiredNs, endNs } = open ?? { startNs: 0, acquiredNs: 0, endNs: 0 };
  return {
    offNs: startNs - fromNs,
    waitNs: acquiredNs - startNs,
    holdNs: endNs - acquiredNs,
    waitStack: open?.stack ?? 0,
    holdStack: open?.holdStack ?? 0,
  };
}
