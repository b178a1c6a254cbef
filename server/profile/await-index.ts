import type { Segment } from '../protocol';
import type { TraceState } from '../trace/events';
import { Activities } from './activities';
import type { Work } from './await-book';
import type { AwaitLink } from './await-links';
import { givingLine } from './executor-rows';
import { groupBy } from './group-by';
import type { LineIndex } from './line-index';
import { lastUpTo } from './search';

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
    this.#links = groupBy(links, ({ thread }) => thread);
    this.#works = groupBy(works, ({ thread }) => thread);
    this.#lines = lines;
    this.#stacks = stacks;
    this.#activities = new Activities(stacks);
  }

  /** The wait of a thread that contains a moment. */
  at(thread: number, timeNs: number): AwaitLink | null {
    const links = this.#links.get(thread) ?? [];
    const link = links[lastUpTo(links, timeNs, ({ fromNs }) => fromNs)];
    return link !== undefined && link.toNs > timeNs ? link : null;
  }

  /** The line that gave the work on which a thread is at a moment; null: it is on none, or nobody knows. */
  givenAt(thread: number, timeNs: number): Segment['givenAt'] {
    const works = this.#works.get(thread) ?? [];
    const work = works[lastUpTo(works, timeNs, ({ begunNs }) => begunNs)];
    if (work === undefined || work.givenStack === 0 || (work.endedNs ?? Infinity) <= timeNs)
      return null;
    return this.#lines.placeOf(givingLine(work, this.#lines, this.#activities, this.#stacks));
  }
}
