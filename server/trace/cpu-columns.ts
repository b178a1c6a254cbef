import { TICKS_MAX, relativeTicks, toNs, type Clock } from './clock';
import type { ThreadMap } from './cycle-decoder';
import type { CpuBatch } from './events';
import { CHUNK_BYTES, CHUNK_HEADER_BYTES } from './format';

/** Length of a CPU record. */
export const CPU_BYTES = 33;
const BATCH_CAPACITY = Math.ceil((CHUNK_BYTES - CHUNK_HEADER_BYTES) / CPU_BYTES);

/** Columns of a batch, used again for each. */
export class CpuColumns implements CpuBatch {
  gil = 0;
  count = 0;
  readonly thread = new Uint32Array(BATCH_CAPACITY);
  readonly at = new Float64Array(BATCH_CAPACITY);
  readonly cpuNs = new Float64Array(BATCH_CAPACITY);
  readonly heldNs = new Float64Array(BATCH_CAPACITY);

  /** Takes the CPU record at `at`; one that is impossible only leaves the split unknown, and is left out. */
  add(view: DataView, at: number, threads: ThreadMap, clock: Clock): void {
    if (view.getUint32(at + 1, true) !== CPU_BYTES) return;
    const thread = threads.indexOf(view.getUint32(at + 5, true));
    const ticks = relativeTicks(clock, view.getBigUint64(at + 9, true));
    const heldTicks = Number(view.getBigUint64(at + 25, true));
    if (thread < 0 || !(Math.abs(ticks) < TICKS_MAX) || !(heldTicks < TICKS_MAX)) return;
    const index = this.count++;
    this.thread[index] = thread;
    this.at[index] = toNs(clock, ticks);
    this.cpuNs[index] = Number(view.getBigUint64(at + 17, true));
    this.heldNs[index] = heldTicks * clock.rate;
  }
}
