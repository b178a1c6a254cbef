import type { AwaitBook } from './await-book';
import { type Books, LANE } from './books';
import type { OpenState } from './open';
import { formatCount } from './report-table';

/** By stack: how long tasks kept their event loop waiting, times off that go on included. */
export function loopBlocksOf(
  books: Books,
  awaits: AwaitBook,
  open: readonly OpenState[],
): ReadonlyMap<number, number> {
  const all = new Map(awaits.loopBlockNs);
  for (const { lane, startNs } of open) {
    if (lane.lastCell < 0) continue;
    const ns = startNs - books.laneTimes.get(lane.index, LANE.lastEndNs);
    if (awaits.isLoopBlock(lane.thread, lane.lastStack, ns))
      all.set(lane.lastStack, (all.get(lane.lastStack) ?? 0) + ns);
  }
  return all;
}

/** Sentences for what there was no room for. */
export function awaitBoundsSaid({ missed, most }: AwaitBook): string[] {
  const said: string[] = [];
  if (missed.waits > 0) {
    said.push(
      `This run has more waits for processes and executors than are kept (${formatCount(most.waits)}): ` +
        'of the later ones the times are right, but not which process ended them.',
    );
  }
  if (missed.works > 0) {
    said.push(
      `This run gave more work to executors than is kept (${formatCount(most.works)} times): the later times are missing ` +
        'from the work of executors. Hold and wait times are complete.',
    );
  }
  return said;
}
