import type { LineNote, LineRow, SelfTotal } from '../protocol';

/** What a line cost in all, from its rows: several functions may have code on it (a lambda, a comprehension). */
export interface LineCosts {
  /** 1-based. */
  readonly line: number;
  readonly hold: SelfTotal;
  readonly wait: SelfTotal;
  readonly blocks: SelfTotal;
  readonly off: SelfTotal;
  readonly lockWait: SelfTotal;
  readonly lockHold: SelfTotal;
  readonly lockBlocks: SelfTotal;
  readonly native: SelfTotal;
  readonly rows: readonly LineRow[];
}

export type CostKind = LineNote['kind'];
export const COST_KINDS: readonly CostKind[] = [
  'hold',
  'wait',
  'blocks',
  'lockWait',
  'lockBlocks',
  'lockHold',
];

/** The kinds that are shown, largest first. Holding a lock costs nothing as long as nobody waits for it. */
export function shownKinds(
  costOf: (kind: CostKind) => number,
  minimumNs: number,
): readonly CostKind[] {
  return COST_KINDS.filter((kind) => {
    const ns = costOf(kind);
    return ns > 0 && ns >= minimumNs && (kind !== 'lockHold' || costOf('lockBlocks') > 0);
  }).sort((a, b) => costOf(b) - costOf(a));
}

/** Rows of one file → costs by line. Rows without a line are left out: no line shows them. */
export function lineCosts(rows: readonly LineRow[]): LineCosts[] {
  const byLine = new Map<number, LineRow[]>();
  for (const row of rows) {
    if (row.line <= 0) continue;
    const found = byLine.get(row.line);
    if (found) found.push(row);
    else byLine.set(row.line, [row]);
  }
  return [...byLine.keys()]
    .sort((a, b) => a - b)
    .map((line) => merge(line, byLine.get(line) ?? []));
}

function merge(line: number, rows: readonly LineRow[]): LineCosts {
  return {
    line,
    hold: mergeCost(rows.map((row) => row.hold)),
    wait: mergeCost(rows.map((row) => row.wait)),
    blocks: mergeCost(rows.map((row) => row.blocks)),
    off: mergeCost(rows.map((row) => row.off)),
    lockWait: mergeCost(rows.map((row) => row.lockWait)),
    lockHold: mergeCost(rows.map((row) => row.lockHold)),
    lockBlocks: mergeCost(rows.map((row) => row.lockBlocks)),
    native: mergeCost(rows.map((row) => row.native)),
    rows,
  };
}

/**
 * Self times of different functions never overlap; their totals do, where one calls the other on the same line. So the
 * total is at least the largest, and at least all of self: it may be too small, and never counts a time twice.
 */
function mergeCost(costs: readonly SelfTotal[]): SelfTotal {
  let selfNs = 0;
  let largestNs = 0;
  for (const cost of costs) {
    selfNs += cost.selfNs;
    largestNs = Math.max(largestNs, cost.totalNs);
  }
  return { selfNs, totalNs: Math.max(selfNs, largestNs) };
}

/** The largest of a line's costs that are shown inline. */
export function largestCostNs(costs: LineCosts): number {
  return Math.max(0, ...shownKinds((kind) => costs[kind].totalNs, 0).map((k) => costs[k].totalNs));
}
