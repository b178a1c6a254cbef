import type { Profile, ThreadRow } from '../../protocol';
import type { LaneSegment } from '../lane-segments';
import { segmentsOfLane } from '../lane-segments';
import type { LaneView } from '../lane-view';
import { NO_FRAME } from '../line-index';
import { idOfItsProcess, processesById } from '../process-id';
import { grownInts } from '../table';
import type { ExportData, ExportStacks } from './export-data';
import { firefoxMeta } from './firefox-meta';
import { gilSegments } from './gil-segments';
import { loadCurve } from './load-curve';
import { type ByteSink, TextSink } from './sinks';

/** The first texts of the profile's table, in this order. */
const TEXTS = ['holding', 'waiting'] as const;
const INTERVAL = 1;

/**
 * A processed profile for the Firefox Profiler. In each thread the samples are its holds, weighted by their length, so
 * that the call tree shows hold times; its holds and waits are markers, those of waits with their stack and the thread
 * whose hold took most of them.
 */
export function writeFirefox(data: ExportData, sink: ByteSink): void {
  const { profile, lanes } = data;
  const text = new TextSink(sink);
  text.write(`{"meta":${JSON.stringify(firefoxMeta(profile))},"libs":[],"pages":[],`);
  text.write('"shared":');
  writeShared(data.stacks, text);
  text.write(',"counters":[');
  writeCounters(data, text);
  text.write('],"threads":[');
  const holders = longestHolders(data);
  for (const [row, thread] of profile.threads.entries()) {
    const view = lanes[row];
    if (view === undefined) continue;
    if (row > 0) text.write(',');
    writeThread(data, thread, view, holders[row] ?? new Int32Array(0), text);
  }
  text.write(']}\n');
  text.flush();
}

/** Tables that the threads have in common: texts, sources, functions, frames and stacks. */
function writeShared(stacks: ExportStacks, text: TextSink): void {
  const texts = new Numbered(TEXTS);
  const files = new Numbered([]);
  const functions = new Numbered([]);
  const [names, sources]: [number[], (number | null)[]] = [[], []];
  const functionOf = stacks.frames.map(({ file, function: name }) => {
    const before = functions.count;
    const index = functions.of(`${name}\0${file}`);
    if (index === before) {
      names.push(texts.of(name === '' ? file : name));
      sources.push(file === NO_FRAME.file ? null : files.of(file));
    }
    return index;
  });
  const fileTexts = files.all().map((file) => texts.of(file));
  const nulls = (count: number): null[] => new Array<null>(count).fill(null);
  const zeros = (count: number): number[] => new Array<number>(count).fill(0);
  const frames = stacks.frames.length;
  const tables = {
    resourceTable: { type: [], lib: [], name: [], host: [], length: 0 },
    nativeSymbols: { libIndex: [], address: [], name: [], functionSize: [], length: 0 },
    sources: { id: nulls(files.count), filename: fileTexts, length: files.count },
    funcTable: {
      name: names,
      isJS: names.map(() => false),
      relevantForJS: names.map(() => false),
      resource: names.map(() => -1),
      source: sources,
      lineNumber: nulls(names.length),
      columnNumber: nulls(names.length),
      length: names.length,
    },
    frameTable: {
      address: zeros(frames).fill(-1),
      inlineDepth: zeros(frames),
      category: zeros(frames),
      subcategory: zeros(frames),
      func: functionOf,
      nativeSymbol: nulls(frames),
      innerWindowID: nulls(frames),
      line: stacks.frames.map(({ line }) => (line > 0 ? line : null)),
      column: nulls(frames),
      length: frames,
    },
    stringArray: texts.all(),
  };
  text.write(
    `${JSON.stringify(tables).slice(0, -1)},"stackTable":{"length":${stacks.count},"frame":`,
  );
  text.list(numbersUpTo(stacks.count, (stack) => stacks.frameOf(stack)));
  text.write(',"prefix":');
  text.list(numbersUpTo(stacks.count, (stack) => stacks.parentOf(stack) || 'null'));
  text.write('}}');
}

function* numbersUpTo<Item>(count: number, item: (index: number) => Item): Generator<Item> {
  for (let index = 0; index < count; index++) yield item(index);
}

function writeCounters({ profile, lanes }: ExportData, text: TextSink): void {
  for (const [index, gil] of profile.gils.entries()) {
    const own = lanes.filter((_, row) => profile.threads[row]?.gil === gil.id);
    const { binNs, heldNs } = loadCurve(own, profile.wallNs);
    if (index > 0) text.write(',');
    const named = {
      name: `GIL ${gil.id} held, %`,
      category: 'GIL',
      description: 'Share of the time in which the GIL was held',
      pid: idOfItsProcess(gil),
      mainThreadIndex: Math.max(
        0,
        profile.threads.findIndex((row) => row.gil === gil.id),
      ),
    };
    text.write(
      `${JSON.stringify(named).slice(0, -1)},"samples":{"length":${heldNs.length},"time":`,
    );
    text.list(numbersUpTo(heldNs.length, (bin) => milliseconds(Math.round(bin * binNs))));
    // A counter's count is its change.
    const share = (bin: number): number => (100 * (heldNs[bin] ?? 0)) / binNs;
    text.write(',"count":');
    text.list(numbersUpTo(heldNs.length, (bin) => share(bin) - (bin > 0 ? share(bin - 1) : 0)));
    text.write('}}');
  }
}

function writeThread(
  { profile, stacks }: ExportData,
  thread: ThreadRow,
  view: LaneView,
  holders: Int32Array,
  text: TextSink,
): void {
  const isHold = ({ state }: LaneSegment): boolean => state === 'holding';
  const isMarker = ({ state }: LaneSegment): boolean => state === 'holding' || state === 'waiting';
  const stackOf = ({ stack }: LaneSegment): number => stacks.known(stack);
  let holds = 0;
  let markers = 0;
  for (const segment of segmentsOfLane(view)) {
    if (isHold(segment)) holds++;
    if (isMarker(segment)) markers++;
  }
  const column = (
    name: string,
    keep: (segment: LaneSegment) => boolean,
    value: (segment: LaneSegment) => string | number,
  ): void => {
    text.write(`"${name}":`);
    text.list(columnOf(view, keep, value));
    text.write(',');
  };
  text.write(`${JSON.stringify(threadMeta(profile, thread)).slice(0, -1)},"samples":{`);
  column('stack', isHold, stackOf);
  column('time', isHold, ({ startNs }) => milliseconds(startNs));
  column('weight', isHold, ({ startNs, endNs }) => milliseconds(endNs - startNs));
  text.write(`"weightType":"tracing-ms","length":${holds}},"markers":{`);
  let wait = 0;
  column('data', isMarker, (segment) => {
    if (isHold(segment)) return 'null';
    const holder = profile.threads[holders[wait++] ?? -1];
    const named = holder === undefined ? '' : `,"by":${JSON.stringify(holder.name || holder.tid)}`;
    return `{"type":"gil-wait","cause":{"stack":${stackOf(segment)}}${named}}`;
  });
  column('name', isMarker, (segment) => TEXTS.indexOf(isHold(segment) ? 'holding' : 'waiting'));
  column('startTime', isMarker, ({ startNs }) => milliseconds(startNs));
  column('endTime', isMarker, ({ endNs }) => milliseconds(endNs));
  column('phase', isMarker, () => INTERVAL);
  column('category', isMarker, (segment) => (isHold(segment) ? 1 : 2));
  text.write(`"length":${markers}}}`);
}

function threadMeta(profile: Profile, thread: ThreadRow): object {
  const id = idOfItsProcess(thread);
  const process = processesById(profile.processes).get(id);
  const isMainThread = thread.tid === thread.pid;
  const further = profile.threads.some(
    (row) => idOfItsProcess(row) === id && row.tid === thread.tid && row.gil !== thread.gil,
  );
  return {
    processType: 'default',
    processName: process?.argv.join(' ') || `process ${thread.pid}`,
    processStartupTime: (process?.startNs ?? 0) / 1e6,
    processShutdownTime: (process?.endNs ?? profile.wallNs) / 1e6,
    registerTime: thread.startNs / 1e6,
    unregisterTime: thread.endNs / 1e6,
    pausedRanges: [],
    showMarkersInTimeline: true,
    name: `${thread.name || `thread ${thread.tid}`}${further ? ` (GIL ${thread.gil})` : ''}`,
    isMainThread,
    pid: id,
    tid: thread.tid,
  };
}

function* columnOf(
  view: LaneView,
  keep: (segment: LaneSegment) => boolean,
  value: (segment: LaneSegment) => string | number,
): Generator<string | number, void, undefined> {
  for (const segment of segmentsOfLane(view)) if (keep(segment)) yield value(segment);
}

/** The shortest text that is exact. */
function milliseconds(ns: number): number {
  return ns / 1e6;
}

/** By row, for each of its waits in their order: the row of the longest hold in it, -1 where none took a good part. */
function longestHolders({ profile, lanes }: ExportData): Int32Array[] {
  const found = lanes.map(() => ({ rows: new Int32Array(16), count: 0 }));
  for (const gil of profile.gils) {
    const own = [...lanes.entries()].filter(([row]) => profile.threads[row]?.gil === gil.id);
    for (const { state, lane, longestHolder } of gilSegments(own, 0)) {
      const waits = found[lane];
      if (state !== 'waiting' || waits === undefined) continue;
      if (waits.count === waits.rows.length) waits.rows = grownInts(waits.rows, waits.count + 1);
      waits.rows[waits.count++] = longestHolder;
    }
  }
  return found.map(({ rows }) => rows);
}

/** Texts, each once, numbered in the order in which they first come. */
class Numbered {
  readonly #indices: Map<string, number>;

  constructor(first: readonly string[]) {
    this.#indices = new Map(first.map((text, index) => [text, index]));
  }

  get count(): number {
    return this.#indices.size;
  }

  of(text: string): number {
    const known = this.#indices.get(text);
    if (known !== undefined) return known;
    this.#indices.set(text, this.#indices.size);
    return this.#indices.size - 1;
  }

  all(): string[] {
    return [...this.#indices.keys()];
  }
}
