import type { TraceState } from '../trace/events';
import { type Books, KNOWN_STACK, LANE } from './books';
import type { Stretch } from './lane-history';
import type { Lives } from './lives';
import { type LockBooks, LOCK_CELL, LockSums } from './lock-books';
import type { OpenLocks } from './lock-charge';
import { addWait, hasNoHolds, type LockKeeper } from './lock-keeper';
import type { SharedLocks } from './lock-shared';
import { lockWaitEndNs } from './lock-wait-end';
import type { LockPiece } from './lock-window';
import { WorkSense } from './lock-work';

/** A wait for a lock that goes on. */
export interface OpenLockWaitOf {
  readonly thread: number;
  readonly lock: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
  readonly isWork: boolean;
}

/** What goes on in a state: holds of locks and waits for them. */
export interface OpenLockState {
  readonly holds: ReadonlyMap<number, LockPiece>;
  readonly waits: readonly OpenLockWaitOf[];
}

/** A copy of the sums to which is added what goes on: an interval still open counts up to that moment. */
export function withOpenLocks(
  books: Books,
  locks: LockBooks,
  keeper: LockKeeper,
  state: TraceState,
  lives: Lives,
  shared: SharedLocks,
): { readonly sums: LockSums; readonly open: OpenLockState } {
  const sums = new LockSums(locks.sums);
  const holds = openHoldsOf(books, locks, state, lives);
  const waits = openWaitsOf(books, state, lives);
  const open: OpenLocks = {
    holds,
    waits: new Map(
      waits.filter(({ isWork }) => !isWork).map((wait) => [wait.thread, tagged(wait)]),
    ),
    ...openGilOf(books, state, lives),
  };
  for (const [lock, hold] of holds) addHold(sums, state, lock, hold);
  keeper.chargePending(sums, open, shared);
  for (const wait of waits) addOpenWait(sums, keeper, wait, open, shared);
  return { sums, open: { holds, waits } };
}

function tagged({ startNs, endNs, lock }: OpenLockWaitOf): Stretch {
  return { startNs, endNs, tag: lock };
}

function addHold(sums: LockSums, state: TraceState, lock: number, hold: LockPiece): void {
  const open = state.locks[lock]?.openHold;
  if (open === undefined || open === null) return;
  const ns = hold.endNs - hold.startNs;
  const cell = sums.cellOf(lock, open.stack);
  const field = open.startEstimated ? LOCK_CELL.estimatedNs : LOCK_CELL.holdNs;
  sums.cellSums.add(cell, field, ns);
  sums.cellSums.add(cell, LOCK_CELL.acquires, 1);
  sums.cellSums.raise(cell, LOCK_CELL.maxHoldNs, ns);
}

function addOpenWait(
  sums: LockSums,
  keeper: LockKeeper,
  wait: OpenLockWaitOf,
  open: OpenLocks,
  shared: SharedLocks,
): void {
  const { lock, thread, stack, startNs, endNs, isWork } = wait;
  addWait(sums, lock, thread, stack, endNs - startNs, isWork);
  if (!isWork && endNs > startNs) keeper.chargeOpen(sums, shared.gilOf(lock), wait, open, shared);
}

function openHoldsOf(
  books: Books,
  locks: LockBooks,
  state: TraceState,
  lives: Lives,
): Map<number, LockPiece> {
  const holds = new Map<number, LockPiece>();
  const sense = new WorkSense();
  for (const [lock, known] of state.locks.entries()) {
    const { openHold } = known;
    if (openHold === null || known.gone || hasNoHolds(known)) continue;
    if (sense.roleOf(state.stacks, known) !== 'lock') continue;
    const endNs = lives.processEndNs[known.process] ?? openHold.startNs;
    const startNs = Math.max(openHold.startNs, locks.window(lock).endNs);
    if (startNs >= endNs) continue;
    const unit = books.unitOf(openHold.stack, KNOWN_STACK);
    holds.set(lock, { startNs, endNs, thread: openHold.thread, unit });
  }
  return holds;
}

function openWaitsOf(books: Books, state: TraceState, lives: Lives): OpenLockWaitOf[] {
  const sense = new WorkSense();
  return state.threads.flatMap(({ openLockWait }, thread) => {
    if (openLockWait === null) return [];
    const { lock, stack } = openLockWait;
    const saidNs = openLockWait.startNs;
    const lastNs = Math.max(lives.threadEndNs[thread] ?? saidNs, saidNs);
    const endNs = Math.min(lockWaitEndNs(state, thread), lastNs);
    const startNs = Math.min(waitStartNs(books, state, thread, saidNs), endNs);
    const isWork = sense.workOf(state.stacks, state.locks[lock], stack) !== null;
    return [{ thread, lock, startNs, endNs, stack, isWork }];
  });
}

/** A thread says that it will wait, and then gives the GIL up: only then it waits. Infinity: it has the GIL still. */
function waitStartNs(books: Books, state: TraceState, thread: number, saidNs: number): number {
  let startNs = saidNs;
  for (const [gil, { openHold }] of state.gils.entries()) {
    const known = books.gils[gil]?.times[0] ?? 0;
    const holds = openHold?.thread === thread && openHold.acquiredNs >= known;
    if (holds && openHold.acquiredNs <= saidNs) return Infinity;
    const lane = books.laneOf(gil, thread);
    if (lane === undefined || lane.lastCell < 0) continue;
    const releasedNs = books.laneTimes.get(lane.index, LANE.lastEndNs);
    // Who had the GIL in between, for a signal, waited before that too: from when it said so, as in the rows of the trace.
    const again = lane.history.offsBetween(saidNs, releasedNs).length > 0;
    if (!again) startNs = Math.max(startNs, releasedNs);
  }
  return startNs;
}

function openGilOf(
  books: Books,
  state: TraceState,
  lives: Lives,
): Pick<OpenLocks, 'gilWaits' | 'gilHolds'> {
  const gilWaits = new Map<number, Stretch>();
  const gilHolds = new Map<number, Stretch>();
  for (const [gil, { openHold }] of state.gils.entries()) {
    if (openHold === null) continue;
    const { thread, waitStartNs, acquiredNs, stack } = openHold;
    const endNs = Math.max(lives.threadEndNs[thread] ?? acquiredNs, acquiredNs);
    gilHolds.set(gil, { startNs: acquiredNs, endNs, tag: books.unitOf(stack, KNOWN_STACK) });
    gilWaits.set(thread, { startNs: waitStartNs, endNs: acquiredNs, tag: 0 });
  }
  for (const [thread, { openWait }] of state.threads.entries()) {
    if (openWait === null) continue;
    const endNs = lives.threadEndNs[thread] ?? openWait.startNs;
    gilWaits.set(thread, { startNs: openWait.startNs, endNs, tag: 0 });
  }
  return { gilWaits, gilHolds };
}
