import { EXPORT_COSTS, type ExportCost } from '../../protocol-export';
import { dataNotes } from '../data-notes';
import { segmentsOfLane } from '../lane-segments';
import { idOfItsProcess, processesById } from '../process-id';
import { type ExportData, type ExportStacks, frameNames } from './export-data';
import { type ByteSink, TextSink } from './sinks';

/** Beyond so many segments the threads over time are left out: the page could not load them. */
export const SPEEDSCOPE_SEGMENTS = 500_000;

const STATES = ['holding', 'waiting', 'off', 'lock'] as const;
/** In place of off, of a thread without a GIL; its frame comes after those of the states. */
const UNKNOWN = 'running or off';

/**
 * A file for speedscope: a profile for each cost, by stack, and one for each thread over time, in which the state
 * is the innermost frame. What is not in its numbers is in its name, for want of another place. Answers whether the
 * threads are in it.
 */
export function writeSpeedscope(
  data: ExportData,
  exporter: string,
  sink: ByteSink,
): { readonly threads: boolean } {
  const { profile, stacks, lanes } = data;
  const text = new TextSink(sink);
  const withThreads = segmentCount(data) <= SPEEDSCOPE_SEGMENTS;
  text.write('{"$schema":"https://www.speedscope.app/file-format-schema.json",');
  text.write(`"exporter":${JSON.stringify(exporter)},`);
  const notes = dataNotes(profile);
  const name = [profile.command.join(' ') || 'GILscope', ...notes].join(' · ');
  const incomplete = notes.length === 0 ? '' : ', incomplete';
  text.write(`"name":${JSON.stringify(name)},`);
  text.write('"activeProfileIndex":0,"shared":{"frames":');
  text.list(frameTexts(stacks));
  text.write('},"profiles":[');
  const costs = EXPORT_COSTS.filter((cost) => total(stacks, cost) > 0);
  // A file without any profile is none.
  for (const [index, cost] of (costs.length === 0 ? EXPORT_COSTS : costs).entries()) {
    if (index > 0) text.write(',');
    writeCost(stacks, cost, `${cost} by stack${incomplete}`, text);
  }
  const byId = processesById(profile.processes);
  for (const [row, view] of withThreads ? lanes.entries() : []) {
    const thread = profile.threads[row];
    if (thread === undefined || thread.endNs <= thread.startNs) continue;
    text.write(
      `,{"type":"evented","name":${JSON.stringify(`${thread.name || thread.tid} (${thread.gil})${incomplete}`)},`,
    );
    text.write(`"unit":"nanoseconds","startValue":${thread.startNs},"endValue":${thread.endNs},`);
    text.write('"events":');
    const withGil = byId.get(idOfItsProcess(thread))?.gilEnabled !== false;
    text.list(eventsOf(stacks, segmentsOfLane(view), withGil ? 'off' : UNKNOWN));
    text.write('}');
  }
  text.write(']}\n');
  text.flush();
  return { threads: withThreads };
}

/** The states come after the frames. */
function* frameTexts(stacks: ExportStacks): Generator<string, void, undefined> {
  const names = frameNames(stacks.frames);
  for (const [index, { file, line }] of stacks.frames.entries()) {
    const name = names[index] ?? '';
    yield JSON.stringify(line > 0 ? { name, file, line } : { name, file });
  }
  for (const state of [...STATES, UNKNOWN]) yield JSON.stringify({ name: `[${state}]` });
}

function writeCost(stacks: ExportStacks, cost: ExportCost, name: string, text: TextSink): void {
  const used: number[] = [];
  for (let stack = 0; stack < stacks.count; stack++) {
    if (stacks.cost(stack, cost) > 0) used.push(stack);
  }
  text.write(`{"type":"sampled","name":${JSON.stringify(name)},"unit":"nanoseconds",`);
  text.write(`"startValue":0,"endValue":${total(stacks, cost)},"samples":`);
  text.list(map(used, (stack) => `[${stacks.path(stack).join(',')}]`));
  text.write(',"weights":');
  text.list(map(used, (stack) => stacks.cost(stack, cost)));
  text.write('}');
}

/** Frames that go on from one segment to the next stay open. */
function* eventsOf(
  stacks: ExportStacks,
  segments: ReturnType<typeof segmentsOfLane>,
  off: 'off' | typeof UNKNOWN,
): Generator<string, void, undefined> {
  let open: number[] = [];
  let endNs = 0;
  for (const segment of segments) {
    const state =
      segment.state === 'off' && off === UNKNOWN ? STATES.length : STATES.indexOf(segment.state);
    const path = [...stacks.path(stacks.known(segment.stack)), stacks.frames.length + state];
    let same = 0;
    while (same < open.length && open[same] === path[same]) same++;
    yield* closed(open, same, segment.startNs);
    for (const frame of path.slice(same)) {
      yield `{"type":"O","frame":${frame},"at":${segment.startNs}}`;
    }
    open = path;
    endNs = segment.endNs;
  }
  yield* closed(open, 0, endNs);
}

function* closed(open: readonly number[], from: number, atNs: number): Generator<string> {
  for (let at = open.length - 1; at >= from; at--) {
    yield `{"type":"C","frame":${open[at] ?? 0},"at":${atNs}}`;
  }
}

function total(stacks: ExportStacks, cost: ExportCost): number {
  let ns = 0;
  for (let stack = 0; stack < stacks.count; stack++) ns += stacks.cost(stack, cost);
  return ns;
}

function segmentCount({ lanes }: ExportData): number {
  let count = 0;
  for (const lane of lanes) count += lane.count * 3;
  return count;
}

function* map<Item, Result>(
  items: Iterable<Item>,
  change: (item: Item) => Result,
): Generator<Result, void, undefined> {
  for (const item of items) yield change(item);
}
