/** What a reader says of its process beside the events: threads, GILs, totals, and how much is missing. */
import type { AggregateEntry } from './aggregates';
import { TICKS_MAX, relativeTicks, toNs, type Clock } from './clock';
import type {
  AggregateState,
  CycleTotals,
  GilState,
  LockState,
  LostReason,
  OpenHold,
  OpenWait,
  ProcessState,
  ThreadState,
} from './events';
import { BATCH_FLAG } from './events';
import { CYCLE_FLAG, EXIT_FLAG, LOST, PROCESS_FLAG } from './format';
import type { TraceHeader } from './header';
import { lockStateOf, openLockWaitOf } from './lock-state';
import { lossOf } from './loss';
import type { ProcessReader } from './process-reader';
import type { ThreadEntry } from './thread-table';

/** The version of the trace from which on it says whether a GIL was on for good. */
const FIRST_WITH_LANES = 3;
const FORWARDED_FLAGS = BATCH_FLAG.contended | BATCH_FLAG.afterForced | BATCH_FLAG.otherState;
const FRAME_NAMES = ['recorded', 'unknownVersion', 'selfTestFailed', 'notYet'] as const;
const LOST_NAMES = Object.keys(LOST) as LostReason[];

/** One process's part of the run's state. */
export interface ProcessView {
  readonly process: ProcessState;
  /** By the process's own index, with the index in the run. */
  readonly threads: readonly { readonly index: number; readonly state: ThreadState }[];
  readonly gils: readonly { readonly index: number; readonly state: GilState }[];
  readonly locks: readonly { readonly index: number; readonly state: LockState }[];
  readonly aggregates: readonly AggregateState[];
}

/** State of a process whose header and clock are known, as of the last read. */
export function viewProcess(
  reader: ProcessReader,
  header: TraceHeader,
  clock: Clock,
  final: boolean,
): ProcessView {
  const builder = new ViewBuilder(reader, clock);
  const gils = reader.gils.map((gil, i) => ({ index: gil.stream.gil, state: builder.gil(i) }));
  const holds = gils.map(({ state }) => state.openHold);
  const threads = reader.threads.entries.flatMap((entry, i) =>
    entry.global < 0 ? [] : [{ index: entry.global, state: builder.thread(entry, i, holds) }],
  );
  const aggregates = reader.aggregates.flatMap((entries, gil) =>
    entries.flatMap((entry) => builder.aggregate(entry, gil)),
  );
  const locks = [...reader.gils.map(({ stream }) => stream), reader.lanes].flatMap((stream) =>
    stream.locks.entries.map((entry, i) => {
      const state = lockStateOf(reader, stream, i);
      builder.see(state.openHold?.startNs ?? null);
      return { index: entry.global, state };
    }),
  );
  const process = describeProcess(reader, header, clock, final, builder);
  return { process, threads, gils, locks, aggregates };
}

class ViewBuilder {
  /** The latest time seen anywhere in the trace, ns; what happened until then counts. */
  latestNs = -Infinity;
  /** The earliest start of a thread, ns. */
  earliestNs = Infinity;

  constructor(
    private readonly reader: ProcessReader,
    private readonly clock: Clock,
  ) {
    if (reader.lanes.latest > -Infinity) this.see(toNs(clock, reader.lanes.latest));
    for (const { stream } of reader.gils) {
      if (stream.cycles > 0) this.see(toNs(clock, stream.released));
    }
  }

  /** Nanoseconds of a raw time, null where it is 0 or nonsense. */
  timeNs(ticks: bigint): number | null {
    if (ticks === 0n) return null;
    const relative = relativeTicks(this.clock, ticks);
    return Math.abs(relative) < TICKS_MAX ? toNs(this.clock, relative) : null;
  }

  see(ns: number | null): void {
    if (ns !== null && ns > this.latestNs) this.latestNs = ns;
  }

  gil(index: number): GilState {
    const entry = this.reader.gilEntries[index];
    const openHold = this.openHold(index);
    this.see(openHold?.acquiredNs ?? null);
    return {
      process: this.reader.index,
      interpreter: entry?.interpreter ?? -1,
      switchIntervalNs: (entry?.switchIntervalUs ?? 0) * 1000,
      openHold,
    };
  }

  /** The hold that is going on, if it follows the cycles that were decoded. */
  private openHold(index: number): OpenHold | null {
    const entry = this.reader.gilEntries[index];
    const stream = this.reader.gils[index]?.stream;
    if (entry === undefined || stream === undefined || stream.fault !== null) return null;
    const next = stream.cycles + entry.lostCycles + 1;
    const local = entry.holder - 1;
    const holder = this.reader.threads.entries[local];
    if (!entry.steady || entry.acquireSeq !== next || holder === undefined) return null;
    if (holder.global < 0) return null;
    const acquiredNs = this.timeNs(entry.acquiredTicks);
    if (acquiredNs === null) return null;
    if (stream.cycles > 0 && acquiredNs < toNs(this.clock, stream.released)) return null;
    const previous = stream.lastRelease[local] ?? -Infinity;
    const earliestNs = previous === -Infinity ? -Infinity : toNs(this.clock, previous);
    const waitStartNs = this.timeNs(entry.waitStartTicks) ?? acquiredNs;
    return {
      thread: holder.global,
      waitStartNs: Math.min(Math.max(waitStartNs, earliestNs), acquiredNs),
      acquiredNs,
      flags: entry.holdFlags & FORWARDED_FLAGS,
      stack: stream.definitions.nodeOf(entry.acquireStack),
    };
  }

  thread(entry: ThreadEntry, local: number, holds: readonly (OpenHold | null)[]): ThreadState {
    let first = Infinity;
    let last = -Infinity;
    for (const { stream } of this.reader.gils) {
      first = Math.min(first, stream.firstWait[local] ?? Infinity);
      last = Math.max(last, stream.lastRelease[local] ?? -Infinity);
    }
    const firstNs = first === Infinity ? Infinity : toNs(this.clock, first);
    const lastNs = last === -Infinity ? -Infinity : toNs(this.clock, last);
    const held = holds.find((hold) => hold?.thread === entry.global) ?? null;
    const openWait = this.openWait(entry, lastNs, held);
    const startNs = Math.min(
      this.timeNs(entry.startTicks) ?? Infinity,
      firstNs,
      held?.waitStartNs ?? Infinity,
      openWait?.startNs ?? Infinity,
    );
    const ended = this.timeNs(entry.endTicks);
    const known = startNs === Infinity ? this.startNs() : startNs;
    const endNs = ended === null ? null : Math.max(ended, lastNs, known);
    this.see(known);
    this.earliestNs = Math.min(this.earliestNs, known);
    this.see(endNs);
    this.see(openWait?.startNs ?? null);
    return {
      process: this.reader.index,
      tid: entry.tid,
      name: entry.name,
      startNs: known,
      endNs: held === null ? endNs : null,
      openWait,
      openLockWait: openLockWaitOf(this.reader, this.clock, entry),
      lost: this.lostTotals(entry),
    };
  }

  private startNs(): number {
    return this.timeNs(this.reader.header?.startTicks ?? 0n) ?? 0;
  }

  /** The wait that is going on: one from before the last decoded release, or that ended in a hold, is over. */
  private openWait(entry: ThreadEntry, lastNs: number, held: OpenHold | null): OpenWait | null {
    const gil = this.reader.gils[entry.waitingGil - 1]?.stream;
    const startNs = this.timeNs(entry.waitStartTicks);
    if (gil === undefined || startNs === null || entry.endTicks !== 0n) return null;
    if (startNs < lastNs || held !== null) return null;
    const known = (entry.waitFlags & CYCLE_FLAG.otherState) === 0;
    const lastStream = this.reader.gils[entry.lastGil - 1]?.stream;
    return {
      gil: gil.gil,
      startNs,
      afterForced: (entry.waitFlags & CYCLE_FLAG.afterForced) !== 0,
      stack: known ? (lastStream?.definitions.nodeOf(entry.lastStack) ?? 0) : 0,
    };
  }

  private lostTotals(entry: ThreadEntry): CycleTotals {
    return {
      acquires: entry.lostAcquires,
      contended: entry.lostContended,
      forced: entry.lostForced,
      holdNs: this.durationNs(entry.lostHoldTicks),
      waitNs: this.durationNs(entry.lostWaitTicks),
      maxHoldNs: this.durationNs(entry.lostMaxHoldTicks),
      maxWaitNs: this.durationNs(entry.lostMaxWaitTicks),
    };
  }

  aggregate(entry: AggregateEntry, gil: number): AggregateState[] {
    const thread = this.reader.threads.entries[entry.thread];
    const stream = this.reader.gils[gil]?.stream;
    if (thread === undefined || thread.global < 0 || stream === undefined) return [];
    return [
      {
        gil: stream.gil,
        thread: thread.global,
        stack: stream.definitions.nodeOf(entry.stack),
        acquires: entry.acquires,
        contended: entry.contended,
        forced: entry.forced,
        holdNs: this.durationNs(entry.holdTicks),
        waitNs: this.durationNs(entry.waitTicks),
        maxHoldNs: this.durationNs(entry.maxHoldTicks),
        maxWaitNs: this.durationNs(entry.maxWaitTicks),
      },
    ];
  }

  durationNs(ticks: number): number {
    return Math.round(ticks * this.clock.rate);
  }
}

function describeProcess(
  reader: ProcessReader,
  header: TraceHeader,
  clock: Clock,
  final: boolean,
  builder: ViewBuilder,
): ProcessState {
  const { meta } = reader;
  const loss = lossOf(reader, header, final);
  const flag = (bit: number): boolean => (header.flags & bit) !== 0;
  const startNs = builder.timeNs(header.startTicks) ?? 0;
  const endTicks = builder.timeNs(header.endTicks);
  builder.see(startNs);
  builder.see(endTicks ?? builder.timeNs(header.heartbeatTicks));
  if (endTicks === null) builder.see(builder.timeNs(header.anchorLatestTicks));
  return {
    pid: header.pid,
    parentPid: header.parentPid,
    argv: [...meta.argv],
    python: meta.pythonVersion === '' ? versionOf(header.pythonHex) : meta.pythonVersion,
    executable: meta.executable === '' ? (meta.argv[0] ?? '') : meta.executable,
    host: flag(PROCESS_FLAG.preloaded) ? 'preloaded' : 'embedded',
    freeThreaded: flag(PROCESS_FLAG.freeThreaded),
    gilSeen: flag(PROCESS_FLAG.gilSeen),
    gilUnrecognised: flag(PROCESS_FLAG.gilUnrecognised),
    gilEnabled:
      !flag(PROCESS_FLAG.freeThreaded) ||
      flag(header.version < FIRST_WITH_LANES ? PROCESS_FLAG.gilSeen : PROCESS_FLAG.gilEnabled),
    gilSwitchedOn: switchedOn(meta.gilSwitchedOn, builder),
    ...(clock.rateKnown ? {} : { clockUnknown: true }),
    frames: framesOf(header, flag(PROCESS_FLAG.freeThreaded) && !flag(PROCESS_FLAG.gilSeen)),
    // A forked child's first wait may have begun before its own trace.
    startNs: Math.min(startNs, builder.earliestNs),
    endNs: builder.latestNs,
    ended: final || header.endTicks !== 0n,
    exitCode: (header.exitFlags & EXIT_FLAG.codeKnown) !== 0 ? header.exitCode : null,
    replaced: (header.exitFlags & EXIT_FLAG.replaced) !== 0,
    childEnds: meta.childEnds.map(({ ticks, ...end }) => ({
      ...end,
      atNs: builder.timeNs(ticks) ?? 0,
    })),
    lostEvents: header.lostEvents + header.unrecordedCycles + loss.cycles,
    missingEvents: loss.cycles,
    unrecordedEvents: header.unrecordedCycles,
    lostSamples: header.lostSamples + loss.samples,
    lostReasons: LOST_NAMES.filter((name) => (header.lostReasons & LOST[name]) !== 0),
    selfNsPerCycle: header.selfCycles > 0 ? (header.selfTicks * clock.rate) / header.selfCycles : 0,
    samplerCpuNs: header.samplerCpuNs,
    ...(header.processCpuNs > 0 ? { processCpuNs: header.processCpuNs } : {}),
    samplesTaken: header.samplesTaken,
    samplePeriodNs: header.samplePeriodNs,
    unrecordedChildren: header.unrecordedChildren,
    childrenLeftOut: flag(PROCESS_FLAG.childrenLeftOut),
    damaged: loss.messages.length > 0,
    messages: [...meta.messages, ...loss.messages],
  };
}

function switchedOn(
  found: ProcessReader['meta']['gilSwitchedOn'],
  builder: ViewBuilder,
): ProcessState['gilSwitchedOn'] {
  if (found === null) return null;
  return { atNs: builder.timeNs(found.ticks) ?? 0, module: found.module };
}

/** Without a GIL nobody asks for frames. */
function framesOf({ frames }: TraceHeader, withoutGil: boolean): ProcessState['frames'] {
  const name = FRAME_NAMES[frames] ?? 'notYet';
  return withoutGil && name === 'notYet' ? 'recorded' : name;
}

/** "3.12.1" of `PY_VERSION_HEX`, '' where unknown. */
function versionOf(hex: number): string {
  return hex === 0 ? '' : `${hex >>> 24}.${(hex >>> 16) & 255}.${(hex >>> 8) & 255}`;
}
