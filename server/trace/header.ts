import {
  BYTE_ORDER_MARK,
  CHUNK_BYTES,
  CLOCK,
  FRAMES,
  GIL_CAPACITY,
  GIL_ENTRY_BYTES,
  HEADER,
  HEADER_BYTES,
  THREAD_ENTRY_BYTES,
  TRACE_MAGIC,
  TRACE_VERSION,
} from './format';
import { OLDEST_TRACE_VERSION } from './format-v1';
import { TraceError } from './trace-error';

/** The header of a trace at one moment; names and units are those of {@link HEADER}. */
export interface TraceHeader {
  readonly version: number;
  readonly gilCount: number;
  readonly threadCount: number;
  readonly chunkCount: number;
  readonly pid: number;
  readonly parentPid: number;
  readonly pythonHex: number;
  readonly flags: number;
  readonly frames: number;
  readonly clock: number;
  readonly exitFlags: number;
  readonly exitCode: number;
  readonly lostReasons: number;
  readonly anchor0Ticks: bigint;
  readonly anchor0Ns: bigint;
  readonly anchor1Ticks: bigint;
  readonly anchor1Ns: bigint;
  readonly anchorLatestTicks: bigint;
  readonly anchorLatestNs: bigint;
  readonly realtimeNs: bigint;
  readonly startTicks: bigint;
  readonly endTicks: bigint;
  readonly heartbeatTicks: bigint;
  readonly lostEvents: number;
  readonly lostSamples: number;
  readonly samplesTaken: number;
  readonly samplePeriodNs: number;
  readonly selfTicks: number;
  readonly selfCycles: number;
  readonly samplerCpuNs: number;
  readonly laneLockCount: number;
  readonly processCpuNs: number;
  readonly unrecordedCycles: number;
  readonly unrecordedChildren: number;
}

const LAYOUT: readonly (readonly [keyof typeof HEADER, number])[] = [
  ['headerBytes', HEADER_BYTES],
  ['chunkBytes', CHUNK_BYTES],
  ['gilEntryBytes', GIL_ENTRY_BYTES],
  ['threadEntryBytes', THREAD_ENTRY_BYTES],
];

/** Whether the file's first bytes have not been written yet: the process is just starting. */
export function isUnwritten(view: DataView): boolean {
  const first = [HEADER.magic, HEADER.version, HEADER.byteOrder, HEADER.threadEntryBytes];
  return first.some((field) => view.getUint32(field, true) === 0);
}

/** Whether the process was ended before it finished its header: the magic number is written last. */
export function isUnbegun(view: DataView): boolean {
  return view.getBigUint64(HEADER.magic, true) === 0n;
}

/**
 * Reads and checks a header.
 *
 * @param file for messages
 * @throws TraceError if this is not a trace of this version, or nonsense
 */
export function parseHeader(view: DataView, file: string): TraceHeader {
  const u32 = (field: keyof typeof HEADER): number => view.getUint32(HEADER[field], true);
  const u64 = (field: keyof typeof HEADER): bigint => view.getBigUint64(HEADER[field], true);
  checkLayout(view, file, u32);
  return {
    version: u32('version'),
    gilCount: u32('gilCount'),
    threadCount: u32('threadCount'),
    chunkCount: u32('chunkCount'),
    pid: u32('pid'),
    parentPid: u32('parentPid'),
    pythonHex: u32('pythonHex'),
    flags: u32('flags'),
    frames: u32('frames'),
    clock: u32('clock'),
    exitFlags: u32('exitFlags'),
    exitCode: view.getInt32(HEADER.exitCode, true),
    lostReasons: u32('lostReasons'),
    anchor0Ticks: u64('anchor0Ticks'),
    anchor0Ns: u64('anchor0Ns'),
    anchor1Ticks: u64('anchor1Ticks'),
    anchor1Ns: u64('anchor1Ns'),
    anchorLatestTicks: u64('anchorLatestTicks'),
    anchorLatestNs: u64('anchorLatestNs'),
    realtimeNs: u64('realtimeNs'),
    startTicks: u64('startTicks'),
    endTicks: u64('endTicks'),
    heartbeatTicks: u64('heartbeatTicks'),
    lostEvents: Number(u64('lostEvents')),
    lostSamples: Number(u64('lostSamples')),
    samplesTaken: Number(u64('samplesTaken')),
    samplePeriodNs: Number(u64('samplePeriodNs')),
    selfTicks: Number(u64('selfTicks')),
    selfCycles: Number(u64('selfCycles')),
    samplerCpuNs: Number(u64('samplerCpuNs')),
    laneLockCount: u32('laneLockCount'),
    processCpuNs: Number(u64('processCpuNs')),
    unrecordedCycles: Number(u64('unrecordedCycles')),
    unrecordedChildren: u32('unrecordedChildren'),
  };
}

function checkLayout(view: DataView, file: string, u32: (f: keyof typeof HEADER) => number): void {
  for (let i = 0; i < TRACE_MAGIC.length; i++) {
    if (view.getUint8(HEADER.magic + i) !== TRACE_MAGIC.charCodeAt(i))
      throw new TraceError(file, 'this is not a GILscope trace', 'Choose another file.');
  }
  if (u32('byteOrder') !== BYTE_ORDER_MARK)
    throw damaged(file, 'its byte order mark is wrong, it was written on another kind of machine');
  const version = u32('version');
  if (version < OLDEST_TRACE_VERSION || version > TRACE_VERSION) {
    const advice = `Open it with the version of GILscope that recorded it, or record it again.`;
    const what = `the trace has version ${version}, this GILscope reads versions ${OLDEST_TRACE_VERSION} to ${TRACE_VERSION}`;
    throw new TraceError(file, what, advice);
  }
  for (const [field, expected] of LAYOUT) {
    if (u32(field) !== expected)
      throw damaged(file, `${field} is ${u32(field)} instead of ${expected}`);
  }
  if (u32('gilCount') > GIL_CAPACITY) throw damaged(file, `it claims ${u32('gilCount')} GILs`);
  if (u32('frames') > FRAMES.notYet || u32('clock') > CLOCK.cntvct)
    throw damaged(file, 'it names an unknown clock or kind of stacks');
}

function damaged(file: string, what: string): TraceError {
  return new TraceError(file, `the header is damaged: ${what}`, 'Record the run again.');
}
