import type { Profile } from '../protocol';
import type { ChartRequest, ChartResponse } from '../protocol-chart';
import type { AnalysisAnswer, AnalysisQuestion } from '../protocol-analysis';
import type { ExportChoice } from '../protocol-export';
import type { TraceState } from '../trace/events';
import type { RunReader } from '../trace/run-reader';
import { Chart } from './chart';
import { createEngine, type Engine, type Snapshot } from './engine';
import { GilLoad } from './gil-load';
import { stuckThreadsOf } from './lock-circles';
import type { Sliced } from './stretches';
import { Timeline } from './timeline';
import { type ExportData, ExportStacks } from './export/export-data';
import { exportLocksOf } from './export/export-locks';
import { writeExport } from './export/write-export';
import type { ByteSink } from './export/sinks';
import type { ReadSourceUntil } from './worker-sources';
import type { PollResult, RunDescription, WorkerOptions } from './worker-protocol';

const EVENTS_PER_CYCLE = 3;

/** A reader and an engine: what the worker does, without the worker. */
export class RunAnalysis {
  readonly #reader: RunReader;
  readonly #engine: Engine;
  readonly #timeline: Timeline | null;
  readonly #load = new GilLoad();
  #state: TraceState | null = null;
  #final = false;
  #chart: Chart | null = null;
  #revision = 0;
  #snapshot: Snapshot | null = null;
  /** A source that was changed later is not what ran. */
  #recordedUntilMs: number | null = null;

  /** @param readSource To find the names of locks. */
  constructor(
    reader: RunReader,
    options: Pick<WorkerOptions, 'chart'>,
    readSource: ReadSourceUntil = () => null,
  ) {
    this.#reader = reader;
    this.#timeline = options.chart ? new Timeline((lane) => this.#engine.gilOf(lane)) : null;
    this.#engine = createEngine({
      listener: this.#timeline,
      onLockWait:
        this.#timeline === null ? null : (wait) => this.#timeline?.lockWait(wait.thread, wait),
      readSource: (file) => readSource(file, this.#recordedUntilMs),
    });
  }

  /** Reads what is new. @throws TraceError */
  poll(final: boolean): PollResult {
    const state = this.#reader.read(this.#engine, final);
    this.#state = state;
    this.#final = final;
    const wallNs = state.processes.reduce((latest, { endNs }) => Math.max(latest, endNs), 0);
    return {
      events: this.#engine.cycleCount * EVENTS_PER_CYCLE,
      processes: state.processes.length,
      wallNs,
      gilLoad: this.#load.add(wallNs, this.#engine.heldNs(state)),
      stuckThreads: stuckThreadsOf(state),
    };
  }

  /** The profile of what was read; the first call reads all if nothing was. @throws TraceError */
  snapshot(run: RunDescription): Profile {
    if (this.#state === null) this.poll(true);
    const read = this.#state;
    if (read === null) throw new Error('poll leaves a state');
    const state = run.cut === undefined ? read : cutShort(read, run.cut);
    const manifest = this.#reader.manifest();
    // A run that was cut ends as it was seen last: the numbers are those of a live view.
    const live = !this.#final;
    const isOver = !live || run.cut !== undefined;
    const startedAt = run.startedAt ?? manifest.startedAt;
    this.#recordedUntilMs = isOver ? endMsOf(startedAt, state) : null;
    const snapshot = this.#engine.snapshot(state, {
      command: run.command ?? manifest.command,
      startedAt,
      exit: run.exit ?? manifest.exit ?? { code: null, signal: null },
      running: manifest.running ?? [],
      unrecorded: manifest.unrecorded ?? [],
      stopped: manifest.stopped ?? {},
      live,
    });
    this.#revision++;
    if (this.#timeline !== null) {
      const { lines } = this.#engine;
      this.#chart = new Chart(snapshot, this.#timeline, lines, this.#revision, !isOver);
    }
    this.#snapshot = snapshot;
    return snapshot.profile;
  }

  /**
   * Writes the last snapshot for another tool; formats that show time need the chart's data.
   * @returns what its reader must know, for the user
   */
  export(choice: ExportChoice, sink: ByteSink): string[] {
    const snapshot = this.#snapshot;
    if (snapshot === null) throw new Error('there is no snapshot to export');
    const stackCount = this.#engine.lines.nodeCount;
    const data: ExportData = {
      profile: snapshot.profile,
      stacks: new ExportStacks(snapshot.stacks, snapshot.stackSums, stackCount),
      lanes: this.#timeline?.views(snapshot) ?? [],
      locks: exportLocksOf(snapshot),
      merged: this.#timeline?.merged ?? false,
    };
    return writeExport(data, choice, sink);
  }

  /** About the last snapshot; empty before the first. */
  chart(request: ChartRequest): ChartResponse {
    if (this.#chart !== null) return this.#chart.answer(request);
    switch (request.kind) {
      case 'meta':
        return { kind: 'meta', meta: null };
      case 'tile':
        return { kind: 'tile', revision: this.#revision, base64: '' };
      case 'segment':
      case 'longWait':
        return { kind: 'segment', segment: null };
      case 'marks':
        return { kind: 'marks', marks: { bins: request.bins, lanes: [] } };
      case 'comparison':
        // Of two profiles; here is only one.
        return { kind: 'comparison', view: null };
      case 'analysis':
        return { kind: 'analysis', answer: null };
    }
  }

  /** Answers a question about a part of the run in slices; null before the first snapshot. */
  analyse(question: AnalysisQuestion): Sliced<AnalysisAnswer> | null {
    return this.#chart?.analyse(question) ?? null;
  }
}

/** The end of the run is in no trace that could be read. @param why Said at the first process. */
function cutShort(state: TraceState, why: string): TraceState {
  const processes = state.processes.map((process, at) => ({
    ...process,
    damaged: process.damaged === true || !process.ended || at === 0,
    messages: at === 0 ? [...process.messages, why] : process.messages,
  }));
  return { ...state, processes };
}

/** Null where it is not known. */
function endMsOf(startedAt: string, { processes }: TraceState): number | null {
  const startMs = Date.parse(startedAt);
  if (Number.isNaN(startMs)) return null;
  return startMs + Math.max(0, ...processes.map(({ endNs }) => endNs)) / 1e6;
}
