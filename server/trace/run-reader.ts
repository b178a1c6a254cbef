/**
 * Reads a run: a run folder that may still be growing, a single trace, or a container. Each `read` hands on what is
 * new and tells the state of things at that moment.
 */
import { statSync, openSync, readSync, closeSync } from 'node:fs';
import { ChunkBuffer } from './chunk-buffer';
import { processClock, rootClock, type Clock } from './clock';
import { SharedCodes } from './code-table';
import { CONTAINER_MAGIC } from './container-format';
import { Container } from './container-reader';
import { CycleDecoder } from './cycle-decoder';
import type {
  EventSink,
  GilState,
  LockState,
  ProcessState,
  ThreadState,
  TraceState,
} from './events';
import type { TraceHeader } from './header';
import { LockDecoder } from './lock-decoder';
import { ProcessReader, type RunTables } from './process-reader';
import { viewProcess, type ProcessView } from './process-state';
import { RunFolder, SingleTrace, type RunManifest, type RunSource } from './run-source';
import { SampleDecoder } from './sample-decoder';
import { InternedStacks } from './stack-table';
import { systemReason, TraceError, UnbegunTrace } from './trace-error';

/**
 * Opens a run folder, a trace file, or a `*.gilscope` container.
 *
 * @throws TraceError if it is none of these
 */
export function openRun(path: string): RunReader {
  return new RunReader(openRunSource(path));
}

/** As {@link openRun}, without reading it. @throws TraceError */
export function openRunSource(path: string): RunSource {
  const magic = new Uint8Array(CONTAINER_MAGIC.length);
  try {
    if (statSync(path).isDirectory()) return new RunFolder(path);
    const descriptor = openSync(path, 'r');
    try {
      readSync(descriptor, magic, 0, magic.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const what = `the profile cannot be read: ${systemReason(error)}`;
    throw new TraceError(path, what, 'Check the path and that you may read it.');
  }
  const isContainer = Buffer.from(magic).toString('latin1') === CONTAINER_MAGIC;
  return isContainer ? new Container(path) : new SingleTrace(path);
}

export class RunReader {
  /** Cycles handed on so far; each is a request, an acquisition and a release. */
  cycles = 0;
  private readonly tables: RunTables;
  private readonly stacks = new InternedStacks();
  private readonly processes: ProcessReader[] = [];
  private readonly views: (ProcessView | undefined)[] = [];
  private readonly refused: TraceError[] = [];
  private processCount = 0;
  private threadCount = 0;
  private gilCount = 0;
  private lockCount = 0;
  /** What is known of each lock by the time of its rows. */
  private readonly lockStates: LockState[] = [];
  private root: { readonly header: TraceHeader; readonly clock: Clock } | null = null;

  constructor(private readonly source: RunSource) {
    this.tables = {
      stacks: this.stacks,
      codes: new SharedCodes(this.stacks),
      cycles: new CycleDecoder(new LockDecoder(this.stacks, this.lockStates)),
      samples: new SampleDecoder(),
      scratch: new ChunkBuffer(),
      allocateThread: () => this.threadCount++,
      allocateGil: () => this.gilCount++,
      allocateLock: () => this.lockCount++,
    };
  }

  /**
   * What the launcher says of the run, as of now; where it says nothing, what the traces read so far tell.
   *
   * @throws TraceError
   */
  manifest(): RunManifest {
    const manifest = this.source.manifest();
    const realtimeMs = Number((this.root?.header.realtimeNs ?? 0n) / 1_000_000n);
    const [, ...argv] = this.views[0]?.process.argv ?? [];
    return {
      ...manifest,
      command: manifest.command.length > 0 ? manifest.command : argv,
      startedAt:
        manifest.startedAt === '' && realtimeMs > 0
          ? new Date(realtimeMs).toISOString()
          : manifest.startedAt,
    };
  }

  /**
   * Hands on what is new, samples before the cycles that contain them, and returns the state at this moment. While
   * the program runs nothing comes before the clock's rate is known, about 50 ms after its start.
   *
   * @param final whether all processes are over, so that nothing will be written any more
   * @throws TraceError if none of the traces can be read
   */
  read(sink: EventSink, final: boolean): TraceState {
    for (const source of this.source.newTraces())
      this.processes.push(new ProcessReader(source, this.tables));
    const counted: EventSink = {
      samples: (batch) => sink.samples(batch),
      cycles: (batch) => {
        this.cycles += batch.count;
        sink.cycles(batch);
      },
      cpu: (batch) => sink.cpu?.(batch),
      locks: (batch) => sink.locks(batch),
      works: (rows) => sink.works?.(rows),
    };
    const open = this.processes.filter((reader) => final || !reader.done);
    for (const reader of open) this.readHeader(reader, final);
    this.fixClocks(final);
    for (const reader of open.sort((a, b) => a.index - b.index))
      this.readProcess(reader, counted, final);
    this.checkAny(final);
    return this.state();
  }

  close(): void {
    this.source.close();
  }

  /** A trace that cannot be read at all is left out, and said so. */
  private readHeader(reader: ProcessReader, final: boolean): void {
    try {
      reader.source.open();
      reader.readHeader(final);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      this.processes.splice(this.processes.indexOf(reader), 1);
      this.refused.push(error);
    } finally {
      reader.source.close();
    }
  }

  /** Of a trace that fails later, what was read counts. */
  private readProcess(reader: ProcessReader, sink: EventSink, final: boolean): void {
    const { header, clock } = reader;
    if (header === null || clock === null) return;
    try {
      reader.source.open();
      reader.read(sink, final);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      reader.fault = error.message;
    } finally {
      reader.source.close();
    }
    this.views[reader.index] = viewProcess(reader, reader.header ?? header, clock, final);
  }

  /** Fixes the run's clock by its first process, then those of the others: never to change afterwards. */
  private fixClocks(final: boolean): void {
    const started = this.processes.flatMap((reader) =>
      reader.header === null ? [] : [{ reader, header: reader.header }],
    );
    started.sort((a, b) => Number(a.header.anchor0Ns - b.header.anchor0Ns));
    const first = started[0];
    if (this.root === null && first !== undefined) {
      const others = started.slice(1).map(({ header }) => header);
      const clock = rootClock(first.header, final || first.header.endTicks !== 0n, others);
      if (clock !== null) this.root = { header: first.header, clock };
    }
    if (this.root === null) return;
    for (const { reader, header } of started) {
      if (reader.clock !== null) continue;
      const dead = final || header.endTicks !== 0n;
      reader.clock = processClock(header, dead, this.root.header, this.root.clock);
      if (reader.clock !== null) reader.index = this.processCount++;
    }
  }

  private checkAny(final: boolean): void {
    if (this.processes.length > 0) return;
    // A run that was killed at once has nothing to show, which is no fault.
    const isFault = (error: TraceError): boolean =>
      this.source instanceof SingleTrace || !(error instanceof UnbegunTrace);
    const first = this.refused.find(isFault);
    if (first !== undefined) throw first;
    if (!final || this.refused.length > 0) return;
    const what = 'there is no trace in it';
    const advice = 'The program may have ended before Python started: run it again.';
    throw new TraceError(this.source.path, what, advice);
  }

  private state(): TraceState {
    const processes: ProcessState[] = [];
    const threads = new Array<ThreadState>(this.threadCount);
    const gils = new Array<GilState>(this.gilCount);
    const locks = new Array<LockState>(this.lockCount);
    const views = this.views.filter((view) => view !== undefined);
    for (const view of views) {
      processes.push(processes.length === 0 ? this.withRefusals(view.process) : view.process);
      for (const { index, state } of view.threads) threads[index] = state;
      for (const { index, state } of view.gils) gils[index] = state;
      for (const { index, state } of view.locks) locks[index] = state;
    }
    const aggregates = views.flatMap((view) => view.aggregates);
    const refused = this.refused.length;
    return { processes, threads, gils, locks, aggregates, stacks: this.stacks, refused };
  }

  /** Traces that could not be read at all are said with the first process: they have no row of their own. */
  private withRefusals(process: ProcessState): ProcessState {
    if (this.refused.length === 0) return process;
    const refusals = this.refused.map((error) => `A process is missing: ${error.message}`);
    return { ...process, messages: [...process.messages, ...refusals] };
  }
}
