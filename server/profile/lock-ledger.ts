import type { TraceState } from '../trace/events';
import { apportion } from './apportion';
import { type Books, HAND_OFF } from './books';
import { KeyIndex } from './key-index';
import { holdersOf, NOBODY } from './ledger';
import type { LineIndex } from './line-index';
import { LOCK_CELL, type LockSums, SPAN } from './lock-books';
import type { LockGroups } from './lock-groups';
import { Table } from './table';
import type { UserLines } from './user-lines';

/** Fields of a site: a group and a user line. */
export const SITE = { waitNs: 0, holdNs: 1, blocksNs: 2, acquires: 3, workNs: 4 } as const;
const SITE_WIDTH = 5;

/** The sums of locks at one moment, by line. */
export interface LockLedger {
  /** By stack node. */
  readonly waitNs: Float64Array;
  readonly holdNs: Float64Array;
  readonly blocksNs: Float64Array;
  /** By group: (line of the waiter, line of the holder or NOBODY), fields of SPAN. */
  readonly blame: readonly { readonly keys: KeyIndex; readonly sums: Table }[];
  /** (group, line), fields of SITE. */
  readonly sites: { readonly keys: KeyIndex; readonly sums: Table };
}

export interface LockLedgerInput {
  readonly books: Books;
  readonly sums: LockSums;
  readonly groups: LockGroups;
  readonly lines: LineIndex;
  readonly userLines: UserLines;
  readonly state: TraceState;
}

export function lockLedgerOf(input: LockLedgerInput): LockLedger {
  const nodes = () => new Float64Array(input.lines.nodeCount);
  const ledger: LockLedger = {
    waitNs: nodes(),
    holdNs: nodes(),
    blocksNs: nodes(),
    blame: input.groups.groups.map(() => ({ keys: new KeyIndex(), sums: new Table(3) })),
    sites: { keys: new KeyIndex(), sums: new Table(SITE_WIDTH) },
  };
  enterCells(input, ledger);
  enterPairs(input, ledger);
  return ledger;
}

/** Of a cell: what was recorded each, and what samples stand for. */
export function holdNsOf({ cellSums }: LockSums, cell: number): number {
  return cellSums.get(cell, LOCK_CELL.holdNs) + estimatedNsOf(cellSums, cell);
}

/** Whole nanoseconds: a sample stands for a fraction of acquisitions on the average. */
export function estimatedNsOf(cellSums: Table, cell: number): number {
  return Math.round(cellSums.get(cell, LOCK_CELL.estimatedNs));
}

function enterCells(
  { sums, groups, lines, userLines, state }: LockLedgerInput,
  ledger: LockLedger,
) {
  const { cells, cellSums } = sums;
  for (let cell = 0; cell < cells.count; cell++) {
    const group = groups.ofCell[cell] ?? -1;
    const stack = cells.secondOf(cell);
    const node = stack < lines.nodeCount ? stack : 0;
    const waitNs = cellSums.get(cell, LOCK_CELL.waitNs);
    const holdNs = holdNsOf(sums, cell);
    add(ledger.waitNs, node, waitNs);
    add(ledger.holdNs, node, holdNs);
    if (group < 0) continue;
    const site = siteOf(ledger, group, userLines.lineOf(state.stacks, stack));
    ledger.sites.sums.add(site, SITE.waitNs, waitNs);
    ledger.sites.sums.add(site, SITE.holdNs, holdNs);
    ledger.sites.sums.add(site, SITE.acquires, cellSums.get(cell, LOCK_CELL.acquires));
    ledger.sites.sums.add(site, SITE.workNs, cellSums.get(cell, LOCK_CELL.workNs));
  }
}

function enterPairs(input: LockLedgerInput, ledger: LockLedger): void {
  const { sums, groups, userLines, state } = input;
  const { keys, sums: spans } = sums.pairs;
  for (let pair = 0; pair < keys.count; pair++) {
    const ns = spans.get(pair, SPAN.ns);
    const cell = keys.firstOf(pair);
    const group = groups.ofCell[cell] ?? -1;
    if (ns === 0 || group < 0) continue;
    const waiter = userLines.lineOf(state.stacks, sums.cells.secondOf(cell));
    const count = spans.get(pair, SPAN.count);
    const maxNs = spans.get(pair, SPAN.maxNs);
    const unit = keys.secondOf(pair);
    if (unit === HAND_OFF) addBlame(ledger, group, waiter, NOBODY, [ns, count, maxNs]);
    else enterPair(input, ledger, group, waiter, unit, [ns, count, maxNs]);
  }
}

type Span = readonly [ns: number, count: number, maxNs: number];

function enterPair(
  { books, lines, userLines, state }: LockLedgerInput,
  ledger: LockLedger,
  group: number,
  waiter: number,
  unit: number,
  [ns, count, maxNs]: Span,
): void {
  const { stacks, weights } = holdersOf(books, unit);
  const parts = apportion(ns, weights);
  const counts = apportion(count, weights);
  for (const [i, stack] of stacks.entries()) {
    const part = parts[i] ?? 0;
    if (part === 0) continue;
    add(ledger.blocksNs, stack < lines.nodeCount ? stack : 0, part);
    const holder = userLines.lineOf(state.stacks, stack);
    const span = [part, Math.max(counts[i] ?? 0, 1), Math.min(maxNs, part)] as const;
    addBlame(ledger, group, waiter, holder, span);
    ledger.sites.sums.add(siteOf(ledger, group, holder), SITE.blocksNs, part);
  }
}

function addBlame(
  ledger: LockLedger,
  group: number,
  waiter: number,
  holder: number,
  [ns, count, maxNs]: Span,
): void {
  const blame = ledger.blame[group];
  if (blame === undefined) return;
  const row = blame.keys.of(waiter, holder);
  blame.sums.ensure(row);
  blame.sums.add(row, SPAN.ns, ns);
  blame.sums.add(row, SPAN.count, count);
  blame.sums.raise(row, SPAN.maxNs, maxNs);
}

function siteOf({ sites }: LockLedger, group: number, line: number): number {
  const site = sites.keys.of(group, line);
  sites.sums.ensure(site);
  return site;
}

function add(nodes: Float64Array, node: number, ns: number): void {
  nodes[node] = (nodes[node] ?? 0) + ns;
}
