import type { BlameRow, GilRow, LineRow, Overhead, ProcessRow, ThreadRow } from '../protocol';
import type { ProcessState, TraceState } from '../trace/events';
import { type Books, HAND_OFF, PAIR } from './books';
import type { LockLedger } from './lock-ledger';
import { type Ledger, NOBODY, SUM } from './ledger';
import type { LineIndex } from './line-index';
import type { Lives } from './lives';
import type { RunFacts } from './engine';
import { becameUnknown, exitsOf, hasEnded, otherChildrenOf } from './process-ends';
import { processIdOf } from './process-id';
import { samplingError } from './sampling-error';
import { withCaller } from './worst-caller';

/** `PID/INTERPRETER`, see `process-id.ts`. */
export function gilIdOf(state: TraceState, gil: number): string {
  const row = state.gils[gil];
  return `${processIdOf(state, row?.process ?? 0)}/${row?.interpreter ?? 0}`;
}

/** The order of threads in the profile, of lanes in the chart: by process, then by start. */
export function laneOrder(books: Books, state: TraceState, lives: Lives): number[] {
  const key = (index: number): readonly number[] => {
    const lane = books.lanes[index];
    const thread = lane?.thread ?? 0;
    const process = state.threads[thread]?.process ?? 0;
    const processStart = state.processes[process]?.startNs ?? 0;
    return [processStart, process, lives.threadStartNs[thread] ?? 0, thread, lane?.gil ?? 0];
  };
  const keys = books.lanes.map((_, index) => key(index));
  return keys.map((_, index) => index).sort((a, b) => compare(keys[a], keys[b]));
}

function compare(a: readonly number[] = [], b: readonly number[] = []): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function threadRowOf(
  books: Books,
  ledger: Ledger,
  state: TraceState,
  lives: Lives,
  index: number,
  lockWaitNs: number,
): ThreadRow {
  const { thread, gil } = books.lanes[index] ?? { thread: 0, gil: 0 };
  const known = state.threads[thread];
  const sum = (field: number) => ledger.lanes.get(index, field);
  return {
    pid: known === undefined ? 0 : (state.processes[known.process]?.pid ?? 0),
    tid: known?.tid ?? 0,
    name: known?.name ?? '',
    gil: gilIdOf(state, gil),
    startNs: lives.threadStartNs[thread] ?? 0,
    endNs: lives.threadEndNs[thread] ?? 0,
    holdNs: sum(SUM.holdNs),
    waitNs: sum(SUM.waitNs),
    offNs: sum(SUM.offNs),
    lockWaitNs,
    nativeNs: sum(SUM.nativeNs),
    blocksNs: sum(SUM.blocksNs),
    acquires: sum(SUM.acquires),
    contended: sum(SUM.contended),
    forcedReleases: sum(SUM.forced),
    maxHoldNs: sum(SUM.maxHoldNs),
    maxWaitNs: sum(SUM.maxWaitNs),
  };
}

export function gilRowsOf(books: Books, ledger: Ledger, state: TraceState): GilRow[] {
  return state.gils.map((gil, index) => {
    const gilLedger = ledger.gils[index];
    const lanes = books.lanes.filter((lane) => lane.gil === index);
    const sum = (field: number) =>
      lanes.reduce((total, lane) => total + ledger.lanes.get(lane.index, field), 0);
    return {
      id: gilIdOf(state, index),
      pid: state.processes[gil.process]?.pid ?? 0,
      interpreter: gil.interpreter,
      switchIntervalNs: gil.switchIntervalNs,
      holdNs: sum(SUM.holdNs),
      waitNs: sum(SUM.waitNs),
      handoffNs: handOffOf(books, ledger, index),
      unattributedNs: gilLedger?.unattributedNs ?? 0,
      switches: gilLedger?.switches ?? 0,
      forcedReleases: sum(SUM.forced),
    };
  });
}

function handOffOf(books: Books, ledger: Ledger, gil: number): number {
  const { pairs, pairSums } = books.gil(gil);
  const open = ledger.gils[gil]?.open;
  let ns = 0;
  for (let pair = 0; pair < pairs.count; pair++) {
    if (pairs.secondOf(pair) !== HAND_OFF) continue;
    ns += pairSums.get(pair, PAIR.ns) + (open?.get(pair, PAIR.ns) ?? 0);
  }
  return ns;
}

/** Largest first, with those of locks among them. */
export function blameRowsOf(
  ledger: Ledger,
  lines: LineIndex,
  state: TraceState,
  ofLocks: readonly BlameRow[],
): BlameRow[] {
  const rows: BlameRow[] = [...ofLocks];
  for (const [gil, { blame, blameSums }] of ledger.gils.entries()) {
    for (let row = 0; row < blame.count; row++) {
      const holder = blame.secondOf(row);
      rows.push({
        lock: gilIdOf(state, gil),
        waiter: lines.placeOf(blame.firstOf(row)),
        holder: holder === NOBODY ? null : lines.placeOf(holder),
        ns: blameSums.get(row, PAIR.ns),
        count: blameSums.get(row, PAIR.count),
        maxNs: blameSums.get(row, PAIR.maxNs),
      });
    }
  }
  return rows.sort(
    (a, b) =>
      b.ns - a.ns ||
      compareText(a.lock, b.lock) ||
      comparePlaces(a.waiter, b.waiter) ||
      comparePlaces(a.holder, b.holder),
  );
}

type AnyPlace = { readonly file: string; readonly line: number; readonly function: string } | null;

function comparePlaces(a: AnyPlace, b: AnyPlace): number {
  return (
    compareText(a?.file ?? '', b?.file ?? '') ||
    (a?.line ?? -1) - (b?.line ?? -1) ||
    compareText(a?.function ?? '', b?.function ?? '')
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * One row for each line that cost anything, the most expensive (self) first. Self and counts belong to the innermost line:
 * acquires, contended and maxWaitNs to that of the wait, forcedReleases and maxHoldNs to that of the release.
 */
export function lineRowsOf(ledger: Ledger, locks: LockLedger, lines: LineIndex): LineRow[] {
  const column = (field: number) => {
    const nodes = new Float64Array(lines.nodeCount);
    for (let node = 0; node < nodes.length; node++) nodes[node] = ledger.nodes.get(node, field);
    return nodes;
  };
  const timeOf = (nodes: Float64Array) => {
    const totals = lines.totals(nodes);
    const selfs = sumByLine(lines, nodes);
    return (line: number) => ({ selfNs: selfs[line] ?? 0, totalNs: totals[line] ?? 0 });
  };
  const countOf = (field: number) => {
    const sums = sumByLine(lines, column(field));
    return (line: number) => sums[line] ?? 0;
  };
  const maxOf = (field: number) => {
    const maxima = maxByLine(lines, column(field));
    return (line: number) => maxima[line] ?? 0;
  };
  const hold = timeOf(column(SUM.holdNs));
  const wait = timeOf(column(SUM.waitNs));
  const blocks = timeOf(column(SUM.blocksNs));
  const off = timeOf(column(SUM.offNs));
  const native = timeOf(column(SUM.nativeNs));
  const lockWait = timeOf(locks.waitNs);
  const lockHold = timeOf(locks.holdNs);
  const lockBlocks = timeOf(locks.blocksNs);
  const acquires = countOf(SUM.acquires);
  const contended = countOf(SUM.contended);
  const forcedReleases = countOf(SUM.forced);
  const samples = countOf(SUM.samples);
  const allSamples = lines.totals(column(SUM.samples));
  const maxHoldNs = maxOf(SUM.maxHoldNs);
  const maxWaitNs = maxOf(SUM.maxWaitNs);
  const rows = lines.places.map((place, line): LineRow => ({
    ...place,
    hold: hold(line),
    wait: wait(line),
    blocks: blocks(line),
    off: off(line),
    native: native(line),
    lockWait: lockWait(line),
    lockHold: lockHold(line),
    lockBlocks: lockBlocks(line),
    acquires: acquires(line),
    contended: contended(line),
    forcedReleases: forcedReleases(line),
    maxHoldNs: maxHoldNs(line),
    maxWaitNs: maxWaitNs(line),
    samples: samples(line),
    samplingError: samplingError(samples(line)),
    totalSamples: allSamples[line] ?? 0,
    totalSamplingError: samplingError(allSamples[line] ?? 0),
  }));
  return withCaller(rows, lines, column(SUM.blocksNs))
    .filter(costsAnything)
    .sort((a, b) => selfOf(b) - selfOf(a) || totalOf(b) - totalOf(a) || comparePlaces(a, b));
}

function costsAnything(row: LineRow): boolean {
  return (
    totalOf(row) > 0 ||
    row.off.totalNs > 0 ||
    row.lockWait.totalNs > 0 ||
    row.lockHold.totalNs > 0 ||
    row.lockBlocks.totalNs > 0 ||
    row.acquires > 0 ||
    row.forcedReleases > 0 ||
    row.maxHoldNs > 0 ||
    row.samples > 0
  );
}

function selfOf(row: LineRow): number {
  return row.hold.selfNs + row.wait.selfNs + row.blocks.selfNs;
}

function totalOf(row: LineRow): number {
  return row.hold.totalNs + row.wait.totalNs + row.blocks.totalNs;
}

function sumByLine(lines: LineIndex, nodes: Float64Array): Float64Array {
  const sums = new Float64Array(lines.places.length);
  for (let node = 0; node < nodes.length; node++) {
    const line = lines.lineOf(node);
    sums[line] = (sums[line] as number) + (nodes[node] as number);
  }
  return sums;
}

function maxByLine(lines: LineIndex, nodes: Float64Array): Float64Array {
  const maxima = new Float64Array(lines.places.length);
  for (let node = 0; node < nodes.length; node++) {
    const line = lines.lineOf(node);
    maxima[line] = Math.max(maxima[line] as number, nodes[node] as number);
  }
  return maxima;
}

/** `exit` is what the launcher saw of the process it started; its own end is better known there. */
export function processRowsOf(
  state: TraceState,
  lives: Lives,
  {
    exit,
    running = [],
    unrecorded = [],
    stopped = {},
    live,
  }: Pick<RunFacts, 'exit' | 'running' | 'unrecorded' | 'stopped' | 'live'>,
  /** Of the run, said at its first process. */
  messages: readonly string[] = [],
): ProcessRow[] {
  const exits = exitsOf(state, exit);
  // While the program runs, a trace may be about to come.
  const otherChildren = live ? [] : otherChildrenOf(state);
  const unknown = live ? null : becameUnknown(state);
  const isEndKnown = (index: number): boolean =>
    hasEnded(exits[index] ?? exit) || state.processes[index]?.replaced === true;
  return state.processes.map((process, index) => ({
    pid: process.pid,
    parentPid: process.parentPid,
    argv: process.argv,
    python: process.python,
    executable: process.executable,
    host: process.host,
    gilEnabled: process.gilEnabled,
    gil: gilOf(process),
    startNs: process.startNs,
    endNs: lives.processEndNs[index] ?? process.endNs,
    exit: exits[index] ?? { code: null, signal: null },
    running:
      running.includes(process.pid) && process.replaced !== true && process.exitCode === null,
    stoppedBy: isEndKnown(index) ? null : (stopped[process.pid] ?? null),
    replaced: process.replaced === true,
    otherChildren: otherChildren[index] ?? 0,
    frames: process.frames,
    childrenLeftOut: process.childrenLeftOut === true,
    damaged: process.damaged === true,
    clockKnown: process.clockUnknown !== true,
    messages: [
      ...messagesOf(process),
      ...(process === unknown ? [becameAnother(process)] : []),
      ...(index === 0 ? [...unrecorded, ...messages] : []),
    ],
  }));
}

function gilOf(process: ProcessState): ProcessRow['gil'] {
  if (process.gilUnrecognised) return 'unrecognised';
  if (!process.gilEnabled) return 'none';
  return process.gilSeen ? 'recorded' : 'notSeen';
}

/** Threads are not seen on their way into system calls and back. */
export const WITHOUT_GIL =
  'Of threads without a GIL it is not recorded how long they are on a CPU, nor whether they sleep or do I/O under a lock.';

function becameAnother({ pid }: ProcessState): string {
  return (
    `Process ${pid} became another program that was not recorded: what it did from then on is not in the profile, ` +
    'and the exit status is that program’s.'
  );
}

function messagesOf(process: ProcessState): string[] {
  const messages = [...process.messages];
  const { unrecordedChildren = 0 } = process;
  if (unrecordedChildren > 0) {
    messages.push(
      `Python programs that process ${process.pid} started could not be recorded (${unrecordedChildren}): after a change ` +
        'of its user or its root they cannot write to the trace.',
    );
  }
  const isExact = !process.gilUnrecognised && process.clockUnknown !== true;
  const exact = isExact ? ' Hold and wait times of threads are exact.' : '';
  if (process.frames === 'unknownVersion') {
    messages.push(
      `No lines for process ${process.pid}: GILscope does not know how Python ${process.python || 'of this version'} ` +
        `lays out its frames.${exact}`,
    );
  }
  if (process.frames === 'selfTestFailed') {
    messages.push(
      `No lines for process ${process.pid}: reading frames of this Python ${process.python} failed its self-test ` +
        `(a patched interpreter?).${exact}`,
    );
  }
  // Samples may have found some before the frames were tried.
  if (
    process.frames === 'notYet' &&
    process.gilSeen &&
    process.ended &&
    process.samplesTaken === 0
  ) {
    messages.push(
      `No lines for process ${process.pid}: no Python frame had been found when it ended.`,
    );
  }
  if (!process.gilSeen && !process.freeThreaded) {
    messages.push(
      `No GIL of process ${process.pid} was seen: it ended before Python began, or this Python ${process.python} ` +
        'handles its GIL in a way that GILscope does not know. Nothing of it was measured.',
    );
  }
  if (process.clockUnknown === true) {
    messages.push(
      `Process ${process.pid} ended before the rate of its clock was known: all its times are wrong by one and the same ` +
        'factor. Run it again.',
    );
  }
  if (process.gilUnrecognised) {
    messages.push(
      `The GIL of process ${process.pid} was not recognised (Python ${process.python}): ` +
        'its events cannot be trusted. Use an official CPython 3.9 to 3.15.',
    );
  }
  if (!process.gilEnabled) messages.push(WITHOUT_GIL);
  return messages;
}

/** The probe's own cost: the mean of a cycle over the processes, and all samplers together. */
export function overheadOf(state: TraceState): Overhead {
  const measured = state.processes.filter((process) => process.selfNsPerCycle > 0);
  const sum = measured.reduce((total, process) => total + process.selfNsPerCycle, 0);
  return {
    cycleNs: measured.length === 0 ? 0 : Math.round(sum / measured.length),
    samplerCpuNs: state.processes.reduce((total, process) => total + process.samplerCpuNs, 0),
  };
}
