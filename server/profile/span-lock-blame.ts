import type { BlameSums } from '../protocol-analysis';
import { KeyIndex } from './key-index';
import type { LockWait } from './lane-locks';
import type { LineIndex } from './line-index';
import { SPAN } from './lock-books';
import { LockCharge } from './lock-charge';
import { type LockSpan, SpanSources } from './span-sources';
import { Pace, type Sliced } from './stretches';
import { Table } from './table';

/** Holder of a pair: nobody. Lines are numbered from 1. */
const NOBODY = 0;

/** Whom the waits of some threads for locks are charged to, in a part of the run. */
export class SpanLockBlame {
  /** Holds of a lock so long ago that only their sums are known. */
  folded = false;
  readonly #span: LockSpan;
  readonly #sources: SpanSources;
  /** By group of locks: (line of the waiter, line of the holder or NOBODY), fields of SPAN. */
  readonly #pairs = new Map<number, { readonly keys: KeyIndex; readonly sums: Table }>();

  constructor(span: LockSpan) {
    this.#span = span;
    this.#sources = new SpanSources(span);
  }

  /** @param threads Those whose waits count, each with one of its lanes. */
  *charge(threads: ReadonlyMap<number, number>): Sliced<void> {
    const { fromNs, toNs, views } = this.#span;
    const pace = new Pace();
    for (const [thread, lane] of threads) {
      for (const wait of views[lane]?.lockWaits(fromNs, toNs) ?? []) {
        if (pace.isBreak(1 + this.#chargeWait(thread, wait))) yield;
      }
    }
  }

  rows(lines: LineIndex): BlameSums[] {
    const { groups } = this.#span.locks.groups;
    return [...this.#pairs].flatMap(([group, { keys, sums }]) =>
      Array.from({ length: keys.count }, (_, pair) => {
        const holder = keys.secondOf(pair);
        return {
          lock: groups[group]?.id ?? '',
          waiter: lines.placeOf(keys.firstOf(pair)),
          holder: holder === NOBODY ? null : lines.placeOf(holder - 1),
          ns: sums.get(pair, SPAN.ns),
          count: sums.get(pair, SPAN.count),
          maxNs: sums.get(pair, SPAN.maxNs),
        };
      }),
    );
  }

  /** Answers how many stacks it is charged to. */
  #chargeWait(thread: number, wait: LockWait): number {
    const { locks, fromNs, toNs } = this.#span;
    const group = locks.groups.ofLock[wait.lock] ?? -1;
    const [startNs, endNs] = [Math.max(wait.startNs, fromNs), Math.min(wait.endNs, toNs)];
    if (group < 0 || startNs >= endNs) return 0;
    const byLine = new Map<number, number>();
    const add = (line: number, ns: number): void => {
      if (ns > 0) byLine.set(line, (byLine.get(line) ?? 0) + ns);
    };
    const lineOf = (stack: number): number => locks.userLineOf(stack) + 1;
    let steps = 1;
    if (wait.owner >= 0) {
      add(wait.owner === 0 ? NOBODY : lineOf(wait.owner), endNs - startNs);
    } else {
      if (startNs < locks.singleFromNs(wait.lock)) this.folded = true;
      const charge = new LockCharge(
        this.#sources,
        locks.shared.gilOf(wait.lock),
        null,
        locks.shared,
      );
      charge.charge(wait.lock, startNs, endNs, thread, true);
      steps += charge.sums.count;
      for (const stack of charge.sums.touched.subarray(0, charge.sums.count)) {
        add(lineOf(stack), charge.sums.ns[stack] ?? 0);
      }
      add(NOBODY, charge.handOffNs);
    }
    this.#enter(group, lineOf(wait.stack) - 1, byLine);
    return steps;
  }

  #enter(group: number, waiter: number, byLine: ReadonlyMap<number, number>): void {
    const pairs = this.#pairs.get(group) ?? { keys: new KeyIndex(), sums: new Table(3) };
    this.#pairs.set(group, pairs);
    for (const [holder, ns] of byLine) {
      const pair = pairs.keys.of(waiter, holder);
      pairs.sums.ensure(pair);
      pairs.sums.add(pair, SPAN.ns, ns);
      pairs.sums.add(pair, SPAN.count, 1);
      pairs.sums.raise(pair, SPAN.maxNs, ns);
    }
  }
}
