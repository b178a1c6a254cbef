/** Of the first `count` values of an ascending column the first above a value; `count`: none is. */
export function firstAbove(column: Float64Array, count: number, value: number): number {
  let low = -1;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((column[middle] as number) > value) high = middle;
    else low = middle;
  }
  return high;
}

/** Index of the last item whose time is not after `timeNs`, -1: none. Items in the order of time. */
export function lastUpTo<Item>(
  items: readonly Item[],
  timeNs: number,
  timeOf: (item: Item) => number,
): number {
  let low = -1;
  let high = items.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (timeOf(items[middle] as Item) <= timeNs) low = middle;
    else high = middle;
  }
  return low;
}
