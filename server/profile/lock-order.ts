import type { LockBooks, LockOrder } from './lock-books';

/** A lock taken by a thread that holds another one. */
interface Nesting {
  readonly lock: number;
  readonly thread: number;
  readonly startNs: number;
  readonly stack: number;
  /** Index of the other lock + 1. */
  readonly otherThread: number;
  /** Where it was acquired. */
  readonly otherStack: number;
}

/** Pairs of locks whose order is remembered. */
const MAX_ORDERS = 4096;
const THREADS_KEPT = 8;

export function isSameAcquisition(a: Nesting, b: Nesting): boolean {
  return a.lock === b.lock && a.thread === b.thread && a.startNs === b.startNs;
}

/** Notes the outer locks of one acquisition. Those beside a pair guard it: no other thread can be as far at that time. */
export function noteOrders(locks: LockBooks, acquisition: readonly Nesting[]): void {
  for (const nesting of acquisition) {
    const outer = nesting.otherThread - 1;
    if (outer < 0 || outer === nesting.lock) continue;
    const order = orderOf(locks, outer, nesting);
    if (order === null) continue;
    const others = acquisition.map((other) => other.otherThread - 1);
    const guards = others.filter((lock) => lock !== outer && lock !== nesting.lock);
    order.guards =
      order.count === 0 ? new Set(guards) : new Set(guards.filter((g) => order.guards.has(g)));
    order.count++;
    if (order.threads.size < THREADS_KEPT) order.threads.add(nesting.thread);
  }
}

function orderOf(locks: LockBooks, outer: number, nesting: Nesting): LockOrder | null {
  const key = `${outer}:${nesting.lock}`;
  const known = locks.orders.get(key);
  if (known !== undefined) return known;
  if (locks.orders.size >= MAX_ORDERS) return null;
  const order: LockOrder = {
    outer,
    inner: nesting.lock,
    outerStack: nesting.otherStack,
    innerStack: nesting.stack,
    threads: new Set(),
    guards: new Set(),
    count: 0,
  };
  locks.orders.set(key, order);
  return order;
}
