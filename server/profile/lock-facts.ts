import type { LockRow, Place } from '../protocol';
import type { StackTable, TraceState } from '../trace/events';
import type { LockSnapshot } from './lock-analysis';
import type { LineIndex } from './line-index';
import { lockPhrase } from './report-locks';

/** Frames of a stack that a finding tells. */
const FRAMES = 8;

/** Names of locks, threads and places, as findings say them. */
export class LockFacts {
  readonly state: TraceState;
  readonly locks: LockSnapshot;
  readonly #lines: LineIndex;
  readonly #rowOfLock = new Map<number, LockRow>();

  constructor(state: TraceState, locks: LockSnapshot, lines: LineIndex) {
    this.state = state;
    this.locks = locks;
    this.#lines = lines;
    const byId = new Map(locks.rows.map((row) => [row.id, row]));
    for (const { id, locks: indices } of locks.groups.groups) {
      const row = byId.get(id);
      for (const lock of indices) if (row !== undefined) this.#rowOfLock.set(lock, row);
    }
  }

  rowOf(lock: number): LockRow | undefined {
    return this.#rowOfLock.get(lock);
  }

  /** `the Lock Pool._lock`. */
  phraseOf(lock: number): string {
    const row = this.rowOf(lock);
    return row === undefined ? 'a lock' : lockPhrase(row);
  }

  /** The nearest line of the program itself. */
  placeOf(stack: number): Place {
    return this.#lines.placeOf(this.locks.userLines.lineOf(this.state.stacks, stack));
  }

  /** `/app.py:12`. */
  whereOf(stack: number): string {
    const { file, line } = this.placeOf(stack);
    return line === 0 ? 'an unknown line' : `${file}:${line}`;
  }

  threadName(thread: number): string {
    const known = this.state.threads[thread];
    if (known === undefined) return 'an unknown thread';
    return known.name === '' ? `thread ${known.tid}` : `thread ${known.name}`;
  }

  /** Innermost first: `/a.py:3 f < /a.py:9 <module>`. */
  stackText(stack: number): string {
    return framesOf(this.state.stacks, stack)
      .slice(0, FRAMES)
      .map(({ file, line, function: name }) => `${file}:${line} ${name}`)
      .join(' < ');
  }
}

/** Innermost first. */
export function framesOf(stacks: StackTable, stack: number): Place[] {
  const frames: Place[] = [];
  for (let node = stack; node > 0; node = stacks.parentOf(node)) {
    const place = stacks.locations[stacks.locationOf(node)];
    if (place !== undefined) frames.push(place);
  }
  return frames;
}
