import type { StackTable, WorkRow } from '../trace/events';
import { Activities, type Awaited } from './activities';
import { AwaitStretches, Sends } from './await-columns';
import { listOf } from './group-by';

/** What a thread of an executor took from its queue. */
export interface Work extends Omit<WorkRow, 'atNs' | 'ended'> {
  readonly begunNs: number;
  /** Null while it goes on. */
  endedNs: number | null;
  /** When it was last seen to go on. */
  seenNs: number;
  /** Stack node of the function that was given, somewhere in it; 0: it never let the GIL go. */
  node: number;
}

/** About 100 MB; of more nobody learns what ended them, and whoever reads the profile is told. */
const MOST_WAITS = 1 << 19;
const MOST_WORKS = 1 << 18;
/** Shorter waits are not looked at. */
const LEAST_NS = 10_000;
/** Where nothing but its length speaks for it. */
const LEAST_UNKNOWN_NS = 1_000_000;
/** A shorter time off does not block an event loop: as when another thread gets the core after a wake-up. */
const LEAST_BLOCK_NS = 10_000_000;

const UNSEEN = 0;
const NOTHING = 1;
const SENDS = 2;
const AWAITED: readonly Awaited[] = ['child', 'pipe', 'pool', 'work', 'events'];
const FIRST_AWAITED = 3;
const EVENTS = FIRST_AWAITED + AWAITED.indexOf('events');

/** What did not fit. */
export interface AwaitBounds {
  readonly waits: number;
  readonly works: number;
}

/** Collects, cycle by cycle, what threads off the GIL may have waited for and what may have ended that. */
export class AwaitBook {
  readonly stretches = new AwaitStretches();
  readonly sends = new Sends();
  readonly works: Work[] = [];
  /** Those that ended, by the thread that gave them, in the order of their ends. */
  readonly endedOfGiver = new Map<number, Work[]>();
  readonly worksOfThread = new Map<number, Work[]>();
  /** By stack: long times off the GIL inside of tasks. */
  readonly loopBlockNs = new Map<number, number>();
  /** What there was no room for. */
  readonly missed = { waits: 0, works: 0 };
  /** How many were kept. */
  readonly most: AwaitBounds;
  #stacks: StackTable | null = null;
  #activities: Activities | null = null;
  #classes = new Uint8Array(256);
  /** By thread: works that cycles still to come may be part of. */
  readonly #current = new Map<number, Work[]>();
  /** Threads that ran an event loop themselves: a child made in a task only has the frames of one. */
  readonly #loops = new Set<number>();

  constructor(most: AwaitBounds = { waits: MOST_WAITS, works: MOST_WORKS }) {
    this.most = most;
  }

  /** Of these stacks. */
  activitiesOf(stacks: StackTable): Activities {
    if (this.#activities === null || stacks !== this.#stacks) {
      this.#stacks = stacks;
      this.#activities = new Activities(stacks);
      this.#classes.fill(UNSEEN);
    }
    return this.#activities;
  }

  /** The stacks of the cycles that follow. */
  use(stacks: StackTable | undefined): void {
    if (stacks !== undefined) this.activitiesOf(stacks);
  }

  take(rows: readonly WorkRow[]): void {
    for (const { atNs, ended, ...row } of rows) {
      const current = listOf(this.#current, row.thread);
      const last = current.at(-1);
      if (ended && last?.endedNs === null) this.#end(last, atNs);
      if (ended) continue;
      if (this.works.length >= this.most.works) {
        this.missed.works++;
        continue;
      }
      const work = { ...row, begunNs: atNs, endedNs: null, seenNs: atNs, node: 0 };
      current.push(work);
      this.works.push(work);
      listOf(this.worksOfThread, row.thread).push(work);
    }
  }

  /** A thread was off the GIL; `stack` is that of its release. */
  off(thread: number, fromNs: number, toNs: number, stack: number): void {
    const ns = toNs - fromNs;
    if (ns < LEAST_NS) return;
    if (this.isLoopBlock(thread, stack, ns))
      this.loopBlockNs.set(stack, (this.loopBlockNs.get(stack) ?? 0) + ns);
    const kind = this.#classOf(stack);
    if (kind < FIRST_AWAITED && ns < LEAST_UNKNOWN_NS) return;
    const on = AWAITED[kind - FIRST_AWAITED] ?? null;
    if (on === 'work') return;
    if (this.stretches.count < this.most.waits)
      this.stretches.push({ thread, fromNs, toNs, stack, on });
    else this.missed.waits++;
  }

  /** Whether a time off the GIL kept an event loop of the thread from its other tasks. */
  isLoopBlock(thread: number, stack: number, ns: number): boolean {
    return (
      ns >= LEAST_BLOCK_NS && this.#loops.has(thread) && this.#activities?.isTask(stack) === true
    );
  }

  released(thread: number, atNs: number, stack: number): void {
    const kind = this.#classOf(stack);
    if (kind === EVENTS) this.#loops.add(thread);
    if (kind === SENDS) {
      if (this.sends.count < this.most.waits) this.sends.push({ thread, atNs });
      else this.missed.waits++;
    }
    // Most programs have none, and this is asked of each cycle.
    const current = this.#current.size === 0 ? undefined : this.#current.get(thread);
    if (current !== undefined) this.#work(current, atNs, stack);
  }

  #end(work: Work, atNs: number): void {
    work.endedNs = Math.max(atNs, work.begunNs);
    const ended = listOf(this.endedOfGiver, work.giver);
    let at = ended.length;
    while (at > 0 && ((ended[at - 1] as Work).endedNs ?? 0) > work.endedNs) at--;
    ended.splice(at, 0, work);
  }

  #work(current: Work[], atNs: number, stack: number): void {
    while (current[0] !== undefined && (current[0].endedNs ?? Infinity) < atNs) current.shift();
    const [work] = current;
    if (work === undefined || atNs < work.begunNs) return;
    work.seenNs = atNs;
    if (work.node === 0) work.node = this.#activities?.workOf(stack) ?? 0;
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
