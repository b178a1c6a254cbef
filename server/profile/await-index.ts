import type { Segment } from '../protocol-chart';
import type { TraceState } from '../trace/events';
import type { AwaitBook } from './await-book';
import type { AwaitLink, AwaitLinks } from './await-links';
import { givingLine } from './executor-rows';
import type { LineIndex } from './line-index';
import { lastUpTo } from './search';

/** Answers, of a moment of a thread, what it waited for and whose work it was on. */
export class AwaitIndex {
  readonly #book: AwaitBook;
  readonly #links: AwaitLinks;
  readonly #lines: LineIndex;
  readonly #stacks: TraceState['stacks'];

  constructor(book: AwaitBook, links: AwaitLinks, lines: LineIndex, stacks: TraceState['stacks']) {
    this.#book = book;
    this.#links = links;
    this.#lines = lines;
    this.#stacks = stacks;
  }

  /** The wait of a thread that contains a moment. */
  at(thread: number, timeNs: number): AwaitLink | null {
    return this.#links.at(thread, timeNs);
  }

  /** The line that gave the work on which a thread is at a moment; null: it is on none, or nobody knows. */
  givenAt(thread: number, timeNs: number): Segment['givenAt'] {
    const works = this.#book.worksOfThread.get(thread) ?? [];
    const work = works[lastUpTo(works, timeNs, ({ begunNs }) => begunNs)];
    if (work === undefined || work.givenStack === 0 || (work.endedNs ?? Infinity) <= timeNs)
      return null;
    const activities = this.#book.activitiesOf(this.#stacks);
    return this.#lines.placeOf(givingLine(work, this.#lines, activities, this.#stacks));
  }
}
