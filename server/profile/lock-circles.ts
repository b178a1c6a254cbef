import type { OpenLockHold, TraceState } from '../trace/events';
import { SharedLocks } from './lock-shared';
import { lockWaitEndNs } from './lock-wait-end';
import { WorkSense } from './lock-work';

/** A circle that lasts this long is none that is just being passed through while it is read. */
const LEAST_NS = 200_000_000;

/** A wait that goes on, as far as circles are concerned. */
export interface WaitOf {
  readonly thread: number;
  readonly lock: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly isWork: boolean;
}

/** A wait of a thread, and the thread that it waits for. */
export interface WaitLink<Wait extends WaitOf = WaitOf> {
  readonly wait: Wait;
  readonly owner: number;
}

/** The hold of a lock that goes on, in whichever process. */
export function openHoldOf(
  { locks }: TraceState,
  shared: SharedLocks,
  lock: number,
): OpenLockHold | null {
  const holds = shared.membersOf(lock).map((member) => locks[member]?.openHold);
  return holds.find((hold) => hold !== undefined && hold !== null) ?? null;
}

/** Circles of threads that wait for each other's locks, or for each other's ends. */
export function waitCirclesOf<Wait extends WaitOf>(
  state: TraceState,
  waits: readonly Wait[],
  shared: SharedLocks,
  handedOn: ReadonlySet<number>,
): WaitLink<Wait>[][] {
  const links = linksOf(state, waits, shared, handedOn);
  const seen = new Set<number>();
  const circles: WaitLink<Wait>[][] = [];
  for (const start of links.keys()) {
    const path: number[] = [];
    let thread = start;
    while (links.has(thread) && !seen.has(thread)) {
      seen.add(thread);
      path.push(thread);
      thread = links.get(thread)?.owner ?? -1;
    }
    const from = path.indexOf(thread);
    if (from < 0) continue;
    const circle = path.slice(from).flatMap((one) => links.get(one) ?? []);
    if (circle.every(({ wait }) => wait.endNs - wait.startNs >= LEAST_NS)) circles.push(circle);
  }
  return circles;
}

/** How many threads wait for each other in circles, by what a state alone tells. */
export function stuckThreadsOf(state: TraceState): number {
  const sense = new WorkSense();
  const waits = state.threads.flatMap(({ openLockWait, process }, thread): WaitOf[] => {
    if (openLockWait === null) return [];
    const { lock, startNs, stack } = openLockWait;
    const endNs = state.processes[process]?.endNs ?? startNs;
    const isWork = sense.workOf(state.stacks, state.locks[lock], stack) !== null;
    return [{ thread, lock, startNs, endNs, isWork }];
  });
  if (waits.length < 2) return 0;
  const circles = waitCirclesOf(state, waits, new SharedLocks(state), new Set());
  // Whether a thread that waits for itself is stuck only its history tells.
  return circles.reduce((sum, { length }) => (length > 1 ? sum + length : sum), 0);
}

function linksOf<Wait extends WaitOf>(
  state: TraceState,
  waits: readonly Wait[],
  shared: SharedLocks,
  handedOn: ReadonlySet<number>,
): Map<number, WaitLink<Wait>> {
  const sense = new WorkSense();
  const links = new Map<number, WaitLink<Wait>>();
  for (const wait of waits) {
    const lock = state.locks[wait.lock];
    if (lock === undefined || lockWaitEndNs(state, wait.thread) < Infinity) continue;
    // A thread that waits for work often does so at a lock that it took itself, for another one to release.
    const role = sense.roleOf(state.stacks, lock);
    if (role !== 'join' && (wait.isWork || role !== 'lock')) continue;
    const owner =
      openHoldOf(state, shared, wait.lock)?.thread ??
      state.threads[wait.thread]?.openLockWait?.ownerThread ??
      null;
    if (owner === wait.thread && (lock.kind === 'RLock' || handedOn.has(wait.lock))) continue;
    if (owner !== null) links.set(wait.thread, { wait, owner });
  }
  return links;
}
