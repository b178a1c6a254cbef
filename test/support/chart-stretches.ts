import { Chart } from '../../server/profile/chart';
import { createEngine, type Engine, type Snapshot } from '../../server/profile/engine';
import { Timeline } from '../../server/profile/timeline';
import type { Place } from '../../server/protocol';
import type { LaneState } from '../../server/protocol-chart';
import { BATCH_FLAG, type TraceState } from '../../server/trace/events';
import type { Stretch } from './naive-tile';
import { deliver, type TestTrace, traceArbitrary } from './random-cycles';

const EXIT = { code: 0, signal: null };

interface Analysed {
  readonly engine: Engine;
  readonly timeline: Timeline;
  readonly snapshot: Snapshot;
}

/** What the chart of a whole trace is made of. */
export function analysed(trace: TestTrace, maxEntries?: number): Analysed {
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane), maxEntries);
  const engine: Engine = createEngine({ listener: timeline });
  deliver(trace, engine);
  const facts = { command: ['a.py'], startedAt: '', exit: EXIT, live: false };
  return { engine, timeline, snapshot: engine.snapshot(trace.state, facts) };
}

/** The chart of a whole trace. */
export function chartOf(trace: TestTrace, maxEntries?: number): Chart {
  const { engine, timeline, snapshot } = analysed(trace, maxEntries);
  return new Chart(snapshot, timeline, engine.lines, 1, false);
}

export interface PlacedStretch extends Stretch {
  readonly place: string;
}

/** The states of all lanes, straight from the rows of the trace; holds are at their release unless sampled. */
export function stretchesOf(trace: TestTrace, chart: Chart): PlacedStretch[] {
  const { state } = trace;
  const gilIds = state.gils.map(
    ({ process, interpreter }) => `${state.processes[process]?.pid ?? 0}/${interpreter}`,
  );
  return chart.meta().lanes.flatMap((lane, index) => {
    const gil = gilIds.indexOf(lane.gil);
    const thread = state.threads.findIndex(({ tid }) => tid === lane.tid);
    const found: PlacedStretch[] = [];
    let at = lane.startNs;
    let stack = 0;
    const add = (what: LaneState, to: number, where: number) => {
      if (to > at)
        found.push({ lane: index, state: what, from: at, to, place: nameOf(state, where) });
      at = Math.max(at, to);
    };
    for (const cycle of trace.cycles) {
      if (cycle.gil !== gil || cycle.thread !== thread) continue;
      const other = (cycle.flags & BATCH_FLAG.otherState) !== 0;
      if ((cycle.flags & BATCH_FLAG.switchWait) !== 0) add('waiting', cycle.switchWaitEnd, stack);
      add('off', cycle.waitStart, stack);
      add('waiting', cycle.acquired, other ? 0 : stack);
      add('holding', cycle.released, cycle.stack);
      stack = cycle.stack;
    }
    const hold = state.gils[gil]?.openHold;
    const wait = state.threads[thread]?.openWait;
    if (hold?.thread === thread) {
      add('off', hold.waitStartNs, stack);
      add('waiting', hold.acquiredNs, stack);
      add('holding', lane.endNs, hold.stack);
    } else if (wait?.gil === gil) {
      add('off', wait.startNs, stack);
      add('waiting', lane.endNs, wait.stack);
    }
    add('off', lane.endNs, stack);
    return found;
  });
}

function nameOf(state: TraceState, node: number): string {
  const place = state.stacks.locations[state.stacks.locationOf(node)];
  return node === 0 || place === undefined ? '-' : placeName(place);
}

export function placeName(place: Place | null): string {
  if (place === null) return '-';
  return `${place.file}:${place.line}${place.line === 0 ? place.function : ''}`;
}

/** Without samples: a hold is at the stack of its release. */
export const unsampled = traceArbitrary.map((trace) => ({ ...trace, samples: [] }));
