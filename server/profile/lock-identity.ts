import type { Place } from '../protocol';
import type { LockState, StackTable } from '../trace/events';
import { importedModuleOf } from './import-name';
import {
  classOf,
  lockNameOf,
  makerOf,
  sourceLinesOf,
  type SourceLines,
  usedNameOf,
} from './lock-name';
import { IMPORT_MODULE } from './lock-work';
import { shortName, standardModuleOf } from './python-library';

/** What a lock is, by where it was made. */
export interface LockIdentity {
  /** `Lock`, `Condition`, `Queue`, `dict`, … */
  readonly kind: string;
  readonly name: string | null;
  /** File '' where it is not known. */
  readonly createdAt: Place;
  /** The part of the standard library that made it for itself, `logging`; null: the program's own. */
  readonly library: string | null;
}

/** Text of a file as it was when the program ran; null where that is not known. */
export type ReadSource = (file: string) => string | null;

export const UNKNOWN_PLACE: Place = { file: '', line: 0, function: '' };

/** Classes that a program makes to synchronise its threads, by module. */
const CONSTRUCTS: Readonly<Record<string, readonly string[]>> = {
  threading: ['Condition', 'Event', 'Semaphore', 'BoundedSemaphore', 'Barrier', 'RLock'],
  queue: ['Queue', 'LifoQueue', 'PriorityQueue'],
  'multiprocessing.context': ['BaseContext'],
  'multiprocessing.synchronize': [
    'SemLock',
    'Lock',
    'RLock',
    'Semaphore',
    'BoundedSemaphore',
    'Condition',
    'Event',
    'Barrier',
  ],
  'multiprocessing.queues': ['Queue', 'JoinableQueue', 'SimpleQueue'],
};

interface Frame {
  readonly place: Place;
  /** Null: not of the standard library. */
  readonly module: string | null;
}

/** Finds out what locks are; remembers the sources and the answers. */
export class LockIdentities {
  readonly #read: ReadSource;
  readonly #sources = new Map<string, SourceLines | null>();
  readonly #known = new Map<string, LockIdentity>();

  constructor(read: ReadSource) {
    this.#read = read;
  }

  of(stacks: StackTable, lock: LockState): LockIdentity {
    const key = `${lock.createdStack}:${lock.kind}:${lock.typeName}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const identity = this.#identify(stacks, lock);
    this.#known.set(key, identity);
    return identity;
  }

  /**
   * As far as a place tells where it is taken: for locks that were made before anybody looked.
   * @param stack Of an acquisition, or of a wait.
   */
  ofUse(stacks: StackTable, stack: number, kind: string): LockIdentity {
    const { kind: told, place, library } = this.#maker(framesOf(stacks, stack), kind);
    const name = place === undefined ? null : this.usedName(place);
    return { kind: told, name, createdAt: UNKNOWN_PLACE, library };
  }

  /** What it is called on a line that takes a lock or waits; null where the line does not say. */
  usedName({ file, line, function: functionName }: Place): string | null {
    const source = this.#sourceOf(file);
    return source === null ? null : usedNameOf(source, line, functionName);
  }

  #identify(stacks: StackTable, lock: LockState): LockIdentity {
    const { kind, typeName } = lock;
    if (kind === 'object') return named(typeName === '' ? 'object' : typeName, 'per-object lock');
    if (kind === 'stopTheWorld') return named('stop-the-world', 'all threads stopped');
    if (kind === 'runtime') return { ...named('runtime', null), library: 'the interpreter' };
    if (kind === 'import') return { ...named('import', null), library: 'importlib' };
    const frames = framesOf(stacks, lock.createdStack);
    if (frames[0]?.module === IMPORT_MODULE) return this.#identifyImport(stacks, lock, frames);
    const maker = this.#maker(frames, kind);
    const { place, library } = maker;
    if (place === undefined)
      return { kind: maker.kind, name: null, createdAt: UNKNOWN_PLACE, library: null };
    const source = this.#sourceOf(place.file);
    const name = source === null ? null : lockNameOf(source, place.line, place.function);
    // Python names functions by their class only from 3.11 on; what the line itself says helps.
    const said = maker.kind === kind && source !== null ? makerOf(source, place.line) : null;
    const told = said === null || said === 'allocate_lock' ? maker.kind : said;
    return { kind: told, name, createdAt: place, library };
  }

  /** The lock of a module: named by the statement that imported it first. */
  #identifyImport(stacks: StackTable, { createdStack }: LockState, user: readonly Frame[]) {
    let [loads, ofList] = [0, false];
    let name: string | null = null;
    for (const { place, module } of framesOf(stacks, createdStack, isNotImportlib)) {
      if (module === null || isNotImportlib(module)) {
        const source = this.#sourceOf(place.file);
        const path = { parents: Math.max(loads - 1, 0), ofList };
        name = source === null ? null : importedModuleOf(source, place.line, path);
        break;
      }
      if (shortName(place.function) === '_find_and_load') loads++;
      ofList ||= shortName(place.function) === '_handle_fromlist';
    }
    const last = user.at(-1);
    const createdAt = last?.module === null ? last.place : UNKNOWN_PLACE;
    return { kind: 'import', name, createdAt, library: 'importlib' };
  }

  /** Goes outward through the standard library's frames, up to the code that made the lock for itself. */
  #maker(
    frames: readonly Frame[],
    kind: string,
  ): { readonly kind: string; readonly place: Place | undefined; readonly library: string | null } {
    let made = kind;
    for (const { place, module } of frames) {
      if (module === null) return { kind: made, place, library: null };
      const construct = this.#constructOf(place, module);
      if (construct === null) {
        return { kind: made, place, library: libraryOf(module) };
      }
      if (construct !== 'BaseContext') made = construct;
    }
    const last = frames.at(-1);
    return { kind: made, place: last?.place, library: libraryOf(last?.module ?? '') || null };
  }

  #constructOf(place: Place, module: string): string | null {
    const classes = CONSTRUCTS[module];
    if (classes === undefined) return null;
    // `threading.RLock` is a function.
    if (module === 'threading' && place.function === 'RLock') return 'RLock';
    const name = classOf(this.#sourceOf(place.file), place.line, place.function);
    return name !== null && classes.includes(name) ? name : null;
  }

  #sourceOf(file: string): SourceLines | null {
    const known = this.#sources.get(file);
    if (known !== undefined) return known;
    const source = this.#read(file);
    const lines = source === null ? null : sourceLinesOf(source);
    this.#sources.set(file, lines);
    return lines;
  }
}

function named(kind: string, name: string | null): LockIdentity {
  return { kind, name, createdAt: UNKNOWN_PLACE, library: null };
}

/** `concurrent.futures` of `concurrent.futures.thread`, else the first part. */
function libraryOf(module: string): string {
  const parts = module.split('.');
  const length = parts[0] === 'concurrent' ? 2 : 1;
  return parts.slice(0, length).join('.');
}

/** Innermost first, up to the first that is not of the standard library, or ends the search. */
function framesOf(
  stacks: StackTable,
  stack: number,
  isLast: (module: string) => boolean = () => false,
): Frame[] {
  const frames: Frame[] = [];
  for (let node = stack; node > 0; node = stacks.parentOf(node)) {
    const place = stacks.locations[stacks.locationOf(node)] ?? UNKNOWN_PLACE;
    const module = standardModuleOf(place.file);
    frames.push({ place, module });
    if (module === null || isLast(module)) break;
  }
  return frames;
}

function isNotImportlib(module: string): boolean {
  return module !== 'importlib' && !module.startsWith('importlib.');
}
