import type { ChildEnd, TraceState } from '../trace/events';
import type { AwaitBook, Work } from './await-book';
import type { AwaitStretch } from './await-columns';
import { groupBy } from './group-by';
import { lastUpTo } from './search';

/** What a wait was for, as far as the events of the others tell. */
export interface AwaitLink extends Omit<AwaitStretch, 'on'> {
  readonly on: 'child' | 'pipe' | 'pool' | 'executor';
  /** Of the process that ended the wait; null: a thread of the same process did. */
  readonly pid: number | null;
  /** Who ended it and when: an index of a thread, -1 for a process without a trace. */
  readonly other: number;
  readonly atNs: number;
  /** Of work in an executor. */
  readonly work: Work | null;
}

/** What all waits with one stack for one process were long. */
export interface AwaitSum {
  readonly stack: number;
  readonly on: Exclude<AwaitLink['on'], 'executor'>;
  readonly pid: number;
  ns: number;
}

interface Cause {
  readonly pid: number | null;
  readonly other: number;
  readonly atNs: number;
  readonly work?: Work;
}

/** How far back from a moment a thread of several interpreters may have to be looked at. */
const NESTED = 4;

/**
 * What ended each wait. The end of a child is told by the call that learnt it, and work of an executor by its queue; data
 * of another process are taken to be those that were sent last before the wait ended.
 *
 * While the program runs, a wait is looked at in the first two views that have it: by then, what the others did until
 * its end has been read too. The last view looks at all again.
 */
export class AwaitLinks {
  readonly #book: AwaitBook;
  /** By index of the stretch. */
  readonly #links: (AwaitLink | null)[] = [];
  #sums = new Map<string, AwaitSum>();
  /** Stretches of the view before the last one, and of that. */
  #viewed: readonly [number, number] = [0, 0];

  constructor(book: AwaitBook) {
    this.#book = book;
  }

  /** Looks at what is new; at everything when no more comes. */
  update(state: TraceState, final: boolean): void {
    const { stretches } = this.#book;
    if (final) {
      this.#links.length = 0;
      this.#sums = new Map();
    }
    const causes = new Causes(this.#book, state);
    for (let i = final ? 0 : this.#viewed[0]; i < stretches.count; i++) {
      const link = causes.of(stretches.at(i));
      this.#add(this.#links[i] ?? null, -1);
      this.#links[i] = link;
      this.#add(link, 1);
    }
    this.#viewed = [this.#viewed[1], stretches.count];
  }

  get sums(): Iterable<AwaitSum> {
    return this.#sums.values();
  }

  /** The wait of a thread that contains a moment. */
  at(thread: number, timeNs: number): AwaitLink | null {
    const { stretches } = this.#book;
    const own = stretches.ofThread(thread);
    const last = lastUpTo(own, timeNs, (index) => stretches.startOf(index));
    for (let at = last; at >= 0 && at > last - NESTED; at--) {
      const link = this.#links[own[at] as number];
      if (link && link.toNs > timeNs) return link;
    }
    return null;
  }

  #add(link: AwaitLink | null, sign: number): void {
    if (link === null || link.pid === null || link.on === 'executor') return;
    const { stack, on, pid } = link;
    const key = `${stack} ${on} ${pid}`;
    const sum = this.#sums.get(key) ?? { stack, on, pid, ns: 0 };
    this.#sums.set(key, sum);
    sum.ns += sign * (link.toNs - link.fromNs);
    if (sum.ns <= 0) this.#sums.delete(key);
  }
}

class Causes {
  readonly #book: AwaitBook;
  readonly #state: TraceState;
  /** By process and thread id. */
  readonly #ends: ReadonlyMap<string, readonly ChildEnd[]>;
  readonly #endsOfOthers: readonly (ChildEnd & { readonly parentPid: number })[];
  readonly #parentOf: ReadonlyMap<number, number>;

  constructor(book: AwaitBook, state: TraceState) {
    this.#state = state;
    this.#book = book;
    book.sends.sort();
    const ends = state.processes.flatMap(({ pid, childEnds = [] }, process) =>
      childEnds.map((end) => ({ ...end, process, parentPid: pid })),
    );
    this.#ends = groupBy(ends, ({ process, tid }) => `${process} ${tid}`);
    this.#endsOfOthers = ends.toSorted((a, b) => a.atNs - b.atNs);
    this.#parentOf = new Map(state.processes.map(({ pid, parentPid }) => [pid, parentPid]));
  }

  of(stretch: AwaitStretch): AwaitLink | null {
    const { on, ...rest } = stretch;
    if (on === 'events') return linked(rest, 'executor', this.#workBefore(stretch));
    if (on === 'child' || on === null) {
      const cause = this.#learntEnd(stretch) ?? (on === null ? null : this.#laterEnd(stretch));
      return linked(rest, 'child', cause);
    }
    const sent = this.#sentBefore(stretch);
    const worked = on === 'pool' ? this.#workBefore(stretch) : null;
    const latest = (worked?.atNs ?? -1) > (sent?.atNs ?? -1) ? worked : sent;
    return on === 'work' ? null : linked(rest, on, latest);
  }

  /** The end of a child that the thread learnt in this very wait. */
  #learntEnd({ thread, fromNs, toNs }: AwaitStretch): Cause | null {
    const end = this.#endsOf(thread).find(({ atNs }) => atNs >= fromNs && atNs <= toNs);
    return end === undefined ? null : this.#endOf(end);
  }

  /** A fork server tells of an end by a pipe; who reads the output of a child asks for its end afterwards. */
  #laterEnd({ thread, fromNs, toNs }: AwaitStretch): Cause | null {
    const pid = this.#pidOf(thread);
    const told = this.#endsOfOthers.findLast(
      ({ parentPid, atNs }) => atNs <= toNs && atNs >= fromNs && this.#isBelow(parentPid, pid),
    );
    const end = told ?? this.#endsOf(thread).find(({ atNs }) => atNs > toNs);
    return end === undefined ? null : this.#endOf(end);
  }

  #endsOf(thread: number): readonly ChildEnd[] {
    const { process = -1, tid = -1 } = this.#state.threads[thread] ?? {};
    return this.#ends.get(`${process} ${tid}`) ?? [];
  }

  #endOf({ pid, atNs }: ChildEnd): Cause {
    const process = this.#state.processes.findLastIndex((row) => row.pid === pid);
    const other = this.#state.threads.findIndex((row) => row.process === process);
    const endNs = this.#state.processes[process]?.endNs ?? atNs;
    return { pid, other: process < 0 ? -1 : other, atNs: Math.min(endNs, atNs) };
  }

  #sentBefore({ thread, fromNs, toNs, on }: AwaitStretch): Cause | null {
    const own = this.#pidOf(thread);
    const { sends } = this.#book;
    for (let at = sends.lastUpTo(toNs); at >= 0; at--) {
      const send = sends.at(at);
      if (send.atNs < fromNs) return null;
      const pid = this.#pidOf(send.thread);
      const fits = on === 'pool' ? this.#isBelow(pid, own) : pid !== own;
      if (fits) return { pid, other: send.thread, atNs: send.atNs };
    }
    return null;
  }

  #workBefore({ thread, fromNs, toNs }: AwaitStretch): Cause | null {
    const works = this.#book.endedOfGiver.get(thread) ?? [];
    const work = works[lastUpTo(works, toNs, ({ endedNs }) => endedNs ?? Infinity)];
    if (work === undefined || work.endedNs === null || work.endedNs < fromNs) return null;
    return { pid: null, other: work.thread, atNs: work.endedNs, work };
  }

  #pidOf(thread: number): number {
    return this.#state.processes[this.#state.threads[thread]?.process ?? -1]?.pid ?? 0;
  }

  /** Whether a process is a descendant of another. */
  #isBelow(pid: number, of: number): boolean {
    // Pids are used again: a chain of them might be a ring.
    const seen = new Set<number>();
    let at = this.#parentOf.get(pid);
    while (at !== undefined && at !== of && !seen.has(at)) {
      seen.add(at);
      at = this.#parentOf.get(at);
    }
    return at === of;
  }
}

function linked(
  stretch: Omit<AwaitStretch, 'on'>,
  on: AwaitLink['on'],
  cause: Cause | null,
): AwaitLink | null {
  if (cause === null) return null;
  const { pid, other, atNs, work = null } = cause;
  return { ...stretch, on: work === null ? on : 'executor', pid, other, atNs, work };
}
