import type { Lost } from '../protocol';
import type { CycleTotals, LostReason, ProcessState, TraceState } from '../trace/events';
import type { Books, LaneBook } from './books';
import { groupBy } from './group-by';
import { type Ledger, SUM } from './ledger';

/**
 * Adds the cycles of which only totals were recorded. Totals of a thread that no stack accounts for go to the stack
 * without frames. Answers the nanoseconds that do not fit into the lives of their threads: 0 in a sound trace.
 */
export function chargeLost(books: Books, ledger: Ledger, state: TraceState): number {
  const byThread = groupBy(state.aggregates, (aggregate) => aggregate.thread);
  // By lane, and taken back once: what is taken is not counted among what is left.
  const notOffNs = new Map<number, number>();
  const charge = (lane: LaneBook, stack: number, totals: CycleTotals): void => {
    addTotals(ledger, lane, stack, totals);
    notOffNs.set(lane.index, (notOffNs.get(lane.index) ?? 0) + totals.holdNs + totals.waitNs);
  };
  for (const aggregate of state.aggregates) {
    charge(books.lane(aggregate.gil, aggregate.thread), aggregate.stack, aggregate);
  }
  const lanesOf = groupBy(books.lanes, (lane) => lane.thread);
  for (const [thread, { lost }] of state.threads.entries()) {
    const rest = subtracted(lost, byThread.get(thread) ?? []);
    if (rest.acquires === 0 && rest.holdNs === 0 && rest.waitNs === 0) continue;
    const lane = mainLaneOf(lanesOf.get(thread) ?? [], ledger);
    if (lane !== undefined) charge(lane, 0, rest);
  }
  return [...notOffNs].reduce((misfit, [lane, ns]) => misfit + ledger.takeBackOff(lane, ns), 0);
}

/** Threads with lost cycles that are in no stream and no aggregate need a lane before the ledger is made. */
export function makeLostLanes(books: Books, state: TraceState): void {
  const known = new Set(books.lanes.map((lane) => lane.thread));
  for (const [thread, { lost, process }] of state.threads.entries()) {
    if (lost.acquires === 0 || known.has(thread)) continue;
    const gil = state.gils.findIndex((candidate) => candidate.process === process);
    if (gil >= 0) books.lane(gil, thread);
  }
}

function mainLaneOf(lanes: readonly LaneBook[], ledger: Ledger): LaneBook | undefined {
  const acquires = (lane: { index: number }) => ledger.lanes.get(lane.index, SUM.acquires);
  return [...lanes].sort((a, b) => acquires(b) - acquires(a) || a.gil - b.gil)[0];
}

function addTotals(
  ledger: Ledger,
  { index: lane, gil }: LaneBook,
  node: number,
  totals: CycleTotals,
): void {
  ledger.add(lane, node, SUM.holdNs, totals.holdNs);
  ledger.add(lane, node, SUM.waitNs, totals.waitNs);
  ledger.add(lane, node, SUM.acquires, totals.acquires);
  ledger.add(lane, node, SUM.contended, totals.contended);
  ledger.add(lane, node, SUM.forced, totals.forced);
  ledger.raise(lane, node, SUM.maxHoldNs, totals.maxHoldNs);
  ledger.raise(lane, node, SUM.maxWaitNs, totals.maxWaitNs);
  const gilLedger = ledger.gils[gil];
  if (gilLedger !== undefined) gilLedger.unattributedNs += totals.waitNs;
}

function subtracted(total: CycleTotals, parts: readonly CycleTotals[]): CycleTotals {
  const rest = (of: (totals: CycleTotals) => number) =>
    // A live trace may show a part before the total that contains it.
    Math.max(of(total) - parts.reduce((sum, part) => sum + of(part), 0), 0);
  return {
    acquires: rest((totals) => totals.acquires),
    contended: rest((totals) => totals.contended),
    forced: rest((totals) => totals.forced),
    holdNs: rest((totals) => totals.holdNs),
    waitNs: rest((totals) => totals.waitNs),
    maxHoldNs: total.maxHoldNs,
    maxWaitNs: total.maxWaitNs,
  };
}

/** A few stacks always change while they are read; so few, or fewer than this part of all, do no harm to the split. */
const FEW_MISSED_SAMPLES = 5;
const MISSED_SAMPLES_SHARE = 0.02;

const WHY: Readonly<Record<LostReason, string>> = {
  bounded: 'the trace reached its size limit',
  diskFull: 'the disk of the trace was full',
  gilTableFull: 'there were more interpreters than the trace can tell apart',
  stackTableFull: 'there were more different stacks than the trace can hold',
  noRoom: 'the disk was too slow to make room in time',
  aggregateTableFull: 'there were more threads and stacks than the totals can hold',
  lockTableFull: 'there were more locks at a time than can be told apart',
  threadTableFull: 'there was no room for a thread',
  stackCut: 'stacks were deeper than is read',
  notReached:
    'the trace was out of reach after the program had changed its user, root or namespaces',
};

/**
 * What was not recorded singly, in one sentence for a person.
 * @param unrecorded How many children could not be recorded at all.
 */
export function lostOf({ processes, locks, refused = 0 }: TraceState, unrecorded = 0): Lost {
  const sum = (of: (process: ProcessState) => number) =>
    processes.reduce((total, process) => total + of(process), 0);
  const events = sum(({ lostEvents }) => lostEvents);
  const missing = sum(({ missingEvents }) => missingEvents ?? 0);
  const withoutRoom = sum(({ unrecordedEvents }) => unrecordedEvents ?? 0);
  const lockRows = locks.reduce((total, { lostRows }) => total + lostRows, 0);
  const samples = sum(({ lostSamples }) => lostSamples);
  const taken = sum(({ samplesTaken }) => samplesTaken);
  const reasons = [...new Set(processes.flatMap((process) => process.lostReasons))];
  const isMuch = samples > FEW_MISSED_SAMPLES && samples > MISSED_SAMPLES_SHARE * (taken + samples);
  const parts = partsOf({
    ...{ inTotals: events - missing - withoutRoom, missing, unrecorded: withoutRoom, lockRows },
    samples: isMuch ? samples : 0,
  });
  return {
    ...{ events, samples, missing: missing + withoutRoom },
    processes: refused + unrecorded + sum(({ unrecordedChildren }) => unrecordedChildren ?? 0),
    causes: reasons,
    reason: sentence(parts, reasons),
  };
}

interface Counts {
  readonly inTotals: number;
  readonly missing: number;
  readonly unrecorded: number;
  readonly lockRows: number;
  readonly samples: number;
}

function partsOf({ inTotals, missing, unrecorded, lockRows, samples }: Counts): string[] {
  const cycles = (count: number) => counted(count, 'GIL cycle is', 'GIL cycles are');
  const parts: string[] = [];
  if (inTotals > 0) {
    parts.push(
      `${cycles(inTotals)} only in the totals: hold and wait times and counts are ` +
        'complete, but not who blocked whom in them, nor what threads did meanwhile without the ' +
        'GIL (native code, waits for processes, work of executors), and a wait beside them may be shown as hand-off',
    );
  }
  if (missing > 0) {
    parts.push(`${cycles(missing)} missing from all numbers, for the trace is damaged or cut`);
  }
  if (unrecorded > 0) {
    parts.push(
      `${cycles(unrecorded)} missing from all numbers, for there was no room for their threads`,
    );
  }
  if (lockRows > 0) {
    parts.push(
      `${counted(lockRows, 'wait for a lock or hold of one is', 'waits for locks or holds of them are')} only in the ` +
        'totals of locks, on no line: who had the lock is not known',
    );
  }
  if (samples > 0) {
    parts.push(
      `${counted(samples, 'sample is', 'samples are')} missing: long holds are split over lines less finely`,
    );
  }
  return parts;
}

const CUT =
  'Totals of outer lines are too small, for the outermost frames of those stacks are missing';

function sentence(parts: readonly string[], reasons: readonly LostReason[]): string | null {
  if (parts.length === 0 && reasons.length === 0) return null;
  const isCut = reasons.includes('stackCut');
  const what = [
    ...(parts.length === 0 && (!isCut || reasons.length > 1) ? ['Stacks may be missing'] : parts),
    ...(isCut ? [CUT] : []),
  ].join('. ');
  // What could not be reached was not slow.
  const told = reasons.includes('notReached') ? reasons.filter((r) => r !== 'noRoom') : reasons;
  const why = told.map((reason) => WHY[reason]).join(', and ');
  const because = why === '' ? '' : `, because ${why}`;
  return `Not everything was recorded${because}. ${what}.`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
