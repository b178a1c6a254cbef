import type { Place } from '../protocol';
import type { Flame, FlameCost, Scope } from '../protocol-analysis';
import { KeyIndex } from './key-index';
import type { LaneView } from './lane-view';
import type { LineIndex } from './line-index';
import { eachCost } from './scope-costs';
import type { Sliced } from './stretches';
import { Table } from './table';

/** Boxes narrower than this part of the whole are left out: they would be less than half a pixel. */
const LEAST_SHARE = 1 / 4096;
/** Columns of a flame graph in the order of time. */
export const TIME_COLUMNS = 1024;

interface Boxes {
  readonly from: number[];
  readonly to: number[];
  readonly depth: number[];
  /** Line of the index. */
  readonly line: number[];
}

/** Where a cost came from, by stack. */
export function* flameOf(
  views: readonly LaneView[],
  lines: LineIndex,
  scope: Scope,
  cost: FlameCost,
  order: 'time' | 'merged',
): Sliced<Flame> {
  if (order === 'merged') {
    const sums = new Float64Array(lines.nodeCount);
    yield* eachCost(views, scope, cost, (fromNs, toNs, stack) => {
      const node = stack < sums.length ? stack : 0;
      sums[node] = (sums[node] as number) + toNs - fromNs;
    });
    return merged(lines, sums);
  }
  return yield* inTime(views, lines, scope, cost);
}

function merged(lines: LineIndex, sums: Float64Array): Flame {
  const totals = sums.slice();
  const children = new Map<number, number[]>();
  for (let node = totals.length - 1; node > 0; node--) {
    const ns = totals[node] as number;
    if (ns === 0) continue;
    const parent = lines.parentOf(node);
    totals[parent] = (totals[parent] as number) + ns;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [node]);
    else siblings.push(node);
  }
  const totalNs = totals[0] ?? 0;
  const boxes: Boxes = { from: [], to: [], depth: [], line: [] };
  // Without a frame of Python: what is of no stack has a box, too.
  const bare = sums[0] ?? 0;
  let places = [{ parent: 0, fromNs: 0, depth: 0 }];
  while (places.length > 0) {
    const next: typeof places = [];
    for (const { parent, fromNs, depth } of places) {
      let at = fromNs;
      const sorted = (children.get(parent) ?? []).sort(
        (a, b) => (totals[b] as number) - (totals[a] as number) || a - b,
      );
      for (const node of sorted) {
        const ns = totals[node] as number;
        if (ns >= totalNs * LEAST_SHARE) {
          push(boxes, at, at + ns, depth, lines.lineOf(node));
          next.push({ parent: node, fromNs: at, depth: depth + 1 });
        }
        at += ns;
      }
      if (depth === 0 && bare > 0) push(boxes, at, at + bare, 0, 0);
    }
    places = next;
  }
  return { ...withFrames(boxes, lines), totalNs };
}

/** In each column the stack with the largest cost; neighbouring frames that are equal are one box. */
function* inTime(
  views: readonly LaneView[],
  lines: LineIndex,
  scope: Scope,
  cost: FlameCost,
): Sliced<Flame> {
  const { fromNs, toNs } = scope;
  const columnNs = Math.max((toNs - fromNs) / TIME_COLUMNS, 1e-6);
  const keys = new KeyIndex();
  const sums = new Table(1);
  let totalNs = 0;
  yield* eachCost(views, scope, cost, (startNs, endNs, stack) => {
    totalNs += endNs - startNs;
    const first = Math.max(0, Math.floor((startNs - fromNs) / columnNs));
    const last = Math.min(TIME_COLUMNS - 1, Math.floor((endNs - fromNs) / columnNs));
    for (let column = first; column <= last; column++) {
      const from = Math.max(startNs, fromNs + column * columnNs);
      const ns = Math.min(endNs, fromNs + (column + 1) * columnNs) - from;
      if (ns <= 0) continue;
      const key = keys.of(column, stack);
      sums.ensure(key);
      sums.add(key, 0, ns);
    }
  });
  const stacks = new Int32Array(TIME_COLUMNS).fill(-1);
  const largest = new Float64Array(TIME_COLUMNS);
  for (let key = 0; key < keys.count; key++) {
    const column = keys.firstOf(key);
    const ns = sums.get(key, 0);
    if (ns <= (largest[column] as number)) continue;
    largest[column] = ns;
    stacks[column] = keys.secondOf(key);
  }
  return { ...withFrames(columnBoxes(lines, stacks, fromNs, columnNs), lines), totalNs };
}

function columnBoxes(
  lines: LineIndex,
  stacks: Int32Array,
  fromNs: number,
  columnNs: number,
): Boxes {
  const boxes: Boxes = { from: [], to: [], depth: [], line: [] };
  /** By depth: the node that goes on, and the box it is in. */
  let open: { readonly node: number; readonly box: number }[] = [];
  for (const [column, stack] of stacks.entries()) {
    const path = stack < 0 ? [] : pathOf(lines, stack);
    const next: typeof open = [];
    for (const [depth, node] of path.entries()) {
      const before = next.length === depth ? open[depth] : undefined;
      const goesOn = before?.node === node;
      const box = goesOn ? before.box : boxes.from.length;
      if (!goesOn) push(boxes, fromNs + column * columnNs, 0, depth, lines.lineOf(node));
      boxes.to[box] = fromNs + (column + 1) * columnNs;
      next.push({ node, box });
      // A frame that changed ends all that it had called.
      if (!goesOn) open = open.slice(0, depth);
    }
    open = next;
  }
  return boxes;
}

/** The nodes of a stack from its outermost frame on; of no stack, the node of none. */
function pathOf(lines: LineIndex, stack: number): number[] {
  const path: number[] = [];
  for (let node = stack; node > 0; node = lines.parentOf(node)) path.push(node);
  return path.length === 0 ? [0] : path.reverse();
}

function push(boxes: Boxes, from: number, to: number, depth: number, line: number): void {
  boxes.from.push(from);
  boxes.to.push(to);
  boxes.depth.push(depth);
  boxes.line.push(line);
}

function withFrames({ from, to, depth, line }: Boxes, lines: LineIndex): Omit<Flame, 'totalNs'> {
  const frames: Place[] = [];
  const indexes = new Map<number, number>();
  const frame = line.map((each) => {
    const known = indexes.get(each);
    if (known !== undefined) return known;
    indexes.set(each, frames.length);
    return frames.push(lines.placeOf(each)) - 1;
  });
  return { from, to, depth, frame, frames };
}
