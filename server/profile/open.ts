import { BATCH_FLAG, type OpenHold, type TraceState } from '../trace/events';
import { type Books, KNOWN_STACK, LANE, type LaneBook, type Sampled } from './books';
import { type Ledger, SUM } from './ledger';
import type { Lives } from './lives';
import { isKeptByNativeCode, LONG_HOLD_NS } from './native-hold';
import { cutAtMidpoints } from './segments';

/** What a lane is doing at the moment of the state. Its lane is off from its last release until `startNs`. */
export interface OpenState {
  readonly lane: LaneBook;
  readonly state: 'holding' | 'waiting' | 'off';
  /** Of the wait (also that before a hold), or of the off time that goes on. */
  readonly startNs: number;
  /** When holding. */
  readonly acquiredNs: number;
  readonly endNs: number;
  /** Of the wait. */
  readonly stack: number;
  /** Of the hold. */
  readonly holdStack: number;
  /** {@link BATCH_FLAG} bits. */
  readonly flags: number;
}

interface OpenSegment {
  readonly startNs: number;
  readonly endNs: number;
  readonly unit: number;
}

interface OpenSegments {
  readonly lane: number;
  readonly pieces: readonly OpenSegment[];
  readonly native: boolean;
}

/** The open state of every lane; lanes that only the state knows are made. */
export function openStatesOf(books: Books, state: TraceState, lives: Lives): OpenState[] {
  const found = new Map<number, OpenState>();
  for (const [gil, { openHold }] of state.gils.entries()) {
    if (openHold === null || openHold.acquiredNs < (books.gil(gil).times[0] as number)) continue;
    const lane = books.lane(gil, openHold.thread);
    found.set(lane.index, openHoldOf(books, lane, openHold, lives));
  }
  for (const [thread, { openWait }] of state.threads.entries()) {
    if (openWait === null) continue;
    const lane = books.lane(openWait.gil, thread);
    if (found.has(lane.index)) continue;
    const endNs = lives.threadEndNs[thread] ?? 0;
    found.set(lane.index, {
      lane,
      state: 'waiting',
      startNs: Math.max(openWait.startNs, lastEndOf(books, lane)),
      acquiredNs: endNs,
      endNs,
      stack: openWait.stack,
      holdStack: 0,
      flags: openWait.afterForced ? BATCH_FLAG.afterForced : 0,
    });
  }
  for (const { gil, thread } of state.aggregates) books.lane(gil, thread);
  return books.lanes.map((lane) => found.get(lane.index) ?? offStateOf(lane, lives));
}

function openHoldOf(books: Books, lane: LaneBook, hold: OpenHold, lives: Lives): OpenState {
  const unknown = lane.lastCell < 0 || (hold.flags & BATCH_FLAG.otherState) !== 0;
  const earliest = Math.max(hold.waitStartNs, lastEndOf(books, lane));
  return {
    lane,
    state: 'holding',
    startNs: Math.min(earliest, hold.acquiredNs),
    acquiredNs: hold.acquiredNs,
    endNs: Math.max(lives.threadEndNs[lane.thread] ?? 0, hold.acquiredNs),
    stack: unknown ? 0 : lane.lastStack,
    holdStack: hold.stack,
    flags: hold.flags,
  };
}

function offStateOf(lane: LaneBook, lives: Lives): OpenState {
  const endNs = lives.threadEndNs[lane.thread] ?? 0;
  return {
    lane,
    state: 'off',
    startNs: endNs,
    acquiredNs: endNs,
    endNs,
    stack: 0,
    holdStack: 0,
    flags: 0,
  };
}

function lastEndOf(books: Books, lane: LaneBook): number {
  return lane.lastCell < 0 ? 0 : books.laneTimes.get(lane.index, LANE.lastEndNs);
}

/** Charges what is open to the ledger: off time before, waits, holds, and the off time at both ends of each lane. */
export function chargeOpen(
  books: Books,
  ledger: Ledger,
  lives: Lives,
  states: readonly OpenState[],
): void {
  const blocks = new Float64Array(books.lanes.length);
  const segments = new Map<number, OpenSegments>();
  for (const open of states) {
    if (open.state !== 'holding') continue;
    segments.set(open.lane.gil, chargeOpenHold(books, ledger, open));
  }
  for (const open of states) {
    chargeOff(books, ledger, lives, open);
    const to = open.state === 'holding' ? open.acquiredNs : open.endNs;
    if (open.state === 'off' || to <= open.startNs) continue;
    const held = open.state === 'waiting' ? segments.get(open.lane.gil) : undefined;
    chargeOpenWait(books, ledger, open, to, held, blocks);
  }
  for (const gil of books.gils) gil.window.settle(blocks);
  for (const [lane, ns] of blocks.entries()) ledger.lanes.add(lane, SUM.blocksNs, ns);
}

function chargeOff(books: Books, ledger: Ledger, lives: Lives, open: OpenState): void {
  const { lane } = open;
  const startNs = lives.threadStartNs[lane.thread] ?? 0;
  if (lane.lastCell < 0) {
    ledger.addOff(lane.index, 0, open.startNs - startNs);
  } else {
    ledger.addOff(lane.index, 0, books.laneTimes.get(lane.index, LANE.firstNs) - startNs);
    ledger.addOff(lane.index, lane.lastStack, open.startNs - lastEndOf(books, lane));
  }
  if ((open.flags & BATCH_FLAG.afterForced) !== 0) {
    ledger.add(lane.index, lane.lastStack, SUM.forced, 1);
  }
}

function chargeOpenHold(books: Books, ledger: Ledger, open: OpenState): OpenSegments {
  const { lane, acquiredNs, endNs } = open;
  const gil = books.gil(lane.gil);
  const ns = endNs - acquiredNs;
  ledger.lanes.add(lane.index, SUM.holdNs, ns);
  ledger.raise(lane.index, open.holdStack, SUM.maxHoldNs, ns);
  ledger.add(lane.index, open.stack, SUM.acquires, 1);
  if ((open.flags & BATCH_FLAG.contended) !== 0) {
    ledger.add(lane.index, open.stack, SUM.contended, 1);
  }
  const gilLedger = ledger.gils[lane.gil];
  if (gilLedger !== undefined && gil.lastLane >= 0 && gil.lastLane !== lane.index) {
    gilLedger.switches++;
  }
  const seen = gil.samples.peek(lane.thread, acquiredNs, endNs);
  const sampled = seen.at.length > 0;
  // Without samples all that is known is where it acquired.
  const samples: Sampled = sampled
    ? seen
    : { at: [acquiredNs], stack: [open.holdStack], cpuNs: [0] };
  const native = isKeptByNativeCode(acquiredNs, endNs, samples);
  const pieces: OpenSegment[] = [];
  cutAtMidpoints(acquiredNs, endNs, samples, (startNs, end, stack) => {
    ledger.addNode(stack, SUM.holdNs, end - startNs);
    if (sampled) ledger.addNode(stack, SUM.samples, 1);
    pieces.push({ startNs, endNs: end, unit: books.unitOf(stack, KNOWN_STACK) });
  });
  return { lane: lane.index, pieces, native };
}

function chargeOpenWait(
  books: Books,
  ledger: Ledger,
  open: OpenState,
  to: number,
  held: OpenSegments | undefined,
  blocks: Float64Array,
): void {
  const { lane, startNs, stack } = open;
  const ns = to - startNs;
  ledger.add(lane.index, stack, SUM.waitNs, ns);
  ledger.raise(lane.index, stack, SUM.maxWaitNs, ns);
  const { window } = books.gil(lane.gil);
  window.charge(startNs, to, blocks);
  let heldNs = 0;
  for (const piece of held?.pieces ?? []) {
    const overlap = Math.min(piece.endNs, to) - Math.max(piece.startNs, startNs);
    if (overlap <= 0 || held === undefined) continue;
    window.sums.add(piece.unit, overlap);
    blocks[held.lane] = (blocks[held.lane] ?? 0) + overlap;
    heldNs += overlap;
  }
  ledger.addOpenPieces(lane.gil, stack, ns, window.sums);
  if (held?.native !== true || heldNs <= LONG_HOLD_NS) return;
  const [longest] = held.pieces.toSorted((a, b) => b.endNs - b.startNs - a.endNs + a.startNs);
  ledger.addOpenLongBlock(lane.gil, longest?.unit ?? 0, heldNs);
}
