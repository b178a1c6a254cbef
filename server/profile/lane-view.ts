import type { LockWait, LockWaits } from './lane-locks';
import type { LaneNative } from './lane-native';
import type { LaneTrack, Tail, TrackCursor } from './lane-track';

/**
 * A lane as of one snapshot: its track up to then, and what was open. Later cycles do not show. Sums up to a moment
 * are exact, and do not grow over a stretch in which the state does not occur.
 */
export class LaneView {
  readonly lane: number;
  readonly track: LaneTrack;
  readonly startNs: number;
  readonly endNs: number;
  readonly tail: Tail;
  /** Entries of the track in this view; the entry after them is the tail. */
  readonly count: number;
  readonly #locks: LockWaits | null;
  readonly #lockCount: number;
  readonly #native: LaneNative | null;
  readonly #nativeCount: number;
  readonly #firstNs: number;
  readonly #cursor: TrackCursor = { entry: 0, startNs: 0, holdNs: 0, waitNs: 0 };

  /** @param locks The thread's waits for locks; null: none. @param native null: not known */
  constructor(
    lane: number,
    track: LaneTrack,
    startNs: number,
    endNs: number,
    tail: Tail,
    locks: LockWaits | null = null,
    native: LaneNative | null = null,
  ) {
    this.#native = native;
    this.#nativeCount = native?.count ?? 0;
    this.#locks = locks;
    this.#lockCount = locks?.count ?? 0;
    this.lane = lane;
    this.track = track;
    this.startNs = startNs;
    this.endNs = endNs;
    this.tail = tail;
    this.count = track.count;
    // Without any cycle the tail is the whole life.
    this.#firstNs = track.count === 0 ? startNs : track.firstNs;
    this.rewind();
  }

  /** Waits for locks that meet [fromNs, toNs), uncut, in order. */
  lockWaits(fromNs: number, toNs: number): readonly LockWait[] {
    return this.#locks?.between(fromNs, toNs, this.#lockCount) ?? [];
  }

  /** Time that the thread waited for locks up to a moment. */
  lockWaitedUntil(timeNs: number): number {
    return this.#locks?.waitedUntil(timeNs, this.#lockCount) ?? 0;
  }

  /** Time on a CPU without the GIL up to a moment. */
  nativeUntil(timeNs: number): number {
    return this.#native?.until(timeNs, this.#nativeCount) ?? 0;
  }

  /** Of a part of one time off the GIL: on a CPU; null: not known. */
  nativeBetween(fromNs: number, toNs: number): number | null {
    if (this.#native?.knows(fromNs, this.#nativeCount) !== true) return null;
    return Math.round(this.nativeUntil(toNs) - this.nativeUntil(fromNs));
  }

  /** Piece 0: off, 1: waiting, 2: holding. */
  lengthOf(entry: number, piece: number): number {
    if (entry < this.count) return this.track.lengthOf(entry, piece);
    return piece === 0 ? this.tail.offNs : piece === 1 ? this.tail.waitNs : this.tail.holdNs;
  }

  /** Node of the stack to which a piece of an entry belongs. */
  stackOf(entry: number, piece: number): number {
    if (entry < this.count) return this.track.stackOf(entry, piece);
    if (piece === 0) return this.track.releaseStackOf(entry - 1);
    return piece === 1 ? this.tail.waitStack : this.tail.holdStack;
  }

  /** The first entry begins here; the lane is off from its start until then. */
  get firstNs(): number {
    return this.#firstNs;
  }

  /** Puts the cursor on the first entry. */
  rewind(): void {
    const cursor = this.#cursor;
    cursor.entry = 0;
    cursor.startNs = this.#firstNs;
    cursor.holdNs = 0;
    cursor.waitNs = 0;
  }

  /**
   * Moves the cursor on to the entry that contains `timeNs` (begins at it or before it and ends after it), at most to
   * the tail. Times must not decrease since {@link rewind}.
   */
  seek(timeNs: number): TrackCursor {
    const cursor = this.#cursor;
    if (cursor.entry >= this.count) return cursor;
    if (this.#endOf(cursor) <= timeNs) this.track.jump(cursor, timeNs, this.count);
    this.track.advance(cursor, timeNs, this.count);
    return cursor;
  }

  /** Time held from the lane's start to `timeNs`. Rewinds. */
  heldUntil(timeNs: number): number {
    this.rewind();
    const { entry, startNs, holdNs } = this.seek(timeNs);
    const acquiredNs = startNs + this.lengthOf(entry, 0) + this.lengthOf(entry, 1);
    const length = this.lengthOf(entry, 2);
    return holdNs + Math.min(Math.max(timeNs - acquiredNs, 0), length);
  }

  /** Time held and waited from the lane's start to `timeNs`. Times must not decrease since {@link rewind}. */
  sumsUntil(timeNs: number): { readonly holdNs: number; readonly waitNs: number } {
    const { entry, startNs, holdNs, waitNs } = this.seek(timeNs);
    const askedNs = startNs + this.lengthOf(entry, 0);
    const waitLength = this.lengthOf(entry, 1);
    const waited = Math.min(Math.max(timeNs - askedNs, 0), waitLength);
    const held = Math.min(Math.max(timeNs - askedNs - waitLength, 0), this.lengthOf(entry, 2));
    return { holdNs: holdNs + held, waitNs: waitNs + waited };
  }

  /**
   * The last release up to `timeNs`; 0: none, or none that a cycle follows, so that nothing is known of the time off.
   * Times must not decrease since {@link rewind}.
   */
  lastReleaseNs(timeNs: number): number {
    const { entry, startNs } = this.seek(timeNs);
    return entry === 0 || entry >= this.count ? 0 : startNs;
  }

  #endOf({ entry, startNs }: TrackCursor): number {
    return startNs + this.lengthOf(entry, 0) + this.lengthOf(entry, 1) + this.lengthOf(entry, 2);
  }
}
