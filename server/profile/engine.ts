import type { ExitStatus, Profile } from '../protocol';
import type { EventSink, TraceState } from '../trace/events';
import { Bookkeeper, type CycleListener } from './bookkeeper';
import { Books, type FaultKind, LANE } from './books';
import { findingsOf } from './findings';
import { Ledger } from './ledger';
import { LineIndex } from './line-index';
import { livesOf, type Lives } from './lives';
import { chargeLost, lostOf, makeLostLanes } from './lost';
import { chargeOpen, type OpenState, openStatesOf } from './open';
import {
  blameRowsOf,
  gilRowsOf,
  laneOrder,
  lineRowsOf,
  overheadOf,
  processRowsOf,
  threadRowOf,
} from './rows';

/** What the trace does not know of its run. */
export interface RunFacts {
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly exit: ExitStatus;
  /** The program still runs. */
  readonly live: boolean;
}

/** One moment of a run, with what the chart needs beyond the profile. */
export interface Snapshot {
  readonly profile: Profile;
  /** Lane of each row of `profile.threads`. */
  readonly laneOfRow: readonly number[];
  /** By lane. */
  readonly open: readonly OpenState[];
  readonly lives: Lives;
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

export function createEngine(listener: CycleListener | null = null): Engine {
  const books = new Books();
  const lines = new LineIndex();
  const keeper = new Bookkeeper(books, listener);
  return {
    lines,
    get cycleCount() {
      return books.cycles;
    },
    gilOf: (lane) => books.lanes[lane]?.gil ?? 0,
    heldNs: (state) => heldNs(books, state),
    samples: (batch) => keeper.samples(batch),
    cycles: (batch) => keeper.cycles(batch),
    locks: () => keeper.locks(),
    snapshot: (state, facts) => snapshotOf(books, lines, state, facts),
  };
}

function snapshotOf(books: Books, lines: LineIndex, state: TraceState, facts: RunFacts): Snapshot {
  lines.update(state.stacks);
  makeLostLanes(books, state);
  for (const index of state.gils.keys()) books.gil(index);
  const lives = livesOf(books, state);
  const open = openStatesOf(books, state, lives);
  const ledger = new Ledger(books, lines);
  chargeOpen(books, ledger, lives, open);
  const misfitNs = chargeLost(books, ledger, state);
  ledger.distribute();

  const laneOfRow = laneOrder(books, state, lives);
  const profile: Profile = {
    format: 'gilscope-profile',
    version: 1,
    command: facts.command,
    startedAt: facts.startedAt,
    wallNs: lives.processEndNs.reduce((latest, ns) => Math.max(latest, ns), 0),
    exit: facts.exit,
    lost: lostOf(state),
    overhead: overheadOf(state),
    processes: processRowsOf(state, lives, facts.exit),
    gils: gilRowsOf(books, ledger, state),
    threads: laneOfRow.map((lane) => threadRowOf(books, ledger, state, lives, lane)),
    lines: lineRowsOf(ledger, lines),
    blame: blameRowsOf(ledger, lines, state),
    locks: [],
    findings: [],
  };
  const findings = findingsOf(profile, {
    live: facts.live,
    faults: faultsOf(books, lines),
    misfitNs,
    longBlocks: ledger.gils.map((gil) => gil.longBlocks),
    placeOf: (stack) => lines.placeOf(lines.lineOf(stack)),
  });
  return { profile: { ...profile, findings }, laneOfRow, open, lives };
}

function faultsOf(books: Books, lines: LineIndex): ReadonlyMap<FaultKind, number> {
  if (lines.misplaced === 0) return books.faults;
  return new Map([...books.faults, ['callerUnknown', lines.misplaced]]);
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
