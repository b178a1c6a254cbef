import type { Place } from '../protocol';
import type { ExecutorRow } from '../protocol-awaits';
import type { StackTable, TraceState } from '../trace/events';
import type { Activities } from './activities';
import type { Work } from './await-book';
import type { LineIndex } from './line-index';
import type { Lives } from './lives';
import { ownLine } from './process-costs';
import { isOwnFile } from './report-places';

type Sums = { -readonly [Key in keyof ExecutorRow]: ExecutorRow[Key] } & { ran: Set<number> };

/** What it takes to say who gave a work. */
interface Sources {
  readonly state: TraceState;
  readonly lines: LineIndex;
  readonly lives: Lives;
  readonly activities: Activities;
}

/** Cycles of a work may come after its end: it is summed for good after so many views. */
const VIEWS_UNTIL_SETTLED = 2;

/** What was given to executors, by the line that gave it and the function. A live view costs what is new and goes on. */
export class ExecutorRows {
  #settled = new Map<string, Sums>();
  #open: { readonly work: Work; views: number }[] = [];
  #taken = 0;

  /** Largest first; from scratch when no more comes. */
  update(works: readonly Work[], sources: Sources, final: boolean): ExecutorRow[] {
    if (final) {
      this.#settled = new Map();
      this.#open = [];
      this.#taken = 0;
    }
    for (; this.#taken < works.length; this.#taken++)
      this.#open.push({ work: works[this.#taken] as Work, views: 0 });
    this.#settle(sources);
    const rows = new Map<string, Sums>();
    for (const [key, sums] of this.#settled) rows.set(key, { ...sums });
    for (const { work } of this.#open) addWork(rows, work, sources);
    return [...rows.values()]
      .map(({ ran, ...row }) => ({ ...row, threads: ran.size }))
      .sort((a, b) => b.ranNs - a.ranNs);
  }

  #settle(sources: Sources): void {
    const rest = this.#open.filter((open) => {
      if (open.work.endedNs === null || open.views++ < VIEWS_UNTIL_SETTLED) return true;
      addWork(this.#settled, open.work, sources);
      return false;
    });
    this.#open = rest;
  }
}

function addWork(rows: Map<string, Sums>, work: Work, sources: Sources): void {
  const { state, lines, activities } = sources;
  const process = state.threads[work.thread]?.process ?? 0;
  const pid = state.processes[process]?.pid ?? 0;
  const where = lines.placeOf(givingLine(work, lines, activities, state.stacks));
  const place = work.node === 0 ? null : lines.placeOf(lines.lineOf(work.node));
  const key = [process, where.line, where.file, place?.function, place?.file].join(' ');
  const sums = rows.get(key) ?? newSums(pid, where, place);
  rows.set(key, sums);
  const queuedNs = work.givenStack > 0 ? work.begunNs - work.givenNs : 0;
  const ranNs = Math.max(endOf(work, sources) - work.begunNs, 0);
  sums.asyncio ||= activities.taskFrames(work.givenStack) !== null;
  sums.count++;
  sums.queuedNs += queuedNs;
  sums.ranNs += ranNs;
  sums.maxQueuedNs = Math.max(sums.maxQueuedNs, queuedNs);
  sums.maxRanNs = Math.max(sums.maxRanNs, ranNs);
  sums.ran.add(work.thread);
}

/** Past the bound of a trace ends are not written: then it went on as far as it was seen to. */
function endOf({ thread, endedNs, seenNs }: Work, { state, lives }: Sources): number {
  if (endedNs !== null) return endedNs;
  const isBounded = (state.threads[thread]?.lost.acquires ?? 0) > 0;
  return isBounded ? seenNs : (lives.threadEndNs[thread] ?? seenNs);
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
