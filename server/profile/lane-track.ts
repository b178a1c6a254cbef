import { grown } from './table';

/** Entries from one checkpoint to the next. */
const CHECKPOINT_ENTRIES = 16;
/** A length that does not fit into 32 bits stands in a map of its own. */
const LONG = 0xffffffff;

/** What a lane did since its last release, at the moment of a view. */
export interface Tail {
  readonly offNs: number;
  readonly waitNs: number;
  readonly holdNs: number;
  readonly waitStack: number;
  readonly holdStack: number;
}

/**
 * The states of one lane over time, compactly: an entry is a cycle (off, waiting, holding: any may be 0 long), and
 * begins where the one before ended. Every 16 entries a checkpoint has the time and the sums so far, so that any sum
 * up to any moment is near. About 18 bytes a cycle.
 */
export class LaneTrack {
  readonly gil: number;
  count = 0;
  /** Start of the first wait. */
  firstNs = 0;
  #lengths = new Uint32Array(3 * 16);
  #stacks = new Uint32Array(16);
  readonly #long = new Map<number, number>();
  /** Entries whose wait is not at the stack of the release before it, but at none. */
  readonly #strangers = new Set<number>();
  /** Of holds with samples: the stack that ran longest, where it is not that of the release. */
  readonly #sampled = new Map<number, number>();
  /** By checkpoint; times apart from sums, because a search reads only the times. */
  #checkpointTimes = new Float64Array(4);
  #checkpointHeld = new Float64Array(4);
  #checkpointWaited = new Float64Array(4);
  #endNs = 0;
  #holdNs = 0;
  #waitNs = 0;

  constructor(gil: number) {
    this.gil = gil;
  }

  get endNs(): number {
    return this.#endNs;
  }

  /** Appends a cycle; the time since the entry before, less the wait, was off. */
  push(
    waitStartNs: number,
    acquiredNs: number,
    releasedNs: number,
    strange: boolean,
    releaseStack: number,
    sampledStack: number,
  ): void {
    const index = this.count;
    if (index === 0) this.firstNs = this.#endNs = waitStartNs;
    if (index % CHECKPOINT_ENTRIES === 0) this.#addCheckpoint(index / CHECKPOINT_ENTRIES);
    if (index === this.#stacks.length) this.#grow();
    this.#setLength(index * 3, waitStartNs - this.#endNs);
    this.#setLength(index * 3 + 1, acquiredNs - waitStartNs);
    this.#setLength(index * 3 + 2, releasedNs - acquiredNs);
    this.#stacks[index] = releaseStack;
    if (strange && index > 0) this.#strangers.add(index);
    if (sampledStack >= 0 && sampledStack !== releaseStack) this.#sampled.set(index, sampledStack);
    this.#waitNs += acquiredNs - waitStartNs;
    this.#holdNs += releasedNs - acquiredNs;
    this.#endNs = releasedNs;
    this.count = index + 1;
  }

  /** Adds a cycle to the last entry, which then shows the sums of both: off, then waiting, then holding. */
  merge(waitStartNs: number, acquiredNs: number, releasedNs: number, releaseStack: number): void {
    const last = this.count - 1;
    this.#setLength(last * 3, this.lengthOf(last, 0) + waitStartNs - this.#endNs);
    this.#setLength(last * 3 + 1, this.lengthOf(last, 1) + acquiredNs - waitStartNs);
    this.#setLength(last * 3 + 2, this.lengthOf(last, 2) + releasedNs - acquiredNs);
    this.#stacks[last] = releaseStack;
    this.#waitNs += acquiredNs - waitStartNs;
    this.#holdNs += releasedNs - acquiredNs;
    this.#endNs = releasedNs;
  }

  /** Piece 0: off, 1: waiting, 2: holding. */
  lengthOf(entry: number, piece: number): number {
    const length = this.#lengths[entry * 3 + piece] as number;
    return length === LONG ? (this.#long.get(entry * 3 + piece) ?? 0) : length;
  }

  /** Node of the stack to which a piece of an entry belongs. */
  stackOf(entry: number, piece: number): number {
    if (piece === 2) return this.#sampled.get(entry) ?? this.releaseStackOf(entry);
    if (piece === 1 && this.#strangers.has(entry)) return 0;
    return this.releaseStackOf(entry - 1);
  }

  /** 0 before the first. */
  releaseStackOf(entry: number): number {
    return entry < 0 ? 0 : (this.#stacks[entry] as number);
  }

  /** Length of the last entry. */
  lastLengthNs(): number {
    const last = this.count - 1;
    return last < 0 ? 0 : this.lengthOf(last, 0) + this.lengthOf(last, 1) + this.lengthOf(last, 2);
  }

  /** Puts the cursor at the last checkpoint that is not after `timeNs`, unless the cursor is nearer already. */
  jump(cursor: TrackCursor, timeNs: number, count: number): void {
    const last = Math.ceil(count / CHECKPOINT_ENTRIES) - 1;
    let low = Math.floor(cursor.entry / CHECKPOINT_ENTRIES);
    let step = 1;
    while (low + step <= last && this.#checkpointNs(low + step) <= timeNs) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, last + 1);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#checkpointNs(middle) <= timeNs) low = middle;
      else high = middle;
    }
    if (low * CHECKPOINT_ENTRIES <= cursor.entry) return;
    cursor.entry = low * CHECKPOINT_ENTRIES;
    cursor.startNs = this.#checkpointNs(low);
    cursor.holdNs = this.#checkpointHeld[low] as number;
    cursor.waitNs = this.#checkpointWaited[low] as number;
  }

  /** Moves the cursor on, entry by entry, to the one that ends after `timeNs`, at most to entry `count`. */
  advance(cursor: TrackCursor, timeNs: number, count: number): void {
    const lengths = this.#lengths;
    let { entry, startNs, holdNs, waitNs } = cursor;
    for (; entry < count; entry++) {
      const at = entry * 3;
      const off = lengths[at] as number;
      const wait = lengths[at + 1] as number;
      const hold = lengths[at + 2] as number;
      const long = off === LONG || wait === LONG || hold === LONG;
      const waitLength = long ? this.lengthOf(entry, 1) : wait;
      const holdLength = long ? this.lengthOf(entry, 2) : hold;
      const endNs = startNs + (long ? this.lengthOf(entry, 0) : off) + waitLength + holdLength;
      if (endNs > timeNs) break;
      startNs = endNs;
      holdNs += holdLength;
      waitNs += waitLength;
    }
    cursor.entry = entry;
    cursor.startNs = startNs;
    cursor.holdNs = holdNs;
    cursor.waitNs = waitNs;
  }

  #checkpointNs(index: number): number {
    return this.#checkpointTimes[index] as number;
  }

  #addCheckpoint(index: number): void {
    if (index === this.#checkpointTimes.length) {
      this.#checkpointTimes = grown(this.#checkpointTimes, index + 1);
      this.#checkpointHeld = grown(this.#checkpointHeld, index + 1);
      this.#checkpointWaited = grown(this.#checkpointWaited, index + 1);
    }
    this.#checkpointTimes[index] = this.#endNs;
    this.#checkpointHeld[index] = this.#holdNs;
    this.#checkpointWaited[index] = this.#waitNs;
  }

  #setLength(at: number, ns: number): void {
    if (ns < LONG) {
      this.#lengths[at] = ns;
    } else {
      this.#lengths[at] = LONG;
      this.#long.set(at, ns);
    }
  }

  #grow(): void {
    const lengths = new Uint32Array(this.#lengths.length * 2);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
    const stacks = new Uint32Array(this.#stacks.length * 2);
    stacks.set(this.#stacks);
    this.#stacks = stacks;
  }
}

/** A place in a track: the start of an entry, and the sums up to it. */
export interface TrackCursor {
  entry: number;
  startNs: number;
  holdNs: number;
  waitNs: number;
}
