import type { Place } from '../protocol';
import type { ExecutorRow } from '../protocol-awaits';
import type { StackTable, TraceState } from '../trace/events';
import { Activities } from './activities';
import type { Work } from './await-book';
import type { LineIndex } from './line-index';
import type { Lives } from './lives';
import { ownLine } from './process-costs';
import { isOwnFile } from './report-places';

type Sums = { -readonly [Key in keyof ExecutorRow]: ExecutorRow[Key] } & { ran: Set<number> };

/** What was given to executors, by the line that gave it and the function; largest first. */
export function executorRowsOf(
  works: readonly Work[],
  state: TraceState,
  lines: LineIndex,
  lives: Lives,
): ExecutorRow[] {
  const activities = new Activities(state.stacks);
  const rows = new Map<string, Sums>();
  for (const work of works) {
    const process = state.threads[work.thread]?.process ?? 0;
    const pid = state.processes[process]?.pid ?? 0;
    const where = lines.placeOf(givingLine(work, lines, activities, state.stacks));
    const place = work.node === 0 ? null : lines.placeOf(lines.lineOf(work.node));
    const key = [pid, where.line, where.file, place?.function, place?.file].join(' ');
    const sums = rows.get(key) ?? newSums(pid, where, place);
    rows.set(key, sums);
    const queuedNs = work.givenStack > 0 ? work.begunNs - work.givenNs : 0;
    const endNs = work.endedNs ?? lives.threadEndNs[work.thread] ?? work.begunNs;
    const ranNs = Math.max(endNs - work.begunNs, 0);
    sums.asyncio ||= activities.taskFrames(work.givenStack) !== null;
    sums.count++;
    sums.queuedNs += queuedNs;
    sums.ranNs += ranNs;
    sums.maxQueuedNs = Math.max(sums.maxQueuedNs, queuedNs);
    sums.maxRanNs = Math.max(sums.maxRanNs, ranNs);
    sums.ran.add(work.thread);
  }
  return [...rows.values()]
    .map(({ ran, ...row }) => ({ ...row, threads: ran.size }))
    .sort((a, b) => b.ranNs - a.ranNs);
}

/**
 * The user's own line that gave the work. A task that does nothing but that, as one made of `asyncio.to_thread()`, has
 * none: then it is the line that made the task.
 */
export function givingLine(
  { givenStack, taskStack }: Pick<Work, 'givenStack' | 'taskStack'>,
  lines: LineIndex,
  activities: Activities,
  stacks: StackTable,
): number {
  const inTask = activities.taskFrames(givenStack);
  const own = inTask?.find((node) => isOwnFile(lines.placeOf(lines.lineOf(node)).file));
  if (own !== undefined) return lines.lineOf(own);
  return ownLine(lines, stacks, inTask !== null && taskStack > 0 ? taskStack : givenStack);
}

function newSums(pid: number, where: Place, work: Place | null): Sums {
  const ns = { queuedNs: 0, ranNs: 0, maxQueuedNs: 0, maxRanNs: 0 };
  return { pid, where, work, asyncio: false, count: 0, ...ns, threads: 0, ran: new Set() };
}
