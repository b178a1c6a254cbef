import { relativeTicks, toNs, type Clock } from './clock';
import type { ThreadMap } from './cycle-decoder';
import type { Definitions } from './definitions';
import type { SampleBatch } from './events';
import { CHUNK_BYTES, CHUNK_HEADER_BYTES, RELEASE_NODE, TAG } from './format';

const SAMPLE_BYTES = 33;
const BATCH_CAPACITY = Math.ceil((CHUNK_BYTES - CHUNK_HEADER_BYTES) / SAMPLE_BYTES);
const TICKS_MAX = 2 ** 53;

/** Columns of a batch, used again for each. */
export class SampleColumns implements SampleBatch {
  count = 0;
  readonly gil = new Uint32Array(BATCH_CAPACITY);
  readonly thread = new Uint32Array(BATCH_CAPACITY);
  readonly at = new Float64Array(BATCH_CAPACITY);
  readonly stack = new Uint32Array(BATCH_CAPACITY);
  readonly cpuNs = new Float64Array(BATCH_CAPACITY);
}

/** What decoding the sampler's stream needs to know from before. */
export class SampleStream {
  /** Time of the latest sample, ns. */
  latestNs = -Infinity;
  /** Samples decoded. */
  samples = 0;
  /** What is wrong with the stream; it is not decoded further. */
  fault: string | null = null;

  constructor(readonly definitions: Definitions) {}
}

export class SampleDecoder {
  readonly columns = new SampleColumns();

  /**
   * Decodes the records in [from, to) into {@link columns}. Damage ends it and is said in the stream's `fault`.
   *
   * @param gils from the process's GIL index to the run's
   */
  decode(
    stream: SampleStream,
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    threads: ThreadMap,
    gils: readonly number[],
    clock: Clock,
  ): void {
    const { columns } = this;
    const { definitions } = stream;
    columns.count = 0;
    let at = from;
    while (at < to) {
      if (view.getUint8(at) === TAG.sample) {
        if (at + SAMPLE_BYTES > to || view.getUint32(at + 1, true) < SAMPLE_BYTES) {
          stream.fault = 'a sample is cut short';
          break;
        }
        stream.fault = this.readSample(stream, view, at, threads, gils, clock);
        if (stream.fault !== null) break;
      }
      at = view.getUint8(at) < 0x80 ? -1 : definitions.read(bytes, view, at, to);
      if (at < 0) {
        stream.fault = definitions.fault === '' ? 'it holds a cycle' : definitions.fault;
        break;
      }
    }
  }

  private readSample(
    stream: SampleStream,
    view: DataView,
    at: number,
    threads: ThreadMap,
    gils: readonly number[],
    clock: Clock,
  ): string | null {
    const { columns } = this;
    const gil = gils[view.getUint32(at + 5, true)];
    const thread = view.getUint32(at + 9, true);
    const ticks = relativeTicks(clock, view.getBigUint64(at + 13, true));
    const node = view.getUint32(at + 21, true);
    if (gil === undefined) return 'a sample is of an undefined GIL';
    const globalThread = threads.indexOf(thread);
    if (globalThread < 0) return `a sample is of an undefined thread ${thread}`;
    const isRelease = node === RELEASE_NODE;
    if (!isRelease && node >= stream.definitions.nodeCount)
      return `a sample has an undefined stack ${node}`;
    if (!(Math.abs(ticks) < TICKS_MAX)) return 'a sample has an impossible time';
    // In the order of time, whatever a damaged record says.
    stream.latestNs = Math.max(stream.latestNs, toNs(clock, ticks));
    const index = columns.count++;
    columns.gil[index] = gil;
    columns.thread[index] = globalThread;
    columns.at[index] = stream.latestNs;
    columns.stack[index] = isRelease ? RELEASE_NODE : stream.definitions.nodeOf(node);
    columns.cpuNs[index] = Number(view.getBigUint64(at + 25, true));
    stream.samples++;
    return null;
  }
}
