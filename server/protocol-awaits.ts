/** What threads off the GIL waited for: part of the profile, apart from protocol.ts for its length. */
import type { Place } from './protocol';

/** Blocked off the GIL, as far as functions of the standard library tell what for. `work`, `events`: nothing to do. */
export interface AwaitRow {
  readonly on: 'child' | 'pipe' | 'pool' | 'work' | 'events';
  readonly where: Place;
  readonly ns: number;
  /** The processes that ended these waits, as far as it is known; largest first. */
  readonly processes: readonly { readonly pid: number; readonly ns: number }[];
}

/** Work given to the threads of an executor at one line: with asyncio usually the `await` that waits for it. */
export interface ExecutorRow {
  readonly pid: number;
  readonly where: Place;
  /** The function that was given, at a line where it let the GIL go; null: it never did. */
  readonly work: Place | null;
  /** In a task of an asyncio event loop. */
  readonly asyncio: boolean;
  /** Begun so far, those of them that go on included. */
  readonly count: number;
  /** From being given to being begun, and from then on: as far as that was recorded, where the trace reached its bound. */
  readonly queuedNs: number;
  readonly ranNs: number;
  readonly maxQueuedNs: number;
  readonly maxRanNs: number;
  /** Different threads that ran it. */
  readonly threads: number;
}
