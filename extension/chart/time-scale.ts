import type { Span } from '../../server/protocol-analysis';
import type { View } from './view';

/** A stretch of the time axis that is drawn to one scale. */
export interface Chunk {
  readonly realFrom: number;
  readonly realTo: number;
  readonly shownFrom: number;
  readonly shownTo: number;
  /** Idle time that is drawn shorter than it was. */
  readonly gap: boolean;
}

/**
 * Time as the axis shows it. With idle time collapsed, each idle span is drawn as a narrow gap and all after it is
 * nearer; else shown time is real time.
 */
export class TimeScale {
  /** Length of the axis, shown nanoseconds. */
  readonly lengthNs: number;
  readonly #chunks: readonly Chunk[];

  private constructor(chunks: readonly Chunk[], lengthNs: number) {
    this.#chunks = chunks;
    this.lengthNs = lengthNs;
  }

  /** Real time. */
  static real(wallNs: number): TimeScale {
    return new TimeScale([], wallNs);
  }

  /** Draws each span, in order and apart, as long as `gapNs`. */
  static collapsed(wallNs: number, spans: readonly Span[], gapNs: number): TimeScale {
    const chunks: Chunk[] = [];
    let [real, shown] = [0, 0];
    const add = (realTo: number, length: number, gap: boolean): void => {
      if (realTo <= real) return;
      const chunk = { realFrom: real, realTo, shownFrom: shown, shownTo: shown + length, gap };
      chunks.push(chunk);
      [real, shown] = [realTo, chunk.shownTo];
    };
    for (const { startNs, endNs } of spans) {
      if (endNs - startNs <= gapNs) continue;
      add(startNs, startNs - real, false);
      add(endNs, gapNs, true);
    }
    if (chunks.length === 0) return TimeScale.real(wallNs);
    add(wallNs, wallNs - real, false);
    return new TimeScale(chunks, shown);
  }

  get isReal(): boolean {
    return this.#chunks.length === 0;
  }

  toShown(realNs: number): number {
    const chunk = this.#find((each) => each.realTo > realNs);
    if (chunk === null) return realNs;
    const share = (realNs - chunk.realFrom) / (chunk.realTo - chunk.realFrom);
    return chunk.shownFrom + share * (chunk.shownTo - chunk.shownFrom);
  }

  toReal(shownNs: number): number {
    const chunk = this.#find((each) => each.shownTo > shownNs);
    if (chunk === null) return shownNs;
    const share = (shownNs - chunk.shownFrom) / (chunk.shownTo - chunk.shownFrom);
    return chunk.realFrom + share * (chunk.realTo - chunk.realFrom);
  }

  /** The chunks that meet a view; one for all where nothing is collapsed. */
  chunksIn({ t0, t1 }: View): readonly Chunk[] {
    if (this.isReal) return [{ realFrom: t0, realTo: t1, shownFrom: t0, shownTo: t1, gap: false }];
    return this.#chunks.filter((chunk) => chunk.shownTo > t0 && chunk.shownFrom < t1);
  }

  /** The first chunk that passes, else the last. */
  #find(passes: (chunk: Chunk) => boolean): Chunk | null {
    const chunks = this.#chunks;
    let [low, high] = [0, chunks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = chunks[middle];
      if (chunk !== undefined && passes(chunk)) high = middle;
      else low = middle + 1;
    }
    return chunks[low] ?? null;
  }
}
