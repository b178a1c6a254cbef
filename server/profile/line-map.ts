/**
 * For each line of `before` (0-based) the line of `after` that it has become, or -1 where it was changed or removed.
 * Only equal lines are matched, and never crosswise, so a number can follow its line but never land on other code.
 */
export function mapLines(before: readonly string[], after: readonly string[]): Int32Array {
  const map = new Int32Array(before.length).fill(-1);
  const open: Region[] = [
    { beforeStart: 0, beforeEnd: before.length, afterStart: 0, afterEnd: after.length },
  ];
  for (let region = open.pop(); region; region = open.pop()) {
    const inner = matchEnds(before, after, region, map);
    if (inner.beforeStart === inner.beforeEnd || inner.afterStart === inner.afterEnd) continue;
    const anchors = uniqueMatches(before, after, inner);
    if (anchors.length > 0) open.push(...splitAt(inner, anchors, map));
    else matchCommon(before, after, inner, map);
  }
  return map;
}

interface Region {
  readonly beforeStart: number;
  readonly beforeEnd: number;
  readonly afterStart: number;
  readonly afterEnd: number;
}

type Pair = readonly [before: number, after: number];

/** Matches the equal lines at both ends of a region and returns what is between. */
function matchEnds(
  before: readonly string[],
  after: readonly string[],
  region: Region,
  map: Int32Array,
): Region {
  let { beforeStart, beforeEnd, afterStart, afterEnd } = region;
  while (
    beforeStart < beforeEnd &&
    afterStart < afterEnd &&
    before[beforeStart] === after[afterStart]
  ) {
    map[beforeStart++] = afterStart++;
  }
  while (
    beforeEnd > beforeStart &&
    afterEnd > afterStart &&
    before[beforeEnd - 1] === after[afterEnd - 1]
  ) {
    map[--beforeEnd] = --afterEnd;
  }
  return { beforeStart, beforeEnd, afterStart, afterEnd };
}

/** Lines that occur once on either side, as the longest chain that does not cross (patience diff). */
function uniqueMatches(
  before: readonly string[],
  after: readonly string[],
  region: Region,
): readonly Pair[] {
  const inBefore = uniqueLines(before, region.beforeStart, region.beforeEnd);
  const inAfter = uniqueLines(after, region.afterStart, region.afterEnd);
  const pairs: Pair[] = [];
  for (const [line, index] of inBefore) {
    const other = inAfter.get(line);
    if (index >= 0 && other !== undefined && other >= 0) pairs.push([index, other]);
  }
  return longestIncreasing(pairs.sort((a, b) => a[0] - b[0]));
}

/** Line → index, -1 where it occurs more than once. */
function uniqueLines(lines: readonly string[], start: number, end: number): Map<string, number> {
  const found = new Map<string, number>();
  for (let index = start; index < end; index++) {
    const line = lines[index] ?? '';
    found.set(line, found.has(line) ? -1 : index);
  }
  return found;
}

function longestIncreasing(pairs: readonly Pair[]): readonly Pair[] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  const afterAt = (pair: number): number => pairs[pair]?.[1] ?? 0;
  for (let index = 0; index < pairs.length; index++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (afterAt(tails[middle] ?? 0) < afterAt(index)) low = middle + 1;
      else high = middle;
    }
    previous[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  }
  const chain: Pair[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) {
    const pair = pairs[at];
    if (pair) chain.push(pair);
  }
  return chain.reverse();
}

function splitAt(region: Region, anchors: readonly Pair[], map: Int32Array): Region[] {
  const regions: Region[] = [];
  let { beforeStart, afterStart } = region;
  for (const [beforeEnd, afterEnd] of anchors) {
    map[beforeEnd] = afterEnd;
    regions.push({ beforeStart, beforeEnd, afterStart, afterEnd });
    beforeStart = beforeEnd + 1;
    afterStart = afterEnd + 1;
  }
  regions.push({ beforeStart, beforeEnd: region.beforeEnd, afterStart, afterEnd: region.afterEnd });
  return regions;
}

/** Cells of the table beyond which repeated lines of a region stay unmatched. */
const MAX_CELLS = 1 << 20;

/** Longest common subsequence of a region in which every common line is repeated. */
function matchCommon(
  before: readonly string[],
  after: readonly string[],
  region: Region,
  map: Int32Array,
): void {
  const rows = region.beforeEnd - region.beforeStart;
  const columns = region.afterEnd - region.afterStart;
  if (rows * columns > MAX_CELLS) return;
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const same = (row: number, column: number): boolean =>
    before[region.beforeStart + row] === after[region.afterStart + column];
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row * width + column] = same(row, column)
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (same(row, column)) map[region.beforeStart + row++] = region.afterStart + column++;
    else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
}
