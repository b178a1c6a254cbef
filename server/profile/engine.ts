import type { ExitStatus, Profile } from '../protocol';
import type { EventSink, StackTable, TraceState } from '../trace/events';
import { AwaitBook, type AwaitBounds } from './await-book';
import { AwaitIndex } from './await-index';
import { AwaitLinks } from './await-links';
import { Bookkeeper, type CycleListener } from './bookkeeper';
import { Books, type FaultKind, LANE } from './books';
import type { StackSums } from './export/export-data';
import { findingsOf } from './findings';
import { ExecutorRows } from './executor-rows';
import { Ledger } from './ledger';
import { LineIndex } from './line-index';
import { livesOf, type Lives } from './lives';
import { LockAnalysis, type LockSnapshot } from './lock-analysis';
import { LockFacts } from './lock-facts';
import type { ReadSource } from './lock-identity';
import type { LockListener } from './lock-keeper';
import { chargeLost, lostOf, makeLostLanes } from './lost';
import { awaitBoundsSaid, loopBlocksOf } from './loop-blocks';
import { chargeOpen, type OpenState, openStatesOf } from './open';
import { parallelismOf } from './parallelism';
import { processCostsOf } from './process-costs';
import { blameRowsOf, gilRowsOf, lineRowsOf, overheadOf, processRowsOf } from './rows';
import { threadRowsOf } from './thread-rows';
import { waitPlacesOf } from './wait-places';

/** What the trace does not know of its run. */
export interface RunFacts {
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly exit: ExitStatus;
  /** Processes that went on when the program had ended, by pid. */
  readonly running?: readonly number[];
  /** Children that could not be recorded, a sentence for each. */
  readonly unrecorded?: readonly string[];
  /** By pid, the strongest signal that Stop sent. */
  readonly stopped?: Readonly<Record<string, string>>;
  /** The program still runs. */
  readonly live: boolean;
}

/** Who hears events after they were put right, and where texts come from. */
export interface EngineOptions {
  readonly listener?: CycleListener | null;
  readonly onLockWait?: LockListener | null;
  /** To find the names of locks; without it they have none. */
  readonly readSource?: ReadSource;
  /** How many waits and works are looked at; without it about 100 MB of them. */
  readonly awaitBounds?: AwaitBounds;
}

/** One moment of a run, with what the chart needs beyond the profile. */
export interface Snapshot {
  readonly profile: Profile;
  /** Lane of each row of `profile.threads`; -1: the thread never had to do with a GIL. */
  readonly laneOfRow: readonly number[];
  /** Index in the trace's state, by row of `profile.threads`. */
  readonly threadOfRow: readonly number[];
  readonly locks: LockSnapshot;
  /** By lane. */
  readonly open: readonly OpenState[];
  readonly lives: Lives;
  /** What waits of threads off the GIL were for, where that is known. */
  readonly awaits: AwaitIndex;
  readonly stacks: StackTable;
  /** What each stack cost itself. */
  readonly stackSums: StackSums;
}

/**
 * Events in, profiles out. Events may come in batches of any size; the profile does not depend on how they were cut.
 * Memory follows threads, stacks and pairs of stacks, not events.
 */
export interface Engine extends EventSink {
  /** GIL cycles entered so far. */
  readonly cycleCount: number;
  readonly lines: LineIndex;
  /** GIL of a lane. */
  gilOf(lane: number): number;
  /** By GIL: time held until now, the hold that goes on included. */
  heldNs(state: TraceState): number[];
  /** Costs what is new and the number of stacks and pairs. `state` is that of the read that delivered the events. */
  snapshot(state: TraceState, facts: RunFacts): Snapshot;
}

export function createEngine(options: EngineOptions = {}): Engine {
  const books = new Books();
  const lines = new LineIndex();
  const awaits = new AwaitBook(options.awaitBounds);
  const links = new AwaitLinks(awaits);
  const executors = new ExecutorRows();
  const keeper = new Bookkeeper(books, awaits, options.listener ?? null);
  const locks = new LockAnalysis(books, lines, options);
  return {
    lines,
    get cycleCount() {
      return books.cycles;
    },
    gilOf: (lane) => books.lanes[lane]?.gil ?? 0,
    heldNs: (state) => heldNs(books, state),
    samples: (batch) => keeper.samples(batch),
    cycles: (batch) => {
      keeper.cycles(batch);
      locks.advance(batch.gil);
    },
    cpu: (batch) => keeper.cpu(batch),
    locks: (batch) => locks.add(batch),
    works: (rows) => awaits.take(rows),
    snapshot: (state, facts) =>
      snapshotOf({ books, lines, awaits, links, executors, locks }, state, facts),
  };
}

interface Parts {
  readonly books: Books;
  readonly lines: LineIndex;
  readonly awaits: AwaitBook;
  readonly links: AwaitLinks;
  readonly executors: ExecutorRows;
  readonly locks: LockAnalysis;
}

function snapshotOf(parts: Parts, state: TraceState, facts: RunFacts): Snapshot {
  const { books, lines, awaits, links, executors, locks: lockAnalysis } = parts;
  lines.update(state.stacks);
  makeLostLanes(books, state);
  for (const index of state.gils.keys()) books.gil(index);
  lockAnalysis.settle(!facts.live);
  const lives = livesOf(books, state);
  const open = openStatesOf(books, state, lives);
  const ledger = new Ledger(books, lines);
  chargeOpen(books, ledger, lives, open);
  const misfitNs = chargeLost(books, ledger, state);
  ledger.distribute();
  const locks = lockAnalysis.snapshot(state, lives);

  const rows = threadRowsOf(books, ledger, state, lives, locks.threadWaitNs);
  const activities = awaits.activitiesOf(state.stacks);
  links.update(state, !facts.live);
  const loopBlockNs = loopBlocksOf(books, awaits, open);
  const costs = processCostsOf(ledger, lines, state.stacks, activities, links.sums, loopBlockNs);
  const sources = { state, lines, lives, activities };
  const profile: Profile = {
    format: 'gilscope-profile',
    version: 1,
    command: facts.command,
    startedAt: facts.startedAt,
    wallNs: lives.processEndNs.reduce((latest, ns) => Math.max(latest, ns), 0),
    exit: facts.exit,
    lost: lostOf(state, facts.unrecorded?.length),
    overhead: overheadOf(state),
    parallelism: parallelismOf(rows, state.processes),
    serialisation: costs.serialisation,
    awaits: costs.awaits,
    executors: executors.update(awaits.works, sources, !facts.live),
    processes: processRowsOf(state, lives, facts, awaitBoundsSaid(awaits)),
    gils: gilRowsOf(books, ledger, state),
    threads: rows.map(({ row }) => row),
    lines: lineRowsOf(ledger, locks.ledger, lines),
    blame: blameRowsOf(ledger, lines, state, locks.blame),
    locks: locks.rows,
    findings: [],
  };
  const placeOf = (stack: number) => lines.placeOf(lines.lineOf(stack));
  const waitPlaces = waitPlacesOf(books, lines);
  const findings = findingsOf(profile, {
    live: facts.live,
    faults: faultsOf(books, lines, lockAnalysis),
    misfitNs,
    longBlocks: ledger.gils.map((gil) => gil.longBlocks),
    loopBlocks: costs.loopBlocks,
    placeOf,
    waitedAt: rows.map(({ lane }) => waitPlaces.get(lane) ?? null),
    locks: new LockFacts(state, locks, lines),
  });
  return {
    profile: { ...profile, findings },
    laneOfRow: rows.map(({ lane }) => lane),
    threadOfRow: rows.map(({ thread }) => thread),
    open,
    lives,
    awaits: new AwaitIndex(awaits, links, lines, state.stacks),
    locks,
    stacks: state.stacks,
    stackSums: { gil: ledger.nodes, locks: locks.ledger },
  };
}

function faultsOf(
  books: Books,
  lines: LineIndex,
  locks: LockAnalysis,
): ReadonlyMap<FaultKind, number> {
  const faults = new Map<FaultKind, number>([...books.faults, ...locks.faults]);
  if (lines.misplaced > 0) faults.set('callerUnknown', lines.misplaced);
  return faults;
}

function heldNs(books: Books, state: TraceState): number[] {
  const held = state.gils.map(({ openHold, process }) => {
    if (openHold === null) return 0;
    return Math.max((state.processes[process]?.endNs ?? 0) - openHold.acquiredNs, 0);
  });
  for (const { index, gil } of books.lanes) {
    held[gil] = (held[gil] ?? 0) + books.laneTimes.get(index, LANE.holdNs);
  }
  return held;
}
