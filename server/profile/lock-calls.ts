import type { Place } from '../protocol';
import type { StackTable } from '../trace/events';
import type { WorkKind } from './lock-work';
import { standardModuleOf } from './python-library';

/** Modules whose classes are locks, for those who call them. */
const CONSTRUCTS = new Set(['threading', 'queue', 'multiprocessing.synchronize']);
/** For what waits of a kind are, as {@link LockIdentity.kind} has it. */
const KINDS: Partial<Readonly<Record<WorkKind, readonly string[]>>> = {
  Barrier: ['Barrier'],
  Condition: ['Condition'],
  Event: ['Event'],
  Queue: ['Queue', 'LifoQueue', 'PriorityQueue'],
  Semaphore: ['Semaphore', 'BoundedSemaphore'],
};

/**
 * Where locks are used, by the line that calls into `threading` or `queue`: a `Condition` waits at a lock made for that
 * one wait, but takes its own lock for the same call.
 */
export class CallSites {
  readonly #stacks: StackTable;
  /** By node of the caller, and by its location: the groups of locks that were taken there, by kind. */
  readonly #byNode = new Map<string, Set<number>>();
  readonly #byLocation = new Map<string, Set<number>>();

  constructor(stacks: StackTable) {
    this.#stacks = stacks;
  }

  /** A lock of the group was taken with this stack. */
  add(stack: number, group: number, kind: string): void {
    const node = this.#callerNode(stack);
    if (node === 0 || node === stack || !isKind(kind)) return;
    put(this.#byNode, `${node} ${kind}`, group);
    put(this.#byLocation, `${this.#stacks.locationOf(node)} ${kind}`, group);
  }

  /** The groups for one of which a wait for work can be; empty where that is not known. */
  groupsAt(stack: number, work: WorkKind): readonly number[] {
    const node = this.#callerNode(stack);
    const kinds = KINDS[work] ?? [];
    const at = (index: ReadonlyMap<string, ReadonlySet<number>>, place: number) =>
      kinds.flatMap((kind) => [...(index.get(`${place} ${kind}`) ?? [])]);
    const exact = at(this.#byNode, node);
    return exact.length > 0 ? exact : at(this.#byLocation, this.#stacks.locationOf(node));
  }

  /** The nearest line that is not of Python's own library; null where there is none. */
  callerOf(stack: number): Place | null {
    let node = stack;
    while (node > 0 && this.#moduleOf(node) !== null) node = this.#stacks.parentOf(node);
    return node === 0 ? null : (this.#stacks.locations[this.#stacks.locationOf(node)] ?? null);
  }

  #callerNode(stack: number): number {
    let node = stack;
    while (node > 0 && CONSTRUCTS.has(this.#moduleOf(node) ?? '')) {
      node = this.#stacks.parentOf(node);
    }
    return node;
  }

  #moduleOf(node: number): string | null {
    return standardModuleOf(this.#stacks.locations[this.#stacks.locationOf(node)]?.file ?? '');
  }
}

function isKind(kind: string): boolean {
  return Object.values(KINDS).some((kinds) => kinds.includes(kind));
}

function put(index: Map<string, Set<number>>, key: string, group: number): void {
  const known = index.get(key) ?? new Set();
  index.set(key, known.add(group));
}
