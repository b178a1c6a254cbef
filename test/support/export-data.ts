import { createEngine, type Engine } from '../../server/profile/engine';
import { type ExportData, ExportStacks } from '../../server/profile/export/export-data';
import { exportLocksOf } from '../../server/profile/export/export-locks';
import type { ByteSink } from '../../server/profile/export/sinks';
import { writeExport } from '../../server/profile/export/write-export';
import { Timeline } from '../../server/profile/timeline';
import type { Place, Profile } from '../../server/protocol';
import type { ExportChoice, ExportCost, ExportFormat } from '../../server/protocol-export';
import type { EventSink, TraceState } from '../../server/trace/events';
import { deliver, type TestTrace } from './random-cycles';

const FACTS = {
  command: ['a.py', 'x y'],
  startedAt: '2026-01-01T00:00:00.000Z',
  exit: { code: 0, signal: null },
  live: false,
};

/** What the exports of a trace are made of. */
export function exportDataOf(trace: TestTrace): ExportData {
  return exportDataFrom(trace.state, (sink) => {
    deliver(trace, sink);
  });
}

/** Likewise of events that `send` gives to a sink. */
export function exportDataFrom(state: TraceState, send: (sink: EventSink) => void): ExportData {
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine: Engine = createEngine({
    listener: timeline,
    onLockWait: (wait) => {
      timeline.lockWait(wait.thread, wait);
    },
  });
  send(engine);
  const snapshot = engine.snapshot(state, FACTS);
  return {
    profile: snapshot.profile,
    stacks: new ExportStacks(snapshot.stacks, snapshot.stackSums, engine.lines.nodeCount),
    lanes: timeline.views(snapshot),
    locks: exportLocksOf(snapshot),
    merged: timeline.merged,
  };
}

/** An export as one piece, with what its reader is told. */
export function exported(
  data: ExportData,
  format: ExportFormat,
  choice: Partial<ExportChoice> = {},
): { readonly bytes: Buffer; readonly notes: readonly string[] } {
  const pieces: Buffer[] = [];
  const sink: ByteSink = { write: (bytes) => void pieces.push(Buffer.from(bytes)) };
  const notes = writeExport(data, { format, cost: 'hold', table: 'lines', ...choice }, sink);
  return { bytes: Buffer.concat(pieces), notes };
}

/** Sums by a key, without zeros. */
export class Sums {
  readonly #sums = new Map<string, number>();

  add(key: string, amount: number): void {
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + amount);
  }

  /** In the order of the keys, for comparison. */
  rows(): [string, number][] {
    return [...this.#sums].filter(([, sum]) => sum !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Lines are told apart as the profile does: where the line is unknown, by function. */
export function lineKey(place: Place): string {
  return `${place.file}:${place.line}${place.line === 0 ? place.function : ''}`;
}

const COLUMN = {
  hold: 'hold',
  wait: 'wait',
  blocks: 'blocks',
  off: 'off',
  'lock-wait': 'lockWait',
  'lock-hold': 'lockHold',
  'lock-blocks': 'lockBlocks',
} as const;

/** What the profile says that its lines cost themselves. */
export function selfByLine(profile: Profile, cost: ExportCost): [string, number][] {
  const sums = new Sums();
  for (const row of profile.lines) sums.add(lineKey(row), row[COLUMN[cost]].selfNs);
  return sums.rows();
}
