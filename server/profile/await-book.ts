import type { StackTable, WorkRow } from '../trace/events';
import { Activities, type Awaited } from './activities';

/** A time off the GIL that may have been a wait for another process or thread. */
export interface AwaitStretch {
  /** Index in the trace's state. */
  readonly thread: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly stack: number;
  /** What its stack says; null: nothing. */
  readonly on: Awaited | null;
}

/** Data went to another process: the release of the GIL before the system call. */
export interface Send {
  readonly thread: number;
  readonly atNs: number;
}

/** What a thread of an executor took from its queue. */
export interface Work extends Omit<WorkRow, 'atNs' | 'ended'> {
  readonly begunNs: number;
  /** Null while it goes on. */
  endedNs: number | null;
  /** Stack node of the function that was given, somewhere in it; 0: it never let the GIL go. */
  node: number;
}

/** Each; of more nobody learns what they waited for. */
const MOST = 1 << 17;
/** Shorter waits are not looked at. */
const LEAST_NS = 10_000;
/** Where nothing but its length speaks for it. */
const LEAST_UNKNOWN_NS = 1_000_000;

const UNSEEN = 0;
const NOTHING = 1;
const SENDS = 2;
const AWAITED: readonly Awaited[] = ['child', 'pipe', 'pool', 'work', 'events'];
const FIRST_AWAITED = 3;

/** Collects, cycle by cycle, what threads off the GIL may have waited for and what may have ended that. */
export class AwaitBook {
  readonly stretches: AwaitStretch[] = [];
  readonly sends: Send[] = [];
  readonly works: Work[] = [];
  #stacks: StackTable | null = null;
  #activities: Activities | null = null;
  #classes = new Uint8Array(256);
  /** By thread: works that cycles still to come may be part of. */
  readonly #current = new Map<number, Work[]>();

  /** The stacks of the cycles that follow. */
  use(stacks: StackTable | undefined): void {
    if (stacks === undefined || stacks === this.#stacks) return;
    this.#stacks = stacks;
    this.#activities = new Activities(stacks);
    this.#classes.fill(UNSEEN);
  }

  take(rows: readonly WorkRow[]): void {
    for (const { atNs, ended, ...row } of rows) {
      const current = this.#current.get(row.thread) ?? [];
      this.#current.set(row.thread, current);
      const last = current.at(-1);
      if (ended && last !== undefined) last.endedNs = Math.max(atNs, last.begunNs);
      if (ended || this.works.length >= MOST) continue;
      const work = { ...row, begunNs: atNs, endedNs: null, node: 0 };
      current.push(work);
      this.works.push(work);
    }
  }

  /** A thread was off the GIL; `stack` is that of its release. */
  off(thread: number, fromNs: number, toNs: number, stack: number): void {
    const ns = toNs - fromNs;
    if (ns < LEAST_NS || this.stretches.length >= MOST) return;
    const kind = this.#classOf(stack);
    if (kind < FIRST_AWAITED && ns < LEAST_UNKNOWN_NS) return;
    const on = AWAITED[kind - FIRST_AWAITED] ?? null;
    if (on !== 'work') this.stretches.push({ thread, fromNs, toNs, stack, on });
  }

  released(thread: number, atNs: number, stack: number): void {
    if (this.#classOf(stack) === SENDS && this.sends.length < MOST)
      this.sends.push({ thread, atNs });
    const current = this.#current.get(thread);
    if (current !== undefined) this.#work(current, atNs, stack);
  }

  #work(current: Work[], atNs: number, stack: number): void {
    while (current[0] !== undefined && (current[0].endedNs ?? Infinity) < atNs) current.shift();
    const [work] = current;
    if (work === undefined || work.node !== 0 || atNs < work.begunNs) return;
    work.node = this.#activities?.workOf(stack) ?? 0;
  }

  #classOf(node: number): number {
    if (this.#activities === null) return NOTHING;
    if (node >= this.#classes.length) {
      const grown = new Uint8Array(Math.max(node + 1, this.#classes.length * 2));
      grown.set(this.#classes);
      this.#classes = grown;
    }
    const known = this.#classes[node] as number;
    if (known !== UNSEEN) return known;
    const on = this.#activities.awaitedBy(node);
    const found = this.#activities.isSend(node)
      ? SENDS
      : on === null
        ? NOTHING
        : FIRST_AWAITED + AWAITED.indexOf(on);
    this.#classes[node] = found;
    return found;
  }
}
