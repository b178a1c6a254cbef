import { BATCH_FLAG } from '../../server/trace/events';
import { RELEASE_NODE } from '../../server/trace/format';
import type { TestTrace } from './random-cycles';

/**
 * The profile of a small trace by the plainest means: every wait is laid over every piece of every hold. Shares no
 * code with the product.
 */
export interface NaiveProfile {
  /** By `thread/gil`. */
  readonly threads: Map<string, NaiveThread>;
  /** By `file:line`, or `file:0:function` where the line is unknown. */
  readonly lines: Map<string, NaiveLine>;
  /** `gil|waiter line|holder line` → ns; holder `-` is the hand-off. */
  readonly blame: Map<string, number>;
}

export interface NaiveThread {
  start: number;
  end: number;
  hold: number;
  wait: number;
  off: number;
  blocks: number;
  acquires: number;
  contended: number;
  forced: number;
  maxHold: number;
  maxWait: number;
}

export interface NaiveLine {
  hold: [number, number];
  wait: [number, number];
  off: [number, number];
  blocks: [number, number];
  acquires: number;
  contended: number;
  forced: number;
  maxHold: number;
  maxWait: number;
  samples: number;
}

interface Stretch {
  readonly gil: number;
  readonly thread: number;
  readonly from: number;
  readonly to: number;
  readonly stack: number;
}

/** A piece of a hold: of a known stack, or of a group `acquireStack,releaseStack`. */
interface Piece extends Stretch {
  readonly group: string | null;
}

interface Facts {
  readonly waits: Stretch[];
  readonly offs: Stretch[];
  readonly pieces: Piece[];
  readonly groups: Map<string, Map<number, number>>;
}

export function naiveProfile(trace: TestTrace): NaiveProfile {
  return new Naive(trace).run();
}

class Naive {
  readonly #trace: TestTrace;
  readonly #threads = new Map<string, NaiveThread>();
  readonly #lines = new Map<string, NaiveLine>();
  readonly #blame = new Map<string, number>();
  readonly #facts: Facts = { waits: [], offs: [], pieces: [], groups: new Map() };

  constructor(trace: TestTrace) {
    this.#trace = trace;
  }

  run(): NaiveProfile {
    const keys = new Set(this.#trace.cycles.map((cycle) => `${cycle.thread}/${cycle.gil}`));
    for (const [gil, { openHold }] of this.#trace.state.gils.entries()) {
      if (openHold !== null) keys.add(`${openHold.thread}/${gil}`);
    }
    for (const [thread, { openWait }] of this.#trace.state.threads.entries()) {
      if (openWait !== null) keys.add(`${thread}/${openWait.gil}`);
    }
    for (const key of keys) {
      const [thread, gil] = key.split('/').map(Number);
      this.#lane(thread ?? 0, gil ?? 0, key);
    }
    this.#sumStretches();
    this.#sumHolds();
    this.#sumBlame();
    return { threads: this.#threads, lines: this.#lines, blame: this.#blame };
  }

  #lane(thread: number, gil: number, key: string): void {
    const { state, cycles } = this.#trace;
    const known = state.threads[thread];
    const end = known?.endNs ?? state.processes[known?.process ?? 0]?.endNs ?? 0;
    const start = Math.min(
      known?.startNs ?? 0,
      ...cycles.filter((cycle) => cycle.thread === thread).map((cycle) => cycle.waitStart),
      ...state.gils.flatMap(({ openHold }) =>
        openHold?.thread === thread ? [openHold.waitStartNs] : [],
      ),
      known?.openWait?.startNs ?? Infinity,
    );
    const row: NaiveThread = {
      ...{ start, end, hold: 0, wait: 0, off: 0, blocks: 0 },
      ...{ acquires: 0, contended: 0, forced: 0, maxHold: 0, maxWait: 0 },
    };
    this.#threads.set(key, row);
    const lane = { gil, thread };
    let at = start;
    let stack = 0;
    let first = true;
    for (const cycle of cycles) {
      if (cycle.thread !== thread || cycle.gil !== gil) continue;
      if ((cycle.flags & BATCH_FLAG.switchWait) !== 0) {
        this.#facts.waits.push({ ...lane, from: at, to: cycle.switchWaitEnd, stack });
        at = cycle.switchWaitEnd;
      }
      this.#facts.offs.push({ ...lane, from: at, to: cycle.waitStart, stack });
      this.#count(row, cycle.flags, stack, first);
      const waitStack = (cycle.flags & BATCH_FLAG.otherState) === 0 ? stack : 0;
      this.#facts.waits.push({
        ...lane,
        from: cycle.waitStart,
        to: cycle.acquired,
        stack: waitStack,
      });
      this.#countAcquire(row, cycle.flags, waitStack);
      this.#hold(row, lane, cycle.acquired, cycle.released, waitStack, cycle.stack, false);
      at = cycle.released;
      stack = cycle.stack;
      first = false;
    }
    this.#open(row, lane, at, stack, end);
  }

  #open(
    row: NaiveThread,
    lane: { gil: number; thread: number },
    at: number,
    stack: number,
    end: number,
  ): void {
    const hold = this.#trace.state.gils[lane.gil]?.openHold;
    const wait = this.#trace.state.threads[lane.thread]?.openWait;
    if (hold?.thread === lane.thread) {
      this.#facts.offs.push({ ...lane, from: at, to: hold.waitStartNs, stack });
      this.#facts.waits.push({ ...lane, from: hold.waitStartNs, to: hold.acquiredNs, stack });
      this.#count(row, hold.flags, stack, false);
      this.#countAcquire(row, hold.flags, stack);
      this.#hold(row, lane, hold.acquiredNs, end, hold.stack, hold.stack, true);
    } else if (wait?.gil === lane.gil) {
      this.#facts.offs.push({ ...lane, from: at, to: wait.startNs, stack });
      this.#facts.waits.push({ ...lane, from: wait.startNs, to: end, stack: wait.stack });
      this.#count(row, wait.afterForced ? BATCH_FLAG.afterForced : 0, stack, false);
    } else {
      this.#facts.offs.push({ ...lane, from: at, to: end, stack });
    }
  }

  #count(row: NaiveThread, flags: number, stack: number, first: boolean): void {
    if ((flags & BATCH_FLAG.afterForced) === 0) return;
    row.forced++;
    this.#line(first ? 0 : stack).forced++;
  }

  #countAcquire(row: NaiveThread, flags: number, stack: number): void {
    row.acquires++;
    this.#line(stack).acquires++;
    if ((flags & BATCH_FLAG.contended) === 0) return;
    row.contended++;
    this.#line(stack).contended++;
  }

  #hold(
    row: NaiveThread,
    lane: { gil: number; thread: number },
    from: number,
    to: number,
    acquireStack: number,
    releaseStack: number,
    open: boolean,
  ): void {
    row.maxHold = Math.max(row.maxHold, to - from);
    const line = this.#line(releaseStack);
    line.maxHold = Math.max(line.maxHold, to - from);
    const own = this.#trace.samples.filter(
      ({ gil, thread, at }) => gil === lane.gil && thread === lane.thread && at >= from && at <= to,
    );
    const group = `${acquireStack},${releaseStack}`;
    if (own.length === 0) {
      this.#facts.pieces.push({
        ...lane,
        from,
        to,
        stack: releaseStack,
        group: open ? null : group,
      });
      return;
    }
    let start = from;
    for (const [index, seenSample] of own.entries()) {
      const known = seenSample.stack !== RELEASE_NODE;
      const sample = known ? seenSample : { ...seenSample, stack: releaseStack };
      const next = own[index + 1];
      const end = next === undefined ? to : Math.floor((sample.at + next.at) / 2);
      this.#facts.pieces.push({ ...lane, from: start, to: end, stack: sample.stack, group: null });
      this.#line(sample.stack).samples++;
      start = end;
      if (open) continue;
      const seen = this.#facts.groups.get(group) ?? new Map<number, number>();
      this.#facts.groups.set(group, seen.set(sample.stack, (seen.get(sample.stack) ?? 0) + 1));
    }
  }

  #sumStretches(): void {
    for (const kind of ['wait', 'off'] as const) {
      for (const { gil, thread, from, to, stack } of this.#facts[`${kind}s`]) {
        const row = this.#threads.get(`${thread}/${gil}`);
        if (row === undefined) continue;
        row[kind] += to - from;
        this.#charge(stack, kind, to - from);
        if (kind === 'off') continue;
        row.maxWait = Math.max(row.maxWait, to - from);
        const line = this.#line(stack);
        line.maxWait = Math.max(line.maxWait, to - from);
      }
    }
  }

  #sumHolds(): void {
    const byGroup = new Map<string, number>();
    for (const { gil, thread, from, to, stack, group } of this.#facts.pieces) {
      const row = this.#threads.get(`${thread}/${gil}`);
      if (row !== undefined) row.hold += to - from;
      if (group === null) this.#charge(stack, 'hold', to - from);
      else byGroup.set(group, (byGroup.get(group) ?? 0) + to - from);
    }
    for (const [group, ns] of byGroup) {
      for (const [stack, part] of this.#split(group, ns)) this.#charge(stack, 'hold', part);
    }
  }

  #sumBlame(): void {
    const pairs = new Map<string, number>();
    for (const wait of this.#facts.waits) {
      let left = wait.to - wait.from;
      for (const piece of this.#facts.pieces) {
        if (piece.gil !== wait.gil) continue;
        const ns = Math.min(piece.to, wait.to) - Math.max(piece.from, wait.from);
        if (ns <= 0) continue;
        left -= ns;
        const row = this.#threads.get(`${piece.thread}/${piece.gil}`);
        if (row !== undefined) row.blocks += ns;
        const key = `${wait.gil}|${wait.stack}|${piece.group ?? piece.stack}`;
        pairs.set(key, (pairs.get(key) ?? 0) + ns);
      }
      this.#addBlame(wait.gil, wait.stack, '-', left);
    }
    for (const [key, ns] of pairs) {
      const [gil, waiter, holder] = key.split('|');
      const parts = (holder ?? '').includes(',')
        ? this.#split(holder ?? '', ns)
        : [[Number(holder), ns] as const];
      for (const [stack, part] of parts) {
        this.#charge(stack, 'blocks', part);
        this.#addBlame(Number(gil), Number(waiter), this.#keyOf(stack), part);
      }
    }
  }

  #addBlame(gil: number, waiter: number, holder: string, ns: number): void {
    if (ns === 0) return;
    const key = `${gil}|${this.#keyOf(waiter)}|${holder}`;
    this.#blame.set(key, (this.#blame.get(key) ?? 0) + ns);
  }

  /** By exact fractions: whole parts first, then one more for the largest rests. */
  #split(group: string, ns: number): (readonly [number, number])[] {
    const seen = this.#facts.groups.get(group);
    if (seen === undefined) return [[Number(group.split(',')[1]), ns]];
    const total = BigInt([...seen.values()].reduce((a, b) => a + b, 0));
    const rows = [...seen]
      .sort((a, b) => a[0] - b[0])
      .map(([stack, weight]) => {
        const product = BigInt(ns) * BigInt(weight);
        return { stack, part: Number(product / total), rest: product % total };
      });
    let missing = ns - rows.reduce((sum, row) => sum + row.part, 0);
    for (const row of rows.toSorted((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : 0))) {
      if (missing-- > 0) row.part++;
    }
    return rows.map((row) => [row.stack, row.part] as const);
  }

  #charge(stack: number, kind: 'hold' | 'wait' | 'off' | 'blocks', ns: number): void {
    this.#line(stack)[kind][0] += ns;
    const seen = new Set([this.#keyOf(stack)]);
    for (let node = stack; node > 0; node = this.#trace.state.stacks.parentOf(node)) {
      seen.add(this.#keyOf(node));
    }
    for (const key of seen) this.#lineAt(key)[kind][1] += ns;
  }

  #line(stack: number): NaiveLine {
    return this.#lineAt(this.#keyOf(stack));
  }

  #lineAt(key: string): NaiveLine {
    const line: NaiveLine = this.#lines.get(key) ?? {
      ...{ hold: [0, 0], wait: [0, 0], off: [0, 0], blocks: [0, 0] },
      ...{ acquires: 0, contended: 0, forced: 0, maxHold: 0, maxWait: 0, samples: 0 },
    };
    this.#lines.set(key, line);
    return line;
  }

  #keyOf(stack: number): string {
    const { stacks } = this.#trace.state;
    const place = stacks.locations[stacks.locationOf(stack)];
    if (stack === 0 || place === undefined) return '<no Python frame>:0';
    return place.line === 0 ? `${place.file}:0:${place.function}` : `${place.file}:${place.line}`;
  }
}
