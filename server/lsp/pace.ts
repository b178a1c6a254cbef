/** The part of its time that each of reading and showing may take: a fifth together. */
const SHARE = 0.1;
const LONGEST_PAUSE_MS = 10_000;

/** Paces a live view: regular reads, a new picture now and then, neither more often than its cost allows. */
export class Pace {
  private readCostMs = 0;
  private showCostMs = 0;
  private lastShowMs = -Infinity;
  private hasRead = false;
  private hasShown = false;

  /** @param now A clock in milliseconds. */
  constructor(
    private readonly readMs: number,
    private readonly showMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async read<T>(work: () => Promise<T>): Promise<T> {
    const start = this.now();
    try {
      return await work();
    } finally {
      // What the first one costs is mostly that it is the first.
      if (this.hasRead) this.readCostMs = this.now() - start;
      this.hasRead = true;
    }
  }

  async show<T>(work: () => Promise<T>): Promise<T> {
    const start = this.now();
    try {
      return await work();
    } finally {
      this.lastShowMs = this.now();
      if (this.hasShown) this.showCostMs = this.lastShowMs - start;
      this.hasShown = true;
    }
  }

  isTimeToShow(): boolean {
    return this.now() - this.lastShowMs >= Math.max(this.showMs, this.showCostMs / SHARE);
  }

  /** How long to rest before the next read. */
  pauseMs(): number {
    const rest = this.readCostMs * (1 / SHARE - 1);
    return Math.min(LONGEST_PAUSE_MS, Math.max(this.readMs, rest));
  }
}
