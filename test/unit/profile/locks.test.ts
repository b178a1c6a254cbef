import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Chart } from '../../../server/profile/chart';
import { createEngine, type Engine } from '../../../server/profile/engine';
import { checkInvariants } from '../../../server/profile/invariants';
import { Timeline } from '../../../server/profile/timeline';
import type { Profile } from '../../../server/protocol';
import type { Segment } from '../../../server/protocol-chart';
import type { TraceState } from '../../../server/trace/events';
import { naiveLocks } from '../../support/naive-locks';
import {
  convoyArbitrary,
  deliverHistory,
  heldOverEnd,
  type LockHistory,
  lockHistoryArbitrary,
} from '../../support/random-locks';

import {
  gilState,
  processState,
  sendCycles,
  type TestCycle,
  threadState,
} from '../../support/random-cycles';

const FACTS = {
  command: ['app.py'],
  startedAt: '2026-01-01T00:00:00.000Z',
  exit: { code: 0, signal: null },
  live: false,
} as const;

function profileOf(history: LockHistory, batchLengths: readonly number[] = []): Profile {
  const engine = createEngine();
  deliverHistory(history, engine, batchLengths);
  return engine.snapshot(history.state, FACTS).profile;
}

/** Rows of locks that were used at all, by the index of the lock. */
function rowsByLock({ locks }: Profile): Map<number, Profile['locks'][number]> {
  return new Map(locks.map((row) => [Number(row.id.split('/').at(-1)), row]));
}

function sortedEntries(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function assertNaive(arbitrary: fc.Arbitrary<LockHistory>, numRuns: number): void {
  fc.assert(
    fc.property(arbitrary, (history) => {
      const profile = profileOf(history);
      const naive = naiveLocks(history);
      const rows = rowsByLock(profile);
      for (const [lock, waitNs] of naive.waitNs.entries()) {
        // Locks of one place that nobody waited for share a row.
        const row = waitNs > 0 ? rows.get(lock) : undefined;
        if (waitNs > 0) assert.ok(row, `lock ${lock} has a row`);
        if (row === undefined) continue;
        assert.deepEqual(
          {
            ...{ waitNs: row.waitNs, holdNs: row.holdNs, handOffNs: row.handoffNs },
            ...{ throughGilNs: row.throughGilNs, throughLockNs: row.throughLockNs },
          },
          {
            ...{ waitNs, holdNs: naive.holdNs[lock], handOffNs: naive.handOffNs[lock] },
            throughGilNs: naive.throughGilNs[lock],
            throughLockNs: naive.throughLockNs[lock],
          },
        );
      }
      const blame = new Map<string, number>();
      for (const row of profile.blame) {
        if (!row.lock.includes('lock')) continue;
        const key = `${row.lock.split('/').at(-1)}|${row.waiter.line}|${row.holder?.line ?? '-'}`;
        blame.set(key, (blame.get(key) ?? 0) + row.ns);
      }
      assert.deepEqual(sortedEntries(blame), sortedEntries(naive.blame));
      assert.deepEqual(
        profile.threads.map((row) => [row.tid, row.lockWaitNs]).filter(([, ns]) => ns !== 0),
        naive.threadWaitNs.map((ns, thread) => [thread + 1, ns]).filter(([, ns]) => ns !== 0),
      );
    }),
    { numRuns },
  );
}

describe('lock analysis', () => {
  for (const [name, arbitrary, numRuns] of [
    ['random histories', lockHistoryArbitrary, 500],
    ['waits over many holds', convoyArbitrary, 60],
  ] as const) {
    it(`agrees with looking at every nanosecond of ${name}`, () => assertNaive(arbitrary, numRuns));
  }

  it('sees through a holder that waited for the GIL, and has it when the program ends', () => {
    const { locks, blame } = profileOf(heldOverEnd());
    assert.deepEqual(
      locks.map((row) => [row.waitNs, row.throughGilNs, row.handoffNs]),
      [[6, 6, 0]],
    );
    const held = blame.filter((row) => row.lock.includes('lock'));
    assert.deepEqual(
      held.map((row) => [row.waiter.line, row.holder?.line, row.ns]),
      [[2, 1, 6]],
    );
  });

  it('keeps the invariants on random histories, also in live views', () => {
    fc.assert(
      fc.property(
        lockHistoryArbitrary,
        fc.array(fc.integer({ min: 1, max: 9 })),
        (history, cuts) => {
          const engine = createEngine();
          deliverHistory(history, engine, cuts, () => {
            const live = engine.snapshot(
              { ...history.state, locks: history.state.locks },
              { ...FACTS, live: true },
            );
            assert.deepEqual(checkInvariants(live.profile), []);
          });
          const { profile } = engine.snapshot(history.state, FACTS);
          assert.deepEqual(checkInvariants(profile), []);
          assert.deepEqual(
            profile.findings.filter(({ rule }) => rule === 'invariant-broken'),
            [],
          );
        },
      ),
    );
  });

  it('does not depend on how the events were cut into batches', () => {
    fc.assert(
      fc.property(
        fc.oneof(lockHistoryArbitrary, convoyArbitrary),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (history, cuts) => {
          assert.deepEqual(profileOf(history, cuts), profileOf(history));
        },
      ),
    );
  });
});

/** The thread that had the lock last before the wait ended, unless it has it still. */
function releaserOf({ moments, state }: LockHistory, lock: number, wait: Segment): number | null {
  const ownerAt = (at: number): number | null => moments[at]?.owners[lock] ?? null;
  for (let at = wait.endNs - 1; at >= wait.startNs; at--) {
    const owner = ownerAt(at);
    if (owner === null) continue;
    const isLast = at === wait.endNs - 1;
    const goesOn = at === moments.length - 1 && state.locks[lock]?.openHold !== null;
    return isLast && (goesOn || ownerAt(wait.endNs) === owner) ? null : owner + 1;
  }
  return null;
}

const lengthOf = ({ startNs, endNs }: { startNs: number; endNs: number }): number =>
  endNs - startNs;

function longestWaits(chart: Chart): Segment[] {
  const found: Segment[] = [];
  for (let wait = chart.longWait(0); wait !== null; wait = chart.longWait(found.length))
    found.push(wait);
  return found;
}

/** A thread that waits for a lock until the end at 1000, and said so at 95. */
function goesOn(cycles: readonly TestCycle[], holds: boolean): Chart {
  const { state } = heldOverEnd();
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine: Engine = createEngine({ listener: timeline });
  sendCycles(cycles, engine);
  const openHold = { thread: 0, waitStartNs: 0, acquiredNs: 0, flags: 0, stack: 1 };
  const openLockWait = { lock: 0, startNs: 95, stack: 2, ownerThread: null };
  const goingOn: TraceState = {
    ...state,
    processes: [processState({ endNs: 1000 })],
    threads: [threadState({ tid: 1, openLockWait })],
    gils: [gilState({ openHold: holds ? openHold : null })],
  };
  return new Chart(engine.snapshot(goingOn, FACTS), timeline, engine.lines, 1, false);
}

describe('locks in the chart', () => {
  it('lists a wait that goes on as one for its lock, from when the thread gave the GIL up', () => {
    // It has the GIL until 100, and says at 95 that it will wait.
    const cycle = { gil: 0, thread: 0, waitStart: 0, flags: 0, switchWaitEnd: 0, stack: 1 };
    const again = { ...cycle, waitStart: 300, acquired: 310, released: 320 };
    for (const cycles of [
      [{ ...cycle, acquired: 0, released: 100 }],
      // It had the GIL in between for a signal: it waits since 95.
      [{ ...cycle, acquired: 0, released: 100 }, again],
      // It has the GIL still.
      [],
    ]) {
      const chart = goesOn(cycles, cycles.length === 0);
      const listed = longestWaits(chart).map(({ state, startNs, endNs, lock, place }) => [
        ...[state, startNs, endNs, lock?.kind, place?.line],
      ]);
      const ended = cycles.length === 2 ? [['waiting', 300, 310, undefined, 1]] : [];
      const startNs = cycles.length === 2 ? 95 : 100;
      const wait = cycles.length === 0 ? [] : [['lock', startNs, 1000, 'Lock', 2]];
      assert.deepEqual(listed, [...wait, ...ended]);
      assert.equal(chart.meta().lanes[0]?.lockWaitNs, wait.length === 0 ? 0 : 1000 - startNs);
      const held = chart.segment({ kind: 'segment', lane: 0, atNs: 97, step: 'at' });
      assert.equal(held?.state, 'holding');
    }
  });

  it('shows each nanosecond of a wait for a lock as such, which it is, and who let go', () => {
    fc.assert(
      fc.property(lockHistoryArbitrary, (history) => {
        const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
        const engine: Engine = createEngine({
          listener: timeline,
          onLockWait: (wait) => timeline.lockWait(wait.thread, wait),
          readSource: () =>
            [1, 2, 3, 4, 5, 6].map((line) => `lock${line} = threading.Lock()`).join('\n'),
        });
        deliverHistory(history, engine, []);
        const made = history.state.locks.map((lock, index) => ({
          ...lock,
          createdStack: index + 1,
        }));
        const chart = new Chart(
          engine.snapshot({ ...history.state, locks: made }, FACTS),
          timeline,
          engine.lines,
          1,
          false,
        );
        const { lanes } = chart.meta();
        const listed = longestWaits(chart);
        assert.deepEqual(
          listed.map(lengthOf),
          listed.map(lengthOf).toSorted((a, b) => b - a),
        );
        const lockNs = listed.filter(({ state }) => state === 'lock').map(lengthOf);
        const isLockWait = ([thread, atNs]: readonly [number, number]): boolean =>
          typeof history.moments[atNs]?.wants[thread] === 'number';
        const expected = lanes.flatMap(({ tid, startNs, endNs }) =>
          Array.from({ length: endNs - startNs }, (_, at) => [tid - 1, startNs + at] as const),
        );
        assert.equal(
          lockNs.reduce((sum, ns) => sum + ns, 0),
          expected.filter(isLockWait).length,
        );
        for (const [lane, row] of lanes.entries()) {
          for (const [atNs, moment] of history.moments.entries()) {
            if (atNs < row.startNs || atNs >= row.endNs) continue;
            const segment = chart.segment({ kind: 'segment', lane, atNs, step: 'at' });
            const wanted = moment.wants[row.tid - 1];
            assert.equal(
              segment?.state === 'lock',
              typeof wanted === 'number',
              `${lane} at ${atNs}`,
            );
            if (segment?.state !== 'lock' || typeof wanted !== 'number') continue;
            const { stacks } = history.state;
            const line = stacks.locations[stacks.locationOf(wanted + 1)]?.line ?? 0;
            assert.deepEqual(segment.lock, { kind: 'Lock', name: `lock${line}` });
            const heldNs = segment.holders.reduce((sum, { ns }) => sum + ns, 0);
            const owned = history.moments
              .slice(segment.startNs, segment.endNs)
              .filter(({ owners }) => owners[wanted] !== null).length;
            assert.equal(heldNs, owned);
            const releaser = lanes[segment.releasedBy?.lane ?? -1]?.tid ?? null;
            assert.equal(releaser, releaserOf(history, wanted, segment));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
