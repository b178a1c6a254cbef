import type { Place, Profile } from '../protocol';
import type {
  Hold,
  ChartMeta,
  ChartRequest,
  ChartResponse,
  Marks,
  MarksRequest,
  Segment,
  SegmentRequest,
  TileRequest,
} from '../protocol-chart';
import { LEVEL_MAX, TILE_BINS, TILE_LANES } from '../protocol-chart';
import type { AnalysisAnswer, AnalysisQuestion } from '../protocol-analysis';
import { analyse } from './analysis';
import type { AwaitIndex } from './await-index';
import type { Snapshot } from './engine';
import type { LaneView } from './lane-view';
import { type LaneSegment, segmentAfter, segmentAt, segmentBefore } from './lane-segments';
import type { LineIndex } from './line-index';
import type { LockSnapshot } from './lock-analysis';
import type { LongWait } from './long-waits';
import { packBlame } from './pack-blame';
import { runAll, type Sliced } from './stretches';
import { tileBytes } from './tile';
import type { Timeline } from './timeline';
import { WaitCause } from './wait-cause';

/** Of a wait for a lock: holders, and holds behind them, the last. */
const MAX_LOCK_HOLDERS = 8;
const MAX_LOCK_HOLDS = 64;
const MAX_MARK_BINS = 65536;

/** Answers the chart's questions from one snapshot. Lanes are the rows of its threads. */
export class Chart {
  readonly #profile: Profile;
  readonly #lines: LineIndex;
  readonly #views: readonly LaneView[];
  readonly #longWaits: readonly LongWait[];
  readonly #locks: LockSnapshot;
  readonly #awaits: AwaitIndex;
  readonly #threadOfRow: readonly number[];
  readonly #revision: number;
  readonly #live: boolean;
  readonly #merged: boolean;

  constructor(
    snapshot: Snapshot,
    timeline: Timeline,
    lines: LineIndex,
    revision: number,
    live: boolean,
  ) {
    this.#profile = snapshot.profile;
    this.#lines = lines;
    this.#locks = snapshot.locks;
    this.#awaits = snapshot.awaits;
    this.#threadOfRow = snapshot.threadOfRow;
    this.#views = timeline.views(snapshot);
    this.#longWaits = timeline.longWaits(snapshot);
    this.#revision = revision;
    this.#live = live;
    this.#merged = timeline.merged;
  }

  answer(request: ChartRequest): ChartResponse {
    switch (request.kind) {
      case 'meta':
        return { kind: 'meta', meta: request.outline === true ? this.outline() : this.meta() };
      case 'tile': {
        const base64 = Buffer.from(this.tile(request)).toString('base64');
        return { kind: 'tile', revision: this.#revision, base64 };
      }
      case 'segment':
        return { kind: 'segment', segment: this.segment(request) };
      case 'longWait':
        return { kind: 'segment', segment: this.longWait(request.rank) };
      case 'marks':
        return { kind: 'marks', marks: this.marks(request) };
      case 'comparison':
        // Of two profiles; here is only one.
        return { kind: 'comparison', view: null };
      case 'analysis':
        return { kind: 'analysis', answer: runAll(this.analyse(request.question)) };
    }
  }

  analyse(question: AnalysisQuestion): Sliced<AnalysisAnswer> {
    const analysed = {
      profile: this.#profile,
      lines: this.#lines,
      views: this.#views,
      threadOfRow: this.#threadOfRow,
      locks: this.#locks,
      merged: this.#merged,
      segmentOf: (lane: number, segment: LaneSegment) => this.#describe(lane, segment),
    };
    return analyse(analysed, question);
  }

  meta(): ChartMeta {
    const { lines, blame, locks, findings } = this.#profile;
    return { ...this.#head(), lines, blame: packBlame(blame), locks, findings };
  }

  /** What the first picture needs: a few kilobytes of what may be a megabyte. */
  outline(): ChartMeta {
    const head = { ...this.#head(), outline: true } as const;
    return { ...head, lines: [], blame: packBlame([]), locks: [], findings: [] };
  }

  #head(): Omit<ChartMeta, 'lines' | 'blame' | 'locks' | 'findings'> {
    const { command, wallNs, processes, threads, gils, lost } = this.#profile;
    return {
      title: titleOf(command),
      revision: this.#revision,
      live: this.#live,
      wallNs,
      processes,
      lanes: threads.map((row) => ({
        pid: row.pid,
        tid: row.tid,
        name: row.name,
        gil: row.gil,
        startNs: row.startNs,
        endNs: row.endNs,
        holdNs: row.holdNs,
        waitNs: row.waitNs,
        offNs: row.offNs,
        lockWaitNs: row.lockWaitNs,
        blocksNs: row.blocksNs,
      })),
      gils,
      lost,
    };
  }

  tile({ level, index, page }: TileRequest): Uint8Array<ArrayBuffer> {
    const from = page * TILE_LANES;
    const lanes = page < 0 ? [] : this.#views.slice(from, from + TILE_LANES);
    const binNs = this.#profile.wallNs / 2 ** Math.min(Math.max(level, 0), LEVEL_MAX);
    return tileBytes(lanes, index * TILE_BINS, binNs);
  }

  segment({ lane, atNs, step }: SegmentRequest): Segment | null {
    const view = this.#views[lane];
    if (view === undefined) return null;
    const at = segmentAt(view, atNs);
    if (step === 'at') return this.#segmentOf(lane, at);
    const from = at ?? { startNs: atNs, endNs: atNs };
    const other =
      step === 'previous' ? segmentBefore(view, from.startNs) : segmentAfter(view, from.endNs);
    return this.#segmentOf(lane, other);
  }

  /** The wait of this rank, 0 the longest. */
  longWait(rank: number): Segment | null {
    const wait = this.#longWaits[rank];
    if (wait === undefined) return null;
    const { of: row, startNs, endNs, lock } = wait;
    const view = this.#views[row];
    if (view === undefined || endNs > view.endNs) return null;
    // Not from the lane, where what it did in between cuts it.
    if (lock !== null) return this.#segmentOf(row, { state: 'lock', startNs, endNs, ...lock });
    const inside = segmentAt(view, startNs);
    const stack = inside?.state === 'waiting' ? inside.stack : 0;
    return this.#segmentOf(row, { state: 'waiting', startNs, endNs, stack });
  }

  marks({ file, line, bins }: MarksRequest): Marks {
    const count = Math.min(Math.max(Math.floor(bins), 0), MAX_MARK_BINS);
    const wanted = this.#lines.find(file, line);
    const { wallNs } = this.#profile;
    if (wanted < 0 || count === 0 || wallNs === 0) return { bins: count, lanes: [] };
    const lanes = this.#views.map((view, lane) => ({
      lane,
      bins: this.#markedBins(view, wanted, count, wallNs),
    }));
    return { bins: count, lanes: lanes.filter((marks) => marks.bins.length > 0) };
  }

  #markedBins(view: LaneView, wanted: number, count: number, wallNs: number): number[] {
    const marked = new Uint8Array(count);
    let startNs = view.firstNs;
    for (let entry = 0; entry <= view.count; entry++) {
      for (let piece = 0; piece < 3; piece++) {
        const length = view.lengthOf(entry, piece);
        if (length === 0) continue;
        if (this.#lines.lineOf(view.stackOf(entry, piece)) === wanted) {
          // Multiplied first: a width of a bin that is no whole number would move its borders.
          const end = Math.ceil(((startNs + length) * count) / wallNs);
          marked.fill(1, Math.floor((startNs * count) / wallNs), Math.min(end, count));
        }
        startNs += length;
      }
    }
    const bins: number[] = [];
    for (let bin = 0; bin < count; bin++) if (marked[bin] === 1) bins.push(bin);
    return bins;
  }

  #placeOf(stack: number): Place | null {
    return stack === 0 ? null : this.#lines.placeOf(this.#lines.lineOf(stack));
  }

  #segmentOf(lane: number, segment: LaneSegment | null): Segment | null {
    return segment === null ? null : this.#describe(lane, segment);
  }

  #describe(lane: number, { state, startNs, endNs, stack, lock }: LaneSegment): Segment {
    const place = this.#placeOf(stack);
    const view = this.#views[lane];
    const thread = this.#threadOfRow[lane] ?? -1;
    const givenAt = this.#awaits.givenAt(thread, startNs);
    const segment = { lane, state, startNs, endNs, place, ...(givenAt ? { givenAt } : {}) };
    if (state === 'lock' && lock !== undefined) {
      return { ...segment, ...this.#named(lock), ...this.#lockHolders(lock, startNs, endNs) };
    }
    if (state !== 'waiting' || view === undefined) {
      return { ...segment, holders: [], holds: [], releasedBy: null, ...this.#awaited(segment) };
    }
    const cause = new WaitCause(this.#views, (node) => this.#placeOf(node));
    const wait = { lane, startNs, endNs };
    return { ...segment, ...cause.holdersOf(wait), releasedBy: cause.releaserOf(wait) };
  }

  /** How much of the time off the GIL was on a CPU, and what ended it, if that was a wait for another thread or process. */
  #awaited({
    lane,
    state,
    startNs,
    endNs,
  }: Pick<Segment, 'lane' | 'state' | 'startNs' | 'endNs'>): Partial<Segment> {
    const thread = this.#threadOfRow[lane] ?? -1;
    if (state !== 'off') return {};
    const nativeNs = this.#views[lane]?.nativeBetween(startNs, endNs) ?? null;
    const native = nativeNs === null ? {} : { nativeNs };
    const link = this.#awaits.at(thread, startNs);
    if (link === null) return native;
    const other = this.#threadOfRow.indexOf(link.other);
    const { on, pid, work, atNs } = link;
    const from = work?.begunNs ?? atNs;
    const place = this.#placeOf(work?.node ?? 0);
    const releasedBy = other < 0 ? null : { lane: other, startNs: from, endNs: atNs, place };
    return { ...native, awaited: { on, pid }, releasedBy };
  }

  /** Whether a hold that is cut to the end of a wait went on: the wait was given up, or goes on itself. */
  #isHeldOn(lock: number, hold: Hold, toNs: number): boolean {
    const open = this.#locks.open.holds.get(lock);
    if (open !== undefined && hold.startNs >= open.startNs) return true;
    const [next] = this.#locks.holdsBetween(lock, toNs, toNs + 1);
    return hold.endNs === toNs && this.#threadOfRow[hold.lane] === next?.thread;
  }

  #named(lock: number): Pick<Segment, 'lock'> {
    const { groups, ofLock } = this.#locks.groups;
    const identity = groups[ofLock[lock] ?? -1]?.identity;
    return identity === undefined ? {} : { lock: { kind: identity.kind, name: identity.name } };
  }

  /** Who held a lock during a wait for it, and who let go last: the same as for the GIL. */
  #lockHolders(
    lock: number,
    fromNs: number,
    toNs: number,
  ): Pick<Segment, 'holders' | 'holds' | 'releasedBy'> {
    const holds = this.#locks.holdsBetween(lock, fromNs, toNs).flatMap((hold): Hold[] => {
      const lane = this.#threadOfRow.indexOf(hold.thread);
      const { startNs, endNs } = hold;
      return lane < 0 ? [] : [{ lane, startNs, endNs, place: this.#placeOf(hold.stack) }];
    });
    const byLane = new Map<number, Segment['holders'][number]>();
    for (const { lane, startNs, endNs, place } of holds) {
      const ns = (byLane.get(lane)?.ns ?? 0) + endNs - startNs;
      byLane.set(lane, { lane, place: byLane.get(lane)?.place ?? place, ns });
    }
    const last = holds.at(-1);
    const isLetGo = last !== undefined && !this.#isHeldOn(lock, last, toNs);
    return {
      holders: [...byLane.values()].sort((a, b) => b.ns - a.ns).slice(0, MAX_LOCK_HOLDERS),
      holds: holds.slice(-MAX_LOCK_HOLDS),
      releasedBy: isLetGo ? last : null,
    };
  }
}

/** The command as one would say it: the script by its name, without its folder. */
function titleOf([script = '', ...args]: readonly string[]): string {
  return [script.split(/[\\/]/).at(-1) ?? script, ...args].join(' ');
}
