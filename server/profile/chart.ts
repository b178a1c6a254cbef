import type {
  ChartMeta,
  ChartRequest,
  ChartResponse,
  Marks,
  MarksRequest,
  Place,
  Profile,
  Segment,
  SegmentRequest,
  TileRequest,
} from '../protocol';
import { LEVEL_MAX, TILE_BINS, TILE_LANES } from '../protocol';
import type { Snapshot } from './engine';
import type { LaneView } from './lane-view';
import {
  type LaneSegment,
  segmentAfter,
  segmentAt,
  segmentBefore,
  segmentsOf,
} from './lane-segments';
import type { LineIndex } from './line-index';
import type { LongWait } from './long-waits';
import { tileBytes } from './tile';
import type { Timeline } from './timeline';

const MAX_HOLDERS = 8;
/** Of a holder's holds in one wait, so many are searched for the longest. */
const HOLDS_SEARCHED = 4096;
const MAX_MARK_BINS = 65536;

/** Answers the chart's questions from one snapshot. Lanes are the rows of its threads. */
export class Chart {
  readonly #profile: Profile;
  readonly #lines: LineIndex;
  readonly #views: readonly LaneView[];
  readonly #longWaits: readonly LongWait[];
  readonly #revision: number;
  readonly #live: boolean;

  constructor(
    snapshot: Snapshot,
    timeline: Timeline,
    lines: LineIndex,
    revision: number,
    live: boolean,
  ) {
    this.#profile = snapshot.profile;
    this.#lines = lines;
    this.#views = timeline.views(snapshot);
    this.#longWaits = timeline.longWaits(snapshot);
    this.#revision = revision;
    this.#live = live;
  }

  answer(request: ChartRequest): ChartResponse {
    switch (request.kind) {
      case 'meta':
        return { kind: 'meta', meta: this.meta() };
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
    }
  }

  meta(): ChartMeta {
    const { command, wallNs, processes, threads, lines, blame, gils, findings, lost } =
      this.#profile;
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
        blocksNs: row.blocksNs,
      })),
      lines,
      blame,
      gils,
      findings,
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
    if (step === 'at') return this.#segmentOf(lane, view, at);
    const from = at ?? { startNs: atNs, endNs: atNs };
    const other =
      step === 'previous' ? segmentBefore(view, from.startNs) : segmentAfter(view, from.endNs);
    return this.#segmentOf(lane, view, other);
  }

  /** The wait of this rank, 0 the longest. */
  longWait(rank: number): Segment | null {
    const wait = this.#longWaits[rank];
    if (wait === undefined) return null;
    const row = this.#views.findIndex((view) => view.lane === wait.lane);
    const view = this.#views[row];
    if (view === undefined || wait.endNs > view.endNs) return null;
    const { startNs, endNs } = wait;
    const inside = segmentAt(view, startNs);
    const stack = inside?.state === 'waiting' ? inside.stack : 0;
    return this.#segmentOf(row, view, { state: 'waiting', startNs, endNs, stack });
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

  #segmentOf(lane: number, view: LaneView, segment: LaneSegment | null): Segment | null {
    if (segment === null) return null;
    const { state, startNs, endNs, stack } = segment;
    const holders = state === 'waiting' ? this.#holders(view, startNs, endNs) : [];
    return { lane, state, startNs, endNs, place: this.#placeOf(stack), holders };
  }

  #holders(waiter: LaneView, startNs: number, endNs: number): Segment['holders'] {
    const holders = this.#views.flatMap((view, lane) => {
      if (view === waiter || view.track.gil !== waiter.track.gil) return [];
      const ns = view.heldUntil(endNs) - view.heldUntil(startNs);
      return ns > 0 ? [{ lane, view, ns }] : [];
    });
    holders.sort((a, b) => b.ns - a.ns || a.lane - b.lane);
    return holders.slice(0, MAX_HOLDERS).map(({ lane, view, ns }) => ({
      lane,
      place: this.#placeOf(longestHoldStack(view, startNs, endNs)),
      ns,
    }));
  }
}

/** The stack of the longest hold between two moments. */
function longestHoldStack(view: LaneView, fromNs: number, toNs: number): number {
  view.rewind();
  let { entry, startNs } = view.seek(fromNs);
  let best = { ns: 0, stack: 0 };
  const last = Math.min(view.count, entry + HOLDS_SEARCHED);
  for (; entry <= last && startNs < toNs; entry++) {
    for (const segment of segmentsOf(view, entry, startNs)) {
      startNs = segment.endNs;
      const ns = Math.min(segment.endNs, toNs) - Math.max(segment.startNs, fromNs);
      if (segment.state === 'holding' && ns > best.ns) best = { ns, stack: segment.stack };
    }
  }
  return best.stack;
}

/** The command as one would say it: the script by its name, without its folder. */
function titleOf([script = '', ...args]: readonly string[]): string {
  return [script.split(/[\\/]/).at(-1) ?? script, ...args].join(' ');
}
