import type { RunManifest, RunSource } from '../../server/trace/run-source';
import type { TraceSource } from '../../server/trace/trace-source';

const CHUNK_BYTES = 65536;

/** A trace in memory, as a file would be read. */
class MemoryTrace implements TraceSource {
  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {}

  get path(): string {
    return `/memory/${this.name}`;
  }

  open(): void {
    // Always open.
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
  private traces: TraceSource[];

  constructor(traces: readonly Uint8Array[]) {
    this.traces = traces.map((bytes, i) => new MemoryTrace(`${i}.trace`, bytes));
  }

  newTraces(): TraceSource[] {
    const { traces } = this;
    this.traces = [];
    return traces;
  }

  manifest(): RunManifest {
    return { command: [], startedAt: '', exit: null };
  }

  close(): void {
    this.traces = [];
  }
}
