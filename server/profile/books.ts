import { RELEASE_NODE } from '../trace/format';
import { HoldWindow } from './hold-window';
import { KeyIndex } from './key-index';
import { LaneHistory } from './lane-history';
import type { OffTime } from './off-time';
import { Table, grownInts } from './table';

/** Fields of a cell: what one thread did towards one GIL with one stack. */
export const CELL = {
  waitNs: 0,
  offNs: 1,
  acquires: 2,
  contended: 3,
  forced: 4,
  maxHoldNs: 5,
  maxWaitNs: 6,
  /** Of offNs: on a CPU. */
  nativeNs: 7,
} as const;
const CELL_WIDTH = 8;

/** Fields of a pair: waits with one stack, charged to one unit. */
export const PAIR = { ns: 0, count: 1, maxNs: 2 } as const;
const PAIR_WIDTH = 3;

/** Fields of a unit. */
export const UNIT = { holdNs: 0, samples: 1 } as const;
const UNIT_WIDTH = 2;

/** The unit that stands for: nobody held the GIL. */
export const HAND_OFF = 0;
/** Second key of a unit that is one known stack, not a group. */
export const KNOWN_STACK = 0xffffffff;

/** A thread towards one GIL. */
export class LaneBook {
  readonly index: number;
  readonly gil: number;
  readonly thread: number;
  readonly history = new LaneHistory();
  /** Cell of the last release, -1 before the first. */
  lastCell = -1;
  lastStack = 0;
  /** The pair last charged, to spare a look-up. */
  pairStack = -1;
  pairUnit = -1;
  pair = -1;
  /** Start of its last time off. */
  offStartNs = 0;
  /** Null while its CPU clock was not read. */
  offTime: OffTime | null = null;

  constructor(index: number, gil: number, thread: number) {
    this.index = index;
    this.gil = gil;
    this.thread = thread;
  }
}

/** Fields of a lane in {@link Books.laneTimes}. */
export const LANE = { firstNs: 0, lastEndNs: 1, holdNs: 2 } as const;
const LANE_WIDTH = 3;

/** A hold long enough to be asked later whether somebody waited through it. */
export interface LongHold {
  readonly startNs: number;
  readonly endNs: number;
  readonly stack: number;
  blocked: boolean;
}

/** What waits through single long holds come to, by the stack that ran longest in them. */
export interface LongBlock {
  /** Holds through which somebody waited long. */
  holds: number;
  /** The part of those waits inside of these holds. */
  blockedNs: number;
  maxBlockedNs: number;
}

/** One GIL. */
export class GilBook {
  /** Lane + 1 by thread. */
  laneOfThread = new Int32Array(64);
  readonly window = new HoldWindow();
  /** (stack of the wait, unit) */
  readonly pairs = new KeyIndex();
  readonly pairSums = new Table(PAIR_WIDTH);
  readonly samples = new SampleQueue();
  readonly longHolds: LongHold[] = [];
  readonly longBlocks = new Map<number, LongBlock>();
  lastLane = -1;
  switches = 0;
  /** [0]: the last release of the stream. In an array because numbers in objects are boxed. */
  readonly times = new Float64Array(1);

  pairOf(stack: number, unit: number): number {
    const { count } = this.pairs;
    const pair = this.pairs.of(stack, unit);
    if (pair === count) this.pairSums.ensure(pair);
    return pair;
  }
}

/** Samples that wait for the cycle that contains them. */
export class SampleQueue {
  #at: number[] = [];
  #thread: number[] = [];
  #stack: number[] = [];
  #cpuNs: number[] = [];
  #head = 0;

  push(at: number, thread: number, stack: number, cpuNs: number): void {
    this.#cpuNs.push(cpuNs);
    this.#at.push(at);
    this.#thread.push(thread);
    this.#stack.push(stack);
  }

  /** Whether a sample up to `time` waits. */
  has(time: number): boolean {
    return this.#head < this.#at.length && (this.#at[this.#head] as number) <= time;
  }

  /** Takes the samples up to the end of a hold out of the queue and answers those of the hold itself. */
  take(thread: number, acquired: number, released: number, releaseStack: number): Sampled {
    const taken: Sampled = { at: [], stack: [], cpuNs: [] };
    for (; this.has(released); this.#head++) {
      const at = this.#at[this.#head] as number;
      const own = this.#thread[this.#head] === thread;
      // At the very end it may be the next holder's.
      if (!own && at === released) break;
      if (!own || at < acquired) continue;
      taken.at.push(at);
      const stack = this.#stack[this.#head] as number;
      taken.stack.push(stack === RELEASE_NODE ? releaseStack : stack);
      taken.cpuNs.push(this.#cpuNs[this.#head] as number);
    }
    this.#compact();
    return taken;
  }

  /** As {@link take} for a hold that goes on; the queue stays. */
  peek(thread: number, acquired: number, released: number): Sampled {
    const seen: Sampled = { at: [], stack: [], cpuNs: [] };
    for (let i = this.#head; i < this.#at.length; i++) {
      const at = this.#at[i] as number;
      if (at > released) break;
      const stack = this.#stack[i] as number;
      if (this.#thread[i] !== thread || at < acquired || stack === RELEASE_NODE) continue;
      seen.at.push(at);
      seen.stack.push(stack);
      seen.cpuNs.push(this.#cpuNs[i] as number);
    }
    return seen;
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#at.length) return;
    for (const column of [this.#at, this.#thread, this.#stack, this.#cpuNs]) {
      column.splice(0, this.#head);
    }
    this.#head = 0;
  }
}

export interface Sampled {
  readonly at: number[];
  readonly stack: number[];
  /** CPU time of the thread by then; 0: unknown. */
  readonly cpuNs: number[];
}

export type FaultKind =
  | 'holdsOverlap'
  | 'holdNegative'
  | 'waitNegative'
  | 'waitBeforeRelease'
  | 'callerUnknown'
  | 'lockHoldsOverlap'
  | 'lockTimesReversed';

/** All that the engine keeps. Memory follows threads, stacks and pairs of stacks, not events. */
export class Books {
  readonly gils: GilBook[] = [];
  readonly lanes: LaneBook[] = [];
  readonly laneTimes = new Table(LANE_WIDTH);
  /** Time others waited while the lane held, by lane; complete after the windows are settled. */
  readonly blocks = new Table(1);
  /** (lane, stack) */
  readonly cells = new KeyIndex();
  readonly cellSums = new Table(CELL_WIDTH);
  /** Index in the GIL's pairs of the cell's hand-off, -1 while there is none. */
  handOffPair = new Int32Array(64).fill(-1);
  /**
   * Who can hold: a stack that was sampled or is otherwise known (stack, KNOWN_STACK), or a group: holds without
   * samples with the same stacks at acquisition and release. Unit 0 is the hand-off.
   */
  readonly units = new KeyIndex();
  readonly unitSums = new Table(UNIT_WIDTH);
  /** By unit of a group: samples by stack, seen in its holds. */
  readonly groupSamples = new Map<number, Map<number, number>>();
  readonly faults = new Map<FaultKind, number>();
  cycles = 0;

  constructor() {
    this.unitOf(KNOWN_STACK, 0);
  }

  gil(index: number): GilBook {
    while (this.gils.length <= index) this.gils.push(new GilBook());
    return this.gils[index] as GilBook;
  }

  lane(gilIndex: number, thread: number): LaneBook {
    const gil = this.gil(gilIndex);
    if (thread >= gil.laneOfThread.length) {
      gil.laneOfThread = grownInts(gil.laneOfThread, thread + 1);
    }
    const known = (gil.laneOfThread[thread] as number) - 1;
    if (known >= 0) return this.lanes[known] as LaneBook;
    const lane = new LaneBook(this.lanes.length, gilIndex, thread);
    this.lanes.push(lane);
    this.laneTimes.ensure(lane.index);
    this.blocks.ensure(lane.index);
    gil.laneOfThread[thread] = lane.index + 1;
    return lane;
  }

  /** Undefined where the thread never had to do with the GIL. */
  laneOf(gilIndex: number, thread: number): LaneBook | undefined {
    const lane = (this.gils[gilIndex]?.laneOfThread[thread] ?? 0) - 1;
    return this.lanes[lane];
  }

  cellOf(lane: number, stack: number): number {
    const cell = this.cells.of(lane, stack);
    this.cellSums.ensure(cell);
    if (cell >= this.handOffPair.length) {
      const from = this.handOffPair.length;
      this.handOffPair = grownInts(this.handOffPair, cell + 1).fill(-1, from);
    }
    return cell;
  }

  unitOf(first: number, second: number): number {
    const unit = this.units.of(first, second);
    this.unitSums.ensure(unit);
    return unit;
  }

  fault(kind: FaultKind): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
