import type { GilRow } from '../protocol';
import type { LaneState } from '../protocol-chart';
import {
  HISTOGRAM_BINS,
  HISTOGRAM_STEPS,
  type BlameSums,
  type LaneSums,
  type LineSums,
  type Scope,
  type ScopeSums,
} from '../protocol-analysis';
import { KeyIndex } from './key-index';
import type { LaneSegment } from './lane-segments';
import type { LaneView } from './lane-view';
import type { LineIndex } from './line-index';
import type { LockSnapshot } from './lock-analysis';
import { LockScope } from './lock-scope';
import { type ChargedWait, eachHolder, eachWait, lanesOf } from './scope-costs';
import { holdsOfSpan } from './span-holds';
import { SpanLockBlame } from './span-lock-blame';
import { cut, eachSegment, type Sliced } from './stretches';
import { Table } from './table';

/** Fields of a stack. */
const COST = { holding: 0, waiting: 1, off: 2, lock: 3, blocks: 4 } as const;
const LINE = { acquires: 0, maxHoldNs: 1, maxWaitNs: 2 } as const;
const PAIR = { ns: 0, count: 1, maxNs: 2 } as const;
/** Holder of a pair: nobody. Lines are numbered from 1. */
const NOBODY = 0;

/** The bin of a length, see Histograms. */
export function histogramBin(ns: number): number {
  const bin = Math.floor(Math.log10(Math.max(1, ns)) * HISTOGRAM_STEPS + 1e-9);
  return Math.min(HISTOGRAM_BINS - 1, bin);
}

/** What the sums are of. */
interface SummedUp {
  readonly views: readonly LaneView[];
  readonly lines: LineIndex;
  /** By lane: its thread in the trace. */
  readonly threadOfRow: readonly number[];
  readonly locks: LockSnapshot;
}

/** What happened in a scope: by lane, by line, by pair of lines; and how long holds and waits were. */
export class ScopeSummary {
  readonly #views: readonly LaneView[];
  readonly #lines: LineIndex;
  readonly #scope: Scope;
  readonly #wanted: ReadonlySet<number>;
  /** By stack. */
  readonly #costs = new Table(5);
  /** By line. */
  readonly #extremes = new Table(3);
  readonly #lanes: Record<LaneState | 'blocks', number>[];
  readonly #pairs = new Map<number, { readonly keys: KeyIndex; readonly sums: Table }>();
  readonly #hold = new Array<number>(HISTOGRAM_BINS).fill(0);
  readonly #wait = new Array<number>(HISTOGRAM_BINS).fill(0);

  readonly #threadOfRow: readonly number[];
  /** With one of its lanes: a thread of two interpreters has two, with the same waits for locks. */
  readonly #threads: ReadonlyMap<number, number>;
  readonly #locks: LockScope;

  constructor({ views, lines, threadOfRow, locks }: SummedUp, scope: Scope) {
    this.#threadOfRow = threadOfRow;
    this.#locks = new LockScope(locks);
    this.#views = views;
    this.#lines = lines;
    this.#scope = scope;
    this.#wanted = new Set(lanesOf(views, scope).map(([lane]) => lane));
    this.#threads = new Map([...this.#wanted].map((lane) => [threadOfRow[lane] ?? -1, lane]));
    this.#lanes = views.map(() => ({ holding: 0, waiting: 0, off: 0, lock: 0, blocks: 0 }));
    this.#costs.ensure(lines.nodeCount);
    this.#extremes.ensure(lines.places.length);
  }

  *sums(gils: readonly GilRow[], merged: boolean): Sliced<ScopeSums> {
    const { fromNs, toNs } = this.#scope;
    const { snapshot: locks } = this.#locks;
    for (const [lane, view] of lanesOf(this.#views, this.#scope)) {
      yield* eachSegment(view, fromNs, toNs, (segment) => this.#add(lane, segment));
    }
    const byGil = yield* holdsOfSpan(this.#views, fromNs, toNs);
    yield* eachWait(this.#views, this.#scope, byGil, (wait) => this.#charge(wait));
    const [views, threadOfRow] = [this.#views, this.#threadOfRow];
    const blame = new SpanLockBlame({ ...{ views, threadOfRow, fromNs, toNs, byGil }, locks });
    yield* blame.charge(this.#threads);
    this.#locks.addHolds(this.#threads, fromNs, toNs);
    return {
      lanes: this.#laneSums(),
      lines: this.#lineSums(),
      blame: [...this.#blame(gils), ...blame.rows(this.#lines)].sort((a, b) => b.ns - a.ns),
      locksFolded: blame.folded,
      histograms: { hold: this.#hold, wait: this.#wait, merged },
      locks: this.#locks.rows(),
    };
  }

  #add(lane: number, segment: LaneSegment): void {
    const { state, stack } = segment;
    const ns = cut(segment, this.#scope.fromNs, this.#scope.toNs);
    const sums = this.#lanes[lane];
    if (sums !== undefined) sums[state] += ns;
    this.#costs.add(stack, COST[state], ns);
    if (segment.lock !== undefined && this.#threads.get(this.#threadOfRow[lane] ?? -1) === lane)
      this.#locks.addWait(segment.lock, ns, segment.endNs - segment.startNs);
    if (state !== 'holding' && state !== 'waiting') return;
    const wholeNs = segment.endNs - segment.startNs;
    const histogram = state === 'holding' ? this.#hold : this.#wait;
    const bin = histogramBin(wholeNs);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
    const line = this.#lines.lineOf(stack);
    if (state === 'holding') this.#extremes.add(line, LINE.acquires, 1);
    const field = state === 'holding' ? LINE.maxHoldNs : LINE.maxWaitNs;
    this.#extremes.raise(line, field, wholeNs);
  }

  /** A wait of any lane blocks its holders; only those of the scope's lanes are pairs. */
  #charge(wait: ChargedWait): number {
    const isWanted = this.#wanted.has(wait.lane);
    const pieces = new Map<number, number>();
    let nobodyNs = wait.endNs - wait.startNs;
    const steps = eachHolder(wait, (hold, fromNs, toNs) => {
      const ns = toNs - fromNs;
      nobodyNs -= ns;
      const stack = wait.holds.stack[hold] as number;
      const holder = wait.holds.lane[hold] as number;
      const sums = this.#lanes[holder];
      if (sums !== undefined && this.#wanted.has(holder)) {
        sums.blocks += ns;
        this.#costs.add(stack, COST.blocks, ns);
      }
      if (!isWanted) return;
      const line = this.#lines.lineOf(stack) + 1;
      pieces.set(line, (pieces.get(line) ?? 0) + ns);
    });
    if (!isWanted) return steps;
    if (nobodyNs > 0) pieces.set(NOBODY, nobodyNs);
    const gil = this.#views[wait.lane]?.track.gil ?? 0;
    const { keys, sums } = this.#pairsOf(gil);
    const waiter = this.#lines.lineOf(wait.segment.stack);
    for (const [holder, ns] of pieces) {
      const pair = keys.of(waiter, holder);
      sums.ensure(pair);
      sums.add(pair, PAIR.ns, ns);
      sums.add(pair, PAIR.count, 1);
      sums.raise(pair, PAIR.maxNs, ns);
    }
    return steps;
  }

  #pairsOf(gil: number): { readonly keys: KeyIndex; readonly sums: Table } {
    const known = this.#pairs.get(gil);
    if (known !== undefined) return known;
    const pairs = { keys: new KeyIndex(), sums: new Table(3) };
    this.#pairs.set(gil, pairs);
    return pairs;
  }

  #laneSums(): LaneSums[] {
    return this.#lanes.flatMap((sums, lane) => {
      if (!this.#wanted.has(lane)) return [];
      const { holding: holdNs, waiting: waitNs, off: offNs, lock: lockWaitNs } = sums;
      return [{ lane, holdNs, waitNs, offNs, lockWaitNs, blocksNs: sums.blocks }];
    });
  }

  #lineSums(): LineSums[] {
    const lines = this.#lines;
    const column = (
      field: number,
    ): { readonly self: Float64Array; readonly total: Float64Array } => {
      const nodes = new Float64Array(lines.nodeCount);
      const self = new Float64Array(lines.places.length);
      for (let node = 0; node < nodes.length; node++) {
        const ns = this.#costs.get(node, field);
        const line = lines.lineOf(node);
        nodes[node] = ns;
        self[line] = (self[line] as number) + ns;
      }
      return { self, total: lines.totals(nodes) };
    };
    const columns = Object.values(COST).map(column);
    return lines.places.flatMap((place, line) => {
      const costs = columns.map(({ self, total }) => ({
        selfNs: self[line] ?? 0,
        totalNs: total[line] ?? 0,
      }));
      const [hold, wait, off, lockWait, blocks] = costs;
      if (!hold || !wait || !off || !lockWait || !blocks) return [];
      if (costs.every(({ totalNs }) => totalNs === 0)) return [];
      const extreme = (field: number): number => this.#extremes.get(line, field);
      const [acquires, maxHoldNs, maxWaitNs] = [
        extreme(LINE.acquires),
        extreme(LINE.maxHoldNs),
        extreme(LINE.maxWaitNs),
      ];
      return [{ ...place, hold, wait, off, lockWait, blocks, acquires, maxHoldNs, maxWaitNs }];
    });
  }

  #blame(gils: readonly GilRow[]): BlameSums[] {
    const rows: BlameSums[] = [];
    for (const [gil, { keys, sums }] of this.#pairs) {
      for (let pair = 0; pair < keys.count; pair++) {
        const holder = keys.secondOf(pair);
        rows.push({
          lock: gils[gil]?.id ?? '',
          waiter: this.#lines.placeOf(keys.firstOf(pair)),
          holder: holder === NOBODY ? null : this.#lines.placeOf(holder - 1),
          ns: sums.get(pair, PAIR.ns),
          count: sums.get(pair, PAIR.count),
          maxNs: sums.get(pair, PAIR.maxNs),
        });
      }
    }
    return rows;
  }
}
