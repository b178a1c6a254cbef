import type { LockState, StackTable } from '../trace/events';
import { isCounting } from './lock-shared';
import { shortName, standardModuleOf } from './python-library';

/** What a thread waits for that is no contention: there is nothing to do until somebody else has done his part. */
export type WorkKind =
  'Barrier' | 'Condition' | 'Event' | 'Future' | 'Queue' | 'Semaphore' | 'SimpleQueue' | 'join';

/**
 * `lock`: it is there to be held. `import`: a thread that waits for a module takes it, for the thread that imports the
 * module to release. The others only make threads wait for work: `waiter` is made by `Condition.wait` for one wait;
 * `join` is what `Thread.join` waits for.
 */
export type LockRole = 'lock' | 'import' | 'waiter' | 'SimpleQueue' | 'join';

/** By the function of `threading` that makes a Lock. */
const ROLES: Readonly<Record<string, LockRole>> = { wait: 'waiter', _set_tstate_lock: 'join' };
/** Its only locks are those of modules. */
export const IMPORT_MODULE = 'importlib._bootstrap';

/** A frame, as far as waiting is concerned. */
interface Frame {
  /** Of the standard library; null: other code. */
  readonly module: string | null;
  readonly name: string;
  readonly qualifiedName: string;
}

/** The frames of `threading` and what the frame inside them was waiting for. */
const THREADING: Readonly<
  Record<string, (inner: WorkKind | null, frame: Frame) => WorkKind | null>
> = {
  wait: (inner, { qualifiedName }) => {
    if (inner === null || qualifiedName === 'Condition.wait') return 'Condition';
    if (inner === 'Barrier' || qualifiedName === 'Barrier.wait') return 'Barrier';
    return 'Event';
  },
  wait_for: (inner) => inner,
  _wait: () => 'Barrier',
  _enter: () => 'Barrier',
  _block: () => 'Barrier',
  acquire: (inner) => (inner === null ? null : 'Semaphore'),
  start: (inner) => inner,
  _wait_for_tstate_lock: () => 'join',
  join: () => 'join',
  _shutdown: () => 'join',
};

/**
 * Tells waits for work from contention by the waiting stack. Remembers what it was asked, since events repeat.
 */
export class WorkSense {
  readonly #byStack = new Map<number, WorkKind | null>();
  readonly #roleByStack = new Map<number, LockRole>();

  /** Null: contention. */
  workOf(stacks: StackTable, lock: LockState | undefined, stack: number): WorkKind | null {
    if (lock?.kind === 'SimpleQueue' || lock?.kind === 'join') return lock.kind;
    // An RLock is never waited on for work; after a notification its Condition waits for it on the same stack.
    if (lock?.kind !== 'Lock' && lock?.kind !== 'SemLock') return null;
    return this.#ofStack(stacks, stack) ?? (isCounting(lock) ? 'Semaphore' : null);
  }

  /** What a lock is for, by where it was made. */
  roleOf(stacks: StackTable, lock: LockState): LockRole {
    const { createdStack, kind } = lock;
    if (kind === 'SimpleQueue' || kind === 'join') return kind;
    if (kind === 'import') return kind;
    if (kind !== 'Lock' || createdStack === 0) return 'lock';
    const known = this.#roleByStack.get(createdStack);
    if (known !== undefined) return known;
    const { module, name } = frameOf(stacks, createdStack);
    const role =
      module === IMPORT_MODULE
        ? 'import'
        : module === 'threading'
          ? (ROLES[name] ?? 'lock')
          : 'lock';
    this.#roleByStack.set(createdStack, role);
    return role;
  }

  #ofStack(stacks: StackTable, stack: number): WorkKind | null {
    const known = this.#byStack.get(stack);
    if (known !== undefined) return known;
    const work = workOfStack(stacks, stack);
    this.#byStack.set(stack, work);
    return work;
  }
}

/** What the standard library waits for with this stack, by its innermost frames; null: for no work. */
export function workOfStack(stacks: StackTable, stack: number): WorkKind | null {
  let work: WorkKind | null = null;
  for (let node = stack; node > 0; node = stacks.parentOf(node)) {
    const frame = frameOf(stacks, node);
    if (node === stack && isEntering(frame)) {
      // Only readers take the lock of a queue there, to wait for what comes next.
      return isReading(frameOf(stacks, stacks.parentOf(node))) ? 'Queue' : null;
    }
    if (frame.module === 'threading') {
      const step = THREADING[frame.name];
      if (step === undefined) return work;
      work = step(work, frame);
    } else {
      return frame.module === null ? work : workOfModule(frame.module, frame.name, work);
    }
    if (work === null) return null;
  }
  return work;
}

/** `with lock:`, of a lock of `multiprocessing`. */
function isEntering({ module, name }: Frame): boolean {
  return module === 'multiprocessing.synchronize' && name === '__enter__';
}

function isReading({ module, name }: Frame): boolean {
  return module === 'multiprocessing.queues' && name === 'get';
}

/** The frame outside of `threading` says more: a Condition is how a queue waits. */
function workOfModule(module: string, name: string, inner: WorkKind | null): WorkKind | null {
  if (module === 'queue') return inner === null ? null : 'Queue';
  if (module === 'concurrent.futures._base') return inner === null ? null : 'Future';
  if (module === 'multiprocessing.pool') return inner === null ? null : 'Future';
  if (module === 'multiprocessing.queues' && (name === 'get' || name === 'put')) return 'Queue';
  if (module === 'multiprocessing.synchronize' && name === 'wait') return 'Condition';
  return inner;
}

function frameOf(stacks: StackTable, node: number): Frame {
  const location = stacks.locations[stacks.locationOf(node)];
  const qualifiedName = location?.function ?? '';
  const module = location === undefined ? null : standardModuleOf(location.file);
  return { module, name: shortName(qualifiedName), qualifiedName };
}
