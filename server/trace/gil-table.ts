import { GIL, GIL_ENTRY_BYTES, GIL_TABLE_OFFSET } from './format';
import type { TraceSource } from './trace-source';

/** An entry of the GIL table as last read. Times are raw ticks. */
export interface GilEntry {
  readonly interpreter: number;
  readonly holder: number;
  readonly holdFlags: number;
  readonly acquireSeq: number;
  readonly waitStartTicks: bigint;
  readonly acquiredTicks: bigint;
  readonly acquireStack: number;
  readonly switchIntervalUs: number;
  readonly cycles: number;
  readonly lostCycles: number;
  /** Locks that were given a number. */
  readonly lockCount: number;
  /** Whether the fields of the hold belong to acquisition `acquireSeq`: it was going on before and after the reading. */
  readonly steady: boolean;
}

/**
 * Reads the first `count` entries, twice: the holder writes them without a lock. `cycles` of the second reading tells
 * whether the hold had ended when its fields were read.
 */
export function readGilTable(source: TraceSource, count: number): GilEntry[] {
  const length = count * GIL_ENTRY_BYTES;
  const first = new Uint8Array(length);
  const second = new Uint8Array(length);
  source.read(first, 0, GIL_TABLE_OFFSET, length);
  source.read(second, 0, GIL_TABLE_OFFSET, length);
  const entries: GilEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * GIL_ENTRY_BYTES;
    entries.push(
      parseEntry(
        new DataView(first.buffer, at, GIL_ENTRY_BYTES),
        new DataView(second.buffer, at, GIL_ENTRY_BYTES),
      ),
    );
  }
  return entries;
}

function parseEntry(view: DataView, later: DataView): GilEntry {
  const acquireSeq = Number(view.getBigUint64(GIL.acquireSeq, true));
  const recorded = Number(
    later.getBigUint64(GIL.cycles, true) + later.getBigUint64(GIL.lostCycles, true),
  );
  return {
    interpreter: view.getInt32(GIL.interpreter, true),
    holder: view.getUint32(GIL.holder, true),
    holdFlags: view.getUint32(GIL.holdFlags, true),
    acquireSeq,
    waitStartTicks: view.getBigUint64(GIL.waitStartTicks, true),
    acquiredTicks: view.getBigUint64(GIL.acquiredTicks, true),
    acquireStack: view.getUint32(GIL.acquireStack, true),
    switchIntervalUs: view.getUint32(GIL.switchIntervalUs, true),
    cycles: Number(later.getBigUint64(GIL.cycles, true)),
    lostCycles: Number(later.getBigUint64(GIL.lostCycles, true)),
    lockCount: view.getUint32(GIL.lockCount, true),
    steady:
      acquireSeq === Number(later.getBigUint64(GIL.acquireSeq, true)) && acquireSeq > recorded,
  };
}
