import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What the independent recorder (test/recorder/gil_recorder.c) saw of one thread and one GIL. */
export interface RecordedThread {
  readonly tid: number;
  /** GILs of the process in the order of their creation. */
  readonly gil: number;
  readonly acquires: number;
  readonly contended: number;
  readonly forced: number;
  /** An interval still open when the process ended counts up to that moment. */
  readonly waitNs: number;
  readonly holdNs: number;
  readonly maxWaitNs: number;
  readonly maxHoldNs: number;
  /** An interval was still open at the end. */
  readonly open: boolean;
  /** From a forced release to the end, where the thread did not ask again: waiting, unless it ended or was parked. */
  readonly unaskedNs: number;
  /** It was ended, or the process was, while it asked for the GIL or was about to. */
  readonly leftWithout: boolean;
  /** Releases that the unwinder called forced, voluntary though a waiter slept; and the quick ones of each. */
  readonly quickForced: number;
  readonly unwoundOwn: number;
  readonly quickOwn: number;
}

export interface RecordedProcess {
  readonly pid: number;
  readonly gilCount: number;
  readonly lostThreads: number;
  /** This interpreter's forced releases can only be told by their timing: their count is not certain. */
  readonly forcedUnsure: boolean;
  /** From the first GIL to the end; null: the end was not seen. */
  readonly durationNs: number | null;
  readonly threads: readonly RecordedThread[];
}

const HEADER_BYTES = 4096;
const SLOT_BYTES = 128;
const WAITING = 1;
const HOLDING = 2;
const WANTING = 3;

/** Variable that names the folder of a recorder; the second is for a recorder that checks the first. */
export const RECORDER_VARIABLES = ['GIL_RECORDER_DIR', 'GIL_RECORDER_DIR_2'] as const;

/** Compiles a recorder where it is older than its source. Returns the library's path. */
export function buildRecorder(
  variable: (typeof RECORDER_VARIABLES)[number] = 'GIL_RECORDER_DIR',
): string {
  const sources = ['gil_recorder.c', 'forced_release.c'].map((name) =>
    resolve('test/recorder', name),
  );
  const folder = resolve('build/recorder');
  const isFirst = variable === RECORDER_VARIABLES[0];
  const library = join(folder, isFirst ? 'gil_recorder.so' : 'gil_recorder_2.so');
  const isFresh = (source: string): boolean => statSync(library).mtimeMs > statSync(source).mtimeMs;
  if (existsSync(library) && sources.every(isFresh)) return library;
  mkdirSync(folder, { recursive: true });
  const fresh = `${library}.${process.pid}`;
  const flags = ['-std=gnu11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden'];
  if (!isFirst) flags.push(`-DGIL_RECORDER_VARIABLE="${variable}"`);
  if (process.arch === 'x64') flags.push('-Wl,--version-script=test/recorder/gil_recorder.map');
  const done = spawnSync(process.env['CC'] ?? 'cc', [...flags, ...sources, '-o', fresh, '-ldl'], {
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`The recorder could not be compiled:\n${done.stderr}`);
  renameSync(fresh, library);
  return library;
}

/**
 * Reads what the recorder left in its folder: one process for each that had a GIL.
 * @param killedNs CLOCK_MONOTONIC at which a process was killed, up to which its open intervals count.
 */
export function readRecords(folder: string, killedNs = 0): RecordedProcess[] {
  return (
    readdirSync(folder)
      .filter((name) => name.endsWith('.rec'))
      .map((name) => readFileSync(join(folder, name)))
      // Of a process that was killed when it had only just made it.
      .filter((bytes) => bytes.length > 0 && bytes.readBigUInt64LE(0) !== 0n)
      .map((bytes) => readRecord(bytes, BigInt(killedNs)))
  );
}

function readRecord(bytes: Buffer, killedNs: bigint): RecordedProcess {
  if (bytes.toString('latin1', 0, 8) !== 'GILREC01') throw new Error('Not a file of the recorder.');
  const startNs = bytes.readBigUInt64LE(24);
  const endNs = bytes.readBigUInt64LE(32);
  const threads: RecordedThread[] = [];
  for (let index = 0; index < bytes.readUInt32LE(12); index += 1) {
    const at = HEADER_BYTES + index * SLOT_BYTES;
    if (at + SLOT_BYTES <= bytes.length) {
      threads.push(
        readThread(bytes.subarray(at, at + SLOT_BYTES), endNs === 0n ? killedNs : endNs),
      );
    }
  }
  return {
    pid: bytes.readUInt32LE(8),
    gilCount: bytes.readUInt32LE(16),
    lostThreads: bytes.readUInt32LE(20),
    forcedUnsure: bytes.readUInt32LE(40) !== 0,
    durationNs: endNs === 0n ? null : Number(endNs - startNs),
    threads,
  };
}

function readThread(slot: Buffer, endNs: bigint): RecordedThread {
  const number = (at: number): number => Number(slot.readBigUInt64LE(at));
  const state = slot.readUInt32LE(8);
  const since = slot.readBigUInt64LE(16);
  const openNs = endNs > since ? Number(endNs - since) : 0;
  const openWaitNs = state === WAITING ? openNs : 0;
  const openHoldNs = state === HOLDING ? openNs : 0;
  return {
    tid: slot.readUInt32LE(0),
    gil: slot.readUInt32LE(4),
    acquires: number(24),
    contended: number(32),
    forced: number(40),
    waitNs: number(48) + openWaitNs,
    holdNs: number(56) + openHoldNs,
    maxWaitNs: Math.max(number(64), openWaitNs),
    maxHoldNs: Math.max(number(72), openHoldNs),
    open: state === WAITING || state === HOLDING,
    unaskedNs: state === WANTING ? openNs : 0,
    leftWithout: state === WANTING || state === WAITING || number(80) > 0,
    quickForced: number(88),
    unwoundOwn: number(96),
    quickOwn: number(104),
  };
}
