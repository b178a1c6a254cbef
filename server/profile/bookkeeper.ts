import {
  BATCH_FLAG,
  type CpuBatch,
  type CycleBatch,
  type EventSink,
  type SampleBatch,
} from '../trace/events';
import {
  type Books,
  CELL,
  type GilBook,
  HAND_OFF,
  KNOWN_STACK,
  LANE,
  type LaneBook,
  PAIR,
  UNIT,
} from './books';
import type { AwaitBook } from './await-book';
import { isKeptByNativeCode, LONG_HOLD_NS } from './native-hold';
import { OffTime } from './off-time';
import { cutAtMidpoints, longestStack } from './segments';

/** Long holds remembered per GIL; a wait through more than these is only charged, as any other. */
const LONG_HOLDS_KEPT = 64;

/** Hears every cycle after it was put right, for the chart. */
export interface CycleListener {
  /** The time off before the next cycle of a lane, and how much of it was on a CPU. */
  native(lane: number, fromNs: number, toNs: number, nativeNs: number): void;
  /** A wait of a lane that ends without a hold (drop_gil until another thread had taken the GIL). */
  switchWait(lane: number, fromNs: number, toNs: number): void;
  /** `sampledStack`: the stack that ran longest in the hold, -1 without samples. */
  cycle(
    lane: number,
    waitStartNs: number,
    acquiredNs: number,
    releasedNs: number,
    waitStack: number,
    releaseStack: number,
    sampledStack: number,
  ): void;
}

/** Enters events into the books, one cycle at a time, so that how they are batched makes no difference. */
export class Bookkeeper implements Omit<EventSink, 'locks' | 'works'> {
  readonly #books: Books;
  readonly #listener: CycleListener | null;
  readonly #awaits: AwaitBook;
  readonly #chargeNative = (cell: number, ns: number): void =>
    this.#books.cellSums.add(cell, CELL.nativeNs, ns);

  constructor(books: Books, awaits: AwaitBook, listener: CycleListener | null) {
    this.#books = books;
    this.#awaits = awaits;
    this.#listener = listener;
  }

  samples(batch: SampleBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const gil = this.#books.gil(batch.gil[i] as number);
      gil.samples.push(
        batch.at[i] as number,
        batch.thread[i] as number,
        batch.stack[i] as number,
        batch.cpuNs[i] as number,
      );
    }
  }

  cpu(batch: CpuBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const lane = this.#books.lane(batch.gil, batch.thread[i] as number);
      lane.offTime ??= new OffTime();
      lane.offTime.read({
        atNs: batch.at[i] as number,
        cpuNs: batch.cpuNs[i] as number,
        heldNs: batch.heldNs[i] as number,
      });
    }
  }

  cycles(batch: CycleBatch): void {
    const books = this.#books;
    const gil = books.gil(batch.gil);
    const { count, thread } = batch;
    this.#awaits.use(batch.stacks);
    for (let i = 0; i < count; i++) {
      const threadIndex = thread[i] as number;
      const known = (gil.laneOfThread[threadIndex] ?? 0) - 1;
      const lane =
        known >= 0 ? (books.lanes[known] as LaneBook) : books.lane(batch.gil, threadIndex);
      this.#cycle(gil, lane, batch, i);
    }
    books.cycles += count;
  }

  #cycle(gil: GilBook, lane: LaneBook, batch: CycleBatch, i: number): void {
    let waitStart = batch.waitStart[i] as number;
    let acquired = batch.acquired[i] as number;
    let released = batch.released[i] as number;
    const stack = batch.stack[i] as number;
    const flags = batch.flags[i] as number;
    const switchEnd = batch.switchWaitEnd[i] as number;
    const overrunNs = batch.overrunNs[i] as number;
    const books = this.#books;
    const lastReleased = gil.times[0] as number;
    if (acquired < lastReleased) {
      books.fault('holdsOverlap');
      acquired = lastReleased;
    }
    if (released < acquired) {
      books.fault('holdNegative');
      released = acquired;
    }
    if (waitStart > acquired) {
      books.fault('waitNegative');
      waitStart = acquired;
    }
    const first = lane.lastCell < 0;
    if (first) {
      books.laneTimes.set(lane.index, LANE.firstNs, waitStart);
      lane.history.push(waitStart, waitStart, acquired, 0);
    } else {
      waitStart = this.#gap(gil, lane, waitStart, acquired, flags, switchEnd);
    }
    if (lane.offTime?.isDue(released)) {
      const heldNs = books.laneTimes.get(lane.index, LANE.holdNs);
      lane.offTime.settle(acquired, heldNs, this.#chargeNative);
      lane.offTime.settle(released, heldNs + released - acquired, this.#chargeNative);
      const { lastNativeNs } = lane.offTime;
      const offStart = first ? waitStart : lane.offStartNs;
      if (lastNativeNs !== null && waitStart > offStart)
        this.#listener?.native(lane.index, offStart, waitStart, lastNativeNs);
    }

    const unknown = first || (flags & BATCH_FLAG.otherState) !== 0;
    const waitStack = unknown ? 0 : lane.lastStack;
    const waitCell = unknown ? books.cellOf(lane.index, 0) : lane.lastCell;
    books.cellSums.add(waitCell, CELL.acquires, 1);
    if ((flags & BATCH_FLAG.contended) !== 0) books.cellSums.add(waitCell, CELL.contended, 1);
    if ((flags & BATCH_FLAG.afterForced) !== 0) {
      books.cellSums.add(first ? waitCell : lane.lastCell, CELL.forced, 1);
    }
    if (acquired > waitStart) this.#wait(gil, lane, waitCell, waitStack, waitStart, acquired);
    this.#hold(gil, lane, waitStart, acquired, released, waitStack, stack, overrunNs);

    if (gil.lastLane >= 0 && gil.lastLane !== lane.index) gil.switches++;
    gil.lastLane = lane.index;
    gil.times[0] = released;
    books.laneTimes.set(lane.index, LANE.lastEndNs, released);
    this.#awaits.released(lane.thread, released, stack);
  }

  /** From the lane's last release to the wait; answers the start of the wait, put right. */
  #gap(
    gil: GilBook,
    lane: LaneBook,
    waitStart: number,
    acquired: number,
    flags: number,
    switchEnd: number,
  ): number {
    const books = this.#books;
    const lastEnd = books.laneTimes.get(lane.index, LANE.lastEndNs);
    if (waitStart < lastEnd) {
      books.fault('waitBeforeRelease');
      waitStart = lastEnd;
    }
    let offStart = lastEnd;
    if ((flags & BATCH_FLAG.switchWait) !== 0) {
      offStart = Math.min(Math.max(switchEnd, lastEnd), waitStart);
      if (offStart > lastEnd) {
        this.#wait(gil, lane, lane.lastCell, lane.lastStack, lastEnd, offStart);
        lane.history.push(lastEnd, lastEnd, offStart, lane.lastStack);
        this.#listener?.switchWait(lane.index, lastEnd, offStart);
      }
    }
    books.cellSums.add(lane.lastCell, CELL.offNs, waitStart - offStart);
    lane.history.push(offStart, waitStart, acquired, lane.lastStack);
    lane.offTime?.add(lane.lastCell, waitStart - offStart);
    lane.offStartNs = offStart;
    this.#awaits.off(lane.thread, offStart, waitStart, lane.lastStack);
    return waitStart;
  }

  #wait(gil: GilBook, lane: LaneBook, cell: number, stack: number, from: number, to: number): void {
    const books = this.#books;
    const ns = to - from;
    books.cellSums.add(cell, CELL.waitNs, ns);
    books.cellSums.raise(cell, CELL.maxWaitNs, ns);
    const { window } = gil;
    window.charge(from, to, books.blocks.data);
    const { sums } = window;
    let held = 0;
    for (let i = 0; i < sums.count; i++) {
      const unit = sums.touched[i] as number;
      const part = sums.ns[unit] as number;
      sums.ns[unit] = 0;
      held += part;
      addPiece(gil, pairOf(gil, lane, stack, unit), part);
    }
    sums.count = 0;
    if (ns > held) addPiece(gil, this.#handOffPairOf(gil, cell, stack), ns - held);
    if (ns > LONG_HOLD_NS) noteLongBlocks(gil, from, to);
  }

  #handOffPairOf(gil: GilBook, cell: number, stack: number): number {
    const known = this.#books.handOffPair[cell] as number;
    if (known >= 0) return known;
    const pair = gil.pairOf(stack, HAND_OFF);
    this.#books.handOffPair[cell] = pair;
    return pair;
  }

  #hold(
    gil: GilBook,
    lane: LaneBook,
    waitStart: number,
    acquired: number,
    released: number,
    acquireStack: number,
    stack: number,
    overrunNs: number,
  ): void {
    const books = this.#books;
    const ns = released - acquired;
    if (lane.lastCell < 0 || lane.lastStack !== stack) {
      lane.lastCell = books.cellOf(lane.index, stack);
    }
    lane.lastStack = stack;
    books.cellSums.raise(lane.lastCell, CELL.maxHoldNs, ns);
    books.laneTimes.add(lane.index, LANE.holdNs, ns);
    const sampledStack = gil.samples.has(released)
      ? this.#sampledHold(gil, lane, acquired, released, acquireStack, stack, overrunNs)
      : -1;
    if (sampledStack < 0) {
      const unit = books.unitOf(acquireStack, stack);
      books.unitSums.add(unit, UNIT.holdNs, ns);
      gil.window.push(acquired, released, lane.index, unit, books.blocks.data);
    }
    // Without samples the place is known only if it did not change.
    if (sampledStack < 0 && overrunNs > LONG_HOLD_NS && acquireStack === stack) {
      rememberLongHold(gil, acquired, released, stack);
    }
    this.#listener?.cycle(
      lane.index,
      waitStart,
      acquired,
      released,
      acquireStack,
      stack,
      sampledStack,
    );
  }

  /** The stack that ran longest, -1 when none of the samples was of this hold. */
  #sampledHold(
    gil: GilBook,
    lane: LaneBook,
    acquired: number,
    released: number,
    acquireStack: number,
    releaseStack: number,
    overrunNs: number,
  ): number {
    const books = this.#books;
    const samples = gil.samples.take(lane.thread, acquired, released, releaseStack);
    const last = samples.at.length - 1;
    if (last < 0) return -1;
    const cpuNs = samples.cpuNs[last] as number;
    if (cpuNs > 0) {
      const heldNs = books.laneTimes.get(lane.index, LANE.holdNs);
      const atNs = samples.at[last] as number;
      lane.offTime?.sampled(atNs, cpuNs + released - atNs, heldNs, this.#chargeNative);
    }
    const group = books.unitOf(acquireStack, releaseStack);
    const weights = books.groupSamples.get(group) ?? new Map<number, number>();
    books.groupSamples.set(group, weights);
    cutAtMidpoints(acquired, released, samples, (start, end, stack) => {
      const unit = books.unitOf(stack, KNOWN_STACK);
      books.unitSums.add(unit, UNIT.holdNs, end - start);
      books.unitSums.add(unit, UNIT.samples, 1);
      weights.set(stack, (weights.get(stack) ?? 0) + 1);
      gil.window.push(start, end, lane.index, unit, books.blocks.data);
    });
    const { stack } = longestStack(acquired, released, samples);
    const asked = overrunNs > 0 ? released - overrunNs : null;
    if (isKeptByNativeCode(asked, released, samples)) {
      rememberLongHold(gil, acquired, released, stack);
    }
    return stack;
  }
}

function pairOf(gil: GilBook, lane: LaneBook, stack: number, unit: number): number {
  if (lane.pairStack !== stack || lane.pairUnit !== unit) {
    lane.pairStack = stack;
    lane.pairUnit = unit;
    lane.pair = gil.pairOf(stack, unit);
  }
  return lane.pair;
}

function addPiece(gil: GilBook, pair: number, ns: number): void {
  const { pairSums } = gil;
  pairSums.add(pair, PAIR.ns, ns);
  pairSums.add(pair, PAIR.count, 1);
  pairSums.raise(pair, PAIR.maxNs, ns);
}

function rememberLongHold(gil: GilBook, startNs: number, endNs: number, stack: number): void {
  gil.longHolds.push({ startNs, endNs, stack, blocked: false });
  if (gil.longHolds.length > LONG_HOLDS_KEPT) gil.longHolds.shift();
}

function noteLongBlocks(gil: GilBook, from: number, to: number): void {
  for (const hold of gil.longHolds) {
    const ns = Math.min(hold.endNs, to) - Math.max(hold.startNs, from);
    if (ns <= LONG_HOLD_NS) continue;
    const sums = gil.longBlocks.get(hold.stack) ?? { holds: 0, blockedNs: 0, maxBlockedNs: 0 };
    gil.longBlocks.set(hold.stack, sums);
    if (!hold.blocked) sums.holds++;
    hold.blocked = true;
    sums.blockedNs += ns;
    sums.maxBlockedNs = Math.max(sums.maxBlockedNs, ns);
  }
}
