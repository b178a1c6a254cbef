import type { RunManifest, RunSource } from '../../server/trace/run-source';
import type { TraceSource } from '../../server/trace/trace-source';

const CHUNK_BYTES = 65536;
/** One reading of a run opens a trace for its header and for the rest. */
const OPENED_BY_READ = 2;

/** A trace in memory, as a file would be read. */
class MemoryTrace implements TraceSource {
  /** How often it was opened. */
  private opened = 0;
  private later: Uint8Array | null = null;

  constructor(
    readonly name: string,
    private bytes: Uint8Array,
  ) {}

  replaceWith(later: Uint8Array): void {
    this.later = later;
  }

  get path(): string {
    return `/memory/${this.name}`;
  }

  open(): void {
    this.opened++;
    if (this.later !== null && this.opened > OPENED_BY_READ) this.bytes = this.later;
  }

  close(): void {
    // Always open.
  }

  chunkCount(): number {
    return Math.ceil(this.bytes.length / CHUNK_BYTES);
  }

  read(target: Uint8Array, chunk: number, from: number, length: number): number {
    const at = chunk * CHUNK_BYTES + from;
    const part = this.bytes.subarray(at, at + length);
    target.set(part);
    return part.length;
  }
}

/** A run whose traces are in memory: for tests that read very many. */
export class MemoryRun implements RunSource {
  readonly path = '/memory';
  private traces: MemoryTrace[];

  constructor(
    traces: readonly Uint8Array[],
    private readonly told: Partial<RunManifest> = {},
  ) {
    this.traces = traces.map((bytes, i) => new MemoryTrace(`${i}.trace`, bytes));
  }

  /** As if the files were overwritten after they were read once. */
  replaceAfterFirstRead(traces: readonly Uint8Array[]): void {
    this.traces.forEach((trace, i) => trace.replaceWith(traces[i] ?? new Uint8Array(0)));
  }

  newTraces(): TraceSource[] {
    const { traces } = this;
    this.traces = [];
    return traces;
  }

  manifest(): RunManifest {
    return { command: [], startedAt: '', exit: null, ...this.told };
  }

  close(): void {
    this.traces = [];
  }
}
