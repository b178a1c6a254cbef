import type { Segment } from '../protocol';
import type { TraceState } from '../trace/events';
import { Activities } from './activities';
import type { Work } from './await-book';
import type { AwaitLink } from './await-links';
import { givingLine } from './executor-rows';
import type { LineIndex } from './line-index';

/** Answers, of a moment of a thread, what it waited for and whose work it was on. */
export class AwaitIndex {
  readonly #links: ReadonlyMap<number, readonly AwaitLink[]>;
  readonly #works: ReadonlyMap<number, readonly Work[]>;
  readonly #lines: LineIndex;
  readonly #stacks: TraceState['stacks'];
  readonly #activities: Activities;

  constructor(
    links: readonly AwaitLink[],
    works: readonly Work[],
    lines: LineIndex,
    stacks: TraceState['stacks'],
  ) {
    this.#links = byThread(links);
    this.#works = byThread(works);
    this.#lines = lines;
    this.#stacks = stacks;
    this.#activities = new Activities(stacks);
  }

  /** The wait of a thread that contains a moment. */
  at(thread: number, timeNs: number): AwaitLink | null {
    const link = lastFrom(this.#links.get(thread) ?? [], timeNs, ({ fromNs }) => fromNs);
    return link !== null && link.toNs > timeNs ? link : null;
  }

  /** The line that gave the work on which a thread is at a moment; null: it is on none, or nobody knows. */
  givenAt(thread: number, timeNs: number): Segment['givenAt'] {
    const work = lastFrom(this.#works.get(thread) ?? [], timeNs, ({ begunNs }) => begunNs);
    if (work === null || work.givenStack === 0 || (work.endedNs ?? Infinity) <= timeNs) return null;
    return this.#lines.placeOf(givingLine(work, this.#lines, this.#activities, this.#stacks));
  }
}

function byThread<Item extends { readonly thread: number }>(
  items: readonly Item[],
): ReadonlyMap<number, readonly Item[]> {
  const lists = new Map<number, Item[]>();
  for (const item of items) {
    const list = lists.get(item.thread) ?? [];
    lists.set(item.thread, list);
    list.push(item);
  }
  return lists;
}

/** The last item that begins at a moment or before; items in the order of time. */
function lastFrom<Item>(
  items: readonly Item[],
  timeNs: number,
  startOf: (item: Item) => number,
): Item | null {
  let low = -1;
  let high = items.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (startOf(items[middle] as Item) <= timeNs) low = middle;
    else high = middle;
  }
  return items[low] ?? null;
}
