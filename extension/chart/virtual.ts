/** Rows of a table that are worth having in the page, and the room of those above and below. */
export interface VirtualWindow {
  readonly first: number;
  readonly last: number;
  readonly before: number;
  readonly after: number;
}

/** Tables up to this size are in the page whole. */
export const WHOLE_UP_TO = 100;
const MARGIN_ROWS = 20;

export function virtualWindow(
  count: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
): VirtualWindow {
  if (count <= WHOLE_UP_TO) return { first: 0, last: count, before: 0, after: 0 };
  const top = Math.floor(Math.max(0, scrollTop) / rowHeight) - MARGIN_ROWS;
  const first = Math.min(Math.max(0, top), count);
  const shown = Math.ceil(viewHeight / rowHeight) + 2 * MARGIN_ROWS;
  const last = Math.min(count, first + shown);
  return { first, last, before: first * rowHeight, after: (count - last) * rowHeight };
}

export type Direction = 'ascending' | 'descending';

/** Sorts by a key; rows with equal keys keep their order. */
export function sortRows<T>(
  rows: readonly T[],
  key: (row: T) => number | string,
  direction: Direction,
): readonly T[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true });
  });
}
