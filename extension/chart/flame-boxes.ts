import type { Place } from '../../server/protocol';
import type { Flame } from '../../server/protocol-analysis';

export interface FlameBox {
  readonly index: number;
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  readonly frame: Place;
}

/** A part of the width that is shown: the cost, or the time, from and to. */
export interface FlameRange {
  readonly from: number;
  readonly to: number;
}

/** Boxes below this part of the width are not worth an element. */
const LEAST_SHARE = 1 / 1500;

/** The boxes to show, those of a depth from left to right. */
export function boxesIn(flame: Flame, { from, to }: FlameRange): readonly FlameBox[] {
  const least = (to - from) * LEAST_SHARE;
  return flame.depth.flatMap((depth, index): FlameBox[] => {
    const [start = 0, end = 0] = [flame.from[index], flame.to[index]];
    const frame = flame.frames[flame.frame[index] ?? -1];
    if (frame === undefined || end <= from || start >= to || end - start < least) return [];
    return [{ index, depth, from: start, to: end, frame }];
  });
}

export type FlameStep = 'parent' | 'child' | 'previous' | 'next';

/** The box beside a box; the same where there is none. */
export function neighbourBox(boxes: readonly FlameBox[], box: FlameBox, step: FlameStep): FlameBox {
  const middle = (box.from + box.to) / 2;
  const at = (depth: number): readonly FlameBox[] =>
    boxes.filter((each) => each.depth === depth).toSorted((a, b) => a.from - b.from);
  switch (step) {
    case 'parent':
      return at(box.depth - 1).find((each) => each.from <= middle && middle <= each.to) ?? box;
    case 'child':
      return at(box.depth + 1).find((each) => each.from >= box.from && each.to <= box.to) ?? box;
    case 'previous':
      return at(box.depth).findLast((each) => each.from < box.from) ?? box;
    case 'next':
      return at(box.depth).find((each) => each.from > box.from) ?? box;
  }
}

/** One of a few shades, the same for the same function: neighbours can be told apart. */
export function shadeOf({ file, function: name }: Place): number {
  let hash = 0;
  for (const character of `${file}\n${name}`) {
    hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
  }
  return Math.abs(hash) % 5;
}
