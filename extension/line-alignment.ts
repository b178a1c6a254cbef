/** Longest gap of lines, product of both sides, that is compared line with line. */
const EXHAUSTIVE_CELLS = 250_000;

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Which old line each new line is: its index in `before`, or -1. Pairs have equal text and keep their order, so a
 * line that moved past others is not found here.
 */
export function alignLines(before: readonly string[], after: readonly string[]): number[] {
  const origins = new Array<number>(after.length).fill(-1);
  const work: { old: Span; new: Span }[] = [
    { old: { from: 0, to: before.length }, new: { from: 0, to: after.length } },
  ];
  for (let part = work.pop(); part !== undefined; part = work.pop()) {
    const middle = trimEqualEnds(before, after, part.old, part.new, origins);
    if (middle.old.from === middle.old.to || middle.new.from === middle.new.to) continue;
    const anchors = uniqueAnchors(before, after, middle.old, middle.new);
    if (anchors.length === 0) {
      alignExhaustively(before, after, middle.old, middle.new, origins);
      continue;
    }
    let oldFrom = middle.old.from;
    let newFrom = middle.new.from;
    for (const anchor of [...anchors, { old: middle.old.to, new: middle.new.to }]) {
      work.push({
        old: { from: oldFrom, to: anchor.old },
        new: { from: newFrom, to: anchor.new },
      });
      if (anchor.new < middle.new.to) origins[anchor.new] = anchor.old;
      oldFrom = anchor.old + 1;
      newFrom = anchor.new + 1;
    }
  }
  return origins;
}

function trimEqualEnds(
  before: readonly string[],
  after: readonly string[],
  oldSpan: Span,
  newSpan: Span,
  origins: number[],
): { old: Span; new: Span } {
  let [oldFrom, oldTo] = [oldSpan.from, oldSpan.to];
  let [newFrom, newTo] = [newSpan.from, newSpan.to];
  while (oldFrom < oldTo && newFrom < newTo && before[oldFrom] === after[newFrom]) {
    origins[newFrom++] = oldFrom++;
  }
  while (oldFrom < oldTo && newFrom < newTo && before[oldTo - 1] === after[newTo - 1]) {
    origins[--newTo] = --oldTo;
  }
  return { old: { from: oldFrom, to: oldTo }, new: { from: newFrom, to: newTo } };
}

/** Lines that occur once on each side, the longest chain of them that is in order on both ("patience"). */
function uniqueAnchors(
  before: readonly string[],
  after: readonly string[],
  oldSpan: Span,
  newSpan: Span,
): { old: number; new: number }[] {
  const oldAt = uniqueIndexes(before, oldSpan);
  const newAt = uniqueIndexes(after, newSpan);
  const pairs: { old: number; new: number; previous: number }[] = [];
  /** For each length of chain the pair that ends it earliest in `before`. */
  const ends: number[] = [];
  for (const [line, at] of newAt) {
    const old = oldAt.get(line);
    if (old === undefined || old < 0 || at < 0) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if ((pairs[ends[half] ?? -1]?.old ?? 0) < old) low = half + 1;
      else high = half;
    }
    ends[low] = pairs.push({ old, new: at, previous: ends[low - 1] ?? -1 }) - 1;
  }
  const chain: { old: number; new: number }[] = [];
  for (let pair = pairs[ends.at(-1) ?? -1]; pair !== undefined; pair = pairs[pair.previous]) {
    chain.push({ old: pair.old, new: pair.new });
  }
  return chain.reverse();
}

/** In the order of the span; -1 for a line that occurs more than once. */
function uniqueIndexes(lines: readonly string[], span: Span): Map<string, number> {
  const at = new Map<string, number>();
  for (let i = span.from; i < span.to; i++) {
    const line = lines[i] ?? '';
    at.set(line, at.has(line) ? -1 : i);
  }
  return at;
}

/** The longest common subsequence; nothing where that would take too long: no number is better than a wrong one. */
function alignExhaustively(
  before: readonly string[],
  after: readonly string[],
  oldSpan: Span,
  newSpan: Span,
  origins: number[],
): void {
  const height = oldSpan.to - oldSpan.from;
  const width = newSpan.to - newSpan.from;
  if (height * width > EXHAUSTIVE_CELLS) return;
  const stride = width + 1;
  const best = new Uint16Array((height + 1) * stride);
  const cell = (i: number, j: number): number => best[i * stride + j] ?? 0;
  const equal = (i: number, j: number): boolean =>
    before[oldSpan.from + i] === after[newSpan.from + j];
  for (let i = height - 1; i >= 0; i--) {
    for (let j = width - 1; j >= 0; j--) {
      best[i * stride + j] = equal(i, j)
        ? cell(i + 1, j + 1) + 1
        : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < height && j < width;) {
    if (equal(i, j)) origins[newSpan.from + j++] = oldSpan.from + i++;
    else if (cell(i + 1, j) >= cell(i, j + 1)) i++;
    else j++;
  }
}
