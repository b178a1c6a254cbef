import { apportion } from './apportion';
import {
  type Books,
  CELL,
  type GilBook,
  HAND_OFF,
  KNOWN_STACK,
  LANE,
  type LongBlock,
  PAIR,
  UNIT,
} from './books';
import type { UnitSums } from './unit-sums';
import type { LineIndex } from './line-index';
import { KeyIndex } from './key-index';
import { Table } from './table';

/** Fields of a lane's and of a node's sums. */
export const SUM = {
  holdNs: 0,
  waitNs: 1,
  offNs: 2,
  blocksNs: 3,
  acquires: 4,
  contended: 5,
  forced: 6,
  maxHoldNs: 7,
  maxWaitNs: 8,
  samples: 9,
  nativeNs: 10,
} as const;
const SUM_WIDTH = 11;

interface Stretch {
  readonly node: number;
  readonly ns: number;
}

/** Key of the holder in {@link GilLedger.blame} when nobody held. */
export const NOBODY = 0xffffffff;

/** Blame of one GIL by line: (line of the waiter, line of the holder or NOBODY), fields of PAIR. */
export interface GilLedger {
  readonly blame: KeyIndex;
  readonly blameSums: Table;
  /** What is charged beyond the books: open waits. Fields of PAIR, by the book's pair. */
  readonly open: Table;
  /** By stack; those of the books and of open waits. */
  readonly longBlocks: Map<number, LongBlock>;
  switches: number;
  unattributedNs: number;
}

/**
 * The sums of one moment: what the books say, and on top of it what is open at that moment or was only counted. The
 * books stay as they are.
 */
export class Ledger {
  readonly lanes = new Table(SUM_WIDTH);
  readonly nodes = new Table(SUM_WIDTH);
  readonly gils: GilLedger[];
  /** By lane: off time that is not in the books, in the order of time. */
  readonly #openOff = new Map<number, Stretch[]>();
  readonly #books: Books;
  readonly #lines: LineIndex;

  constructor(books: Books, lines: LineIndex) {
    this.#books = books;
    this.#lines = lines;
    this.lanes.ensure(books.lanes.length);
    this.nodes.ensure(lines.nodeCount);
    this.gils = books.gils.map(newGilLedger);
    for (const [index, gil] of books.gils.entries()) {
      gil.window.settle(books.blocks.data);
      this.gils[index]?.open.ensure(gil.pairs.count);
    }
    this.#copyLanes();
    this.#copyCells();
  }

  /** Adds to the same sum of a lane and of a stack. */
  add(lane: number, node: number, field: number, amount: number): void {
    this.lanes.add(lane, field, amount);
    this.nodes.add(this.#known(node), field, amount);
  }

  raise(lane: number, node: number, field: number, value: number): void {
    this.lanes.raise(lane, field, value);
    this.nodes.raise(this.#known(node), field, value);
  }

  addOff(lane: number, node: number, ns: number): void {
    const stretches = this.#openOff.get(lane) ?? [];
    stretches.push({ node, ns });
    this.#openOff.set(lane, stretches);
    this.add(lane, node, SUM.offNs, ns);
  }

  /**
   * Takes back off time in which a lane in fact held and waited, but only totals say so: from its end first, where a
   * trace at its bound has them, then from its longest. Answers what could not be taken.
   */
  takeBackOff(lane: number, totalNs: number): number {
    const { cells, cellSums } = this.#books;
    const stretches: Stretch[] = [];
    for (let cell = 0; cell < cells.count; cell++) {
      if (cells.firstOf(cell) !== lane) continue;
      stretches.push({ node: cells.secondOf(cell), ns: cellSums.get(cell, CELL.offNs) });
    }
    stretches.sort((a, b) => b.ns - a.ns || a.node - b.node);
    let left = totalNs;
    for (const { node, ns } of [...(this.#openOff.get(lane) ?? []).toReversed(), ...stretches]) {
      const taken = Math.min(ns, left);
      this.add(lane, node, SUM.offNs, -taken);
      left -= taken;
    }
    return left;
  }

  /** Adds to a sum of a stack alone. */
  addNode(node: number, field: number, amount: number): void {
    this.nodes.add(this.#known(node), field, amount);
  }

  /** What an open wait of `ns` is charged to; the rest is hand-off. Empties `sums`. */
  addOpenPieces(gil: number, stack: number, ns: number, sums: UnitSums): void {
    let left = ns;
    for (let i = 0; i < sums.count; i++) {
      const unit = sums.touched[i] ?? 0;
      const part = sums.ns[unit] ?? 0;
      left -= part;
      this.#addOpenPiece(gil, stack, unit, part);
    }
    sums.clear();
    if (left > 0) this.#addOpenPiece(gil, stack, HAND_OFF, left);
  }

  /** An open wait that lasts long within the open hold. */
  addOpenLongBlock(gil: number, unit: number, ns: number): void {
    const longBlocks = this.gils[gil]?.longBlocks;
    const stack = this.#books.units.firstOf(unit);
    const sums = longBlocks?.get(stack) ?? { holds: 0, blockedNs: 0, maxBlockedNs: 0 };
    longBlocks?.set(stack, {
      holds: Math.max(sums.holds, 1),
      blockedNs: sums.blockedNs + ns,
      maxBlockedNs: Math.max(sums.maxBlockedNs, ns),
    });
  }

  /** Splits groups over the stacks of their samples; to be called once, after everything was added. */
  distribute(): void {
    this.#distributeHolds();
    for (const [gil, ledger] of this.gils.entries()) this.#distributePairs(gil, ledger);
  }

  #addOpenPiece(gil: number, stack: number, unit: number, ns: number): void {
    const pair = this.#books.gil(gil).pairOf(stack, unit);
    const open = this.gils[gil]?.open;
    open?.ensure(pair);
    open?.add(pair, PAIR.ns, ns);
    open?.add(pair, PAIR.count, 1);
    open?.raise(pair, PAIR.maxNs, ns);
  }

  #known(node: number): number {
    return node < this.#lines.nodeCount ? node : 0;
  }

  #copyLanes(): void {
    const books = this.#books;
    for (let lane = 0; lane < books.lanes.length; lane++) {
      this.lanes.set(lane, SUM.holdNs, books.laneTimes.get(lane, LANE.holdNs));
      this.lanes.set(lane, SUM.blocksNs, books.blocks.get(lane, 0));
    }
  }

  #copyCells(): void {
    const { cells, cellSums } = this.#books;
    for (let cell = 0; cell < cells.count; cell++) {
      const lane = cells.firstOf(cell);
      const node = cells.secondOf(cell);
      this.add(lane, node, SUM.waitNs, cellSums.get(cell, CELL.waitNs));
      this.add(lane, node, SUM.offNs, cellSums.get(cell, CELL.offNs));
      this.add(lane, node, SUM.nativeNs, cellSums.get(cell, CELL.nativeNs));
      this.add(lane, node, SUM.acquires, cellSums.get(cell, CELL.acquires));
      this.add(lane, node, SUM.contended, cellSums.get(cell, CELL.contended));
      this.add(lane, node, SUM.forced, cellSums.get(cell, CELL.forced));
      this.raise(lane, node, SUM.maxHoldNs, cellSums.get(cell, CELL.maxHoldNs));
      this.raise(lane, node, SUM.maxWaitNs, cellSums.get(cell, CELL.maxWaitNs));
    }
  }

  #distributeHolds(): void {
    const { units, unitSums } = this.#books;
    for (let unit = HAND_OFF + 1; unit < units.count; unit++) {
      const { stacks, weights } = holdersOf(this.#books, unit);
      const parts = apportion(unitSums.get(unit, UNIT.holdNs), weights);
      for (const [i, stack] of stacks.entries()) {
        this.nodes.add(this.#known(stack), SUM.holdNs, parts[i] ?? 0);
      }
      if (units.secondOf(unit) === KNOWN_STACK) {
        const node = this.#known(units.firstOf(unit));
        this.nodes.add(node, SUM.samples, unitSums.get(unit, UNIT.samples));
      }
    }
  }

  #distributePairs(gil: number, ledger: GilLedger): void {
    const { pairs, pairSums } = this.#books.gil(gil);
    for (let pair = 0; pair < pairs.count; pair++) {
      const ns = pairSums.get(pair, PAIR.ns) + ledger.open.get(pair, PAIR.ns);
      if (ns === 0) continue;
      const count = pairSums.get(pair, PAIR.count) + ledger.open.get(pair, PAIR.count);
      const maxNs = Math.max(pairSums.get(pair, PAIR.maxNs), ledger.open.get(pair, PAIR.maxNs));
      const waiter = this.#lines.lineOf(pairs.firstOf(pair));
      const unit = pairs.secondOf(pair);
      if (unit === HAND_OFF) addBlame(ledger, waiter, NOBODY, ns, count, maxNs);
      else this.#distributePair(ledger, waiter, unit, ns, count, maxNs);
    }
  }

  #distributePair(
    ledger: GilLedger,
    waiter: number,
    unit: number,
    ns: number,
    count: number,
    maxNs: number,
  ): void {
    const { stacks, weights } = holdersOf(this.#books, unit);
    const parts = apportion(ns, weights);
    const counts = apportion(count, weights);
    for (const [i, stack] of stacks.entries()) {
      const part = parts[i] ?? 0;
      if (part === 0) continue;
      const node = this.#known(stack);
      this.nodes.add(node, SUM.blocksNs, part);
      const holder = this.#lines.lineOf(node);
      addBlame(ledger, waiter, holder, part, Math.max(counts[i] ?? 0, 1), Math.min(maxNs, part));
    }
  }
}

/** The stacks of a unit and their weights: those of its samples, else the stack at the release. */
export function holdersOf(
  { units, groupSamples }: Books,
  unit: number,
): { readonly stacks: number[]; readonly weights: number[] } {
  const first = units.firstOf(unit);
  const second = units.secondOf(unit);
  if (second === KNOWN_STACK) return { stacks: [first], weights: [1] };
  const samples = groupSamples.get(unit);
  if (samples === undefined) return { stacks: [second], weights: [1] };
  const stacks = [...samples.keys()].sort((a, b) => a - b);
  return { stacks, weights: stacks.map((stack) => samples.get(stack) ?? 0) };
}

function newGilLedger(gil: GilBook): GilLedger {
  return {
    blame: new KeyIndex(),
    blameSums: new Table(3),
    open: new Table(3),
    longBlocks: new Map(gil.longBlocks),
    switches: gil.switches,
    unattributedNs: 0,
  };
}

function addBlame(
  ledger: GilLedger,
  waiter: number,
  holder: number,
  ns: number,
  count: number,
  maxNs: number,
): void {
  const row = ledger.blame.of(waiter, holder);
  ledger.blameSums.ensure(row);
  ledger.blameSums.add(row, PAIR.ns, ns);
  ledger.blameSums.add(row, PAIR.count, count);
  ledger.blameSums.raise(row, PAIR.maxNs, maxNs);
}
