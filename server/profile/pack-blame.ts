import type { BlameRow, Place } from '../protocol';
import type { ChartMeta } from '../protocol-chart';

/** The pairs of a profile for the chart; in the same order. */
export function packBlame(rows: readonly BlameRow[]): ChartMeta['blame'] {
  const places = new Numbers<Place>(({ file, line, function: name }) => `${line} ${name} ${file}`);
  const locks = new Numbers<string>((lock) => lock);
  const numbers = rows.flatMap(({ waiter, holder, lock, ns, count, maxNs }) => [
    ...[places.of(waiter), holder === null ? -1 : places.of(holder), locks.of(lock)],
    ...[ns, count, maxNs],
  ]);
  return { places: places.items, locks: locks.items, numbers };
}

/** Items in the order in which they were met first. */
class Numbers<Item> {
  readonly items: Item[] = [];
  readonly #known = new Map<string, number>();
  readonly #keyOf: (item: Item) => string;

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf;
  }

  of(item: Item): number {
    const key = this.#keyOf(item);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}
