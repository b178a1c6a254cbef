import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Chart } from '../../../server/profile/chart';
import { createEngine, type Engine } from '../../../server/profile/engine';
import { evidenceOf } from '../../../server/profile/evidence';
import { runAll } from '../../../server/profile/stretches';
import { Timeline } from '../../../server/profile/timeline';
import type { Finding, Profile } from '../../../server/protocol';
import type { BlameSums } from '../../../server/protocol-analysis';
import { LOCK_ROW } from '../../../server/trace/events';
import { askChart } from '../../support/ask-chart';
import { naiveLocks } from '../../support/naive-locks';
import {
  convoyArbitrary,
  deliverHistory,
  heldOverEnd,
  type LockHistory,
  lockHistoryArbitrary,
} from '../../support/random-locks';

const FACTS = {
  ...{ command: ['app.py'], startedAt: '', exit: { code: 0, signal: null }, live: false },
} as const;

interface Charted {
  readonly chart: Chart;
  readonly profile: Profile;
  /** The segment that shows a finding about a lock. */
  readonly evidence: (
    finding: Pick<Finding, 'rule' | 'where' | 'evidence'>,
  ) => ReturnType<Chart['longWait']>;
}

function chartOf(history: LockHistory): Charted {
  const timeline: Timeline = new Timeline((lane) => engine.gilOf(lane));
  const engine: Engine = createEngine({
    listener: timeline,
    onLockWait: (wait) => timeline.lockWait(wait.thread, wait),
  });
  deliverHistory(history, engine, []);
  const snapshot = engine.snapshot(history.state, FACTS);
  const chart = new Chart(snapshot, timeline, engine.lines, 1, false);
  const { groups, ofLock } = snapshot.locks.groups;
  const sources = {
    views: timeline.views(snapshot),
    lines: engine.lines,
    tids: snapshot.profile.threads.map(({ tid }) => tid),
    lockIdOf: (lock: number) => groups[ofLock[lock] ?? -1]?.id ?? null,
  };
  return {
    chart,
    profile: snapshot.profile,
    evidence: (finding) => {
      const found = runAll(evidenceOf(sources, { severity: 'warning', message: '', ...finding }));
      if (found === null) return null;
      const { lane, segment } = found;
      return chart.segment({ kind: 'segment', lane, atNs: segment.startNs, step: 'at' });
    },
  };
}

/** Rows of single locks that were waited for, by the index of the lock. */
function waitedLocks({ locks }: Profile): readonly (readonly [number, string])[] {
  return locks.flatMap(({ id, waitNs }) =>
    waitNs > 0 ? [[Number(id.split('/').at(-1)), id] as const] : [],
  );
}

/** One wait may follow on the other. */
function longestWaitNs(
  { moments, stream, state }: LockHistory,
  thread: number,
  lock: number,
): number {
  const starts = new Set(
    stream.flatMap((item) =>
      'row' in item && item.row.kind === LOCK_ROW.wait && item.row.thread === thread
        ? [item.row.start]
        : [],
    ),
  );
  starts.add(state.threads[thread]?.openLockWait?.startNs ?? -1);
  let [longest, length] = [0, 0];
  for (const [atNs, { wants }] of moments.entries()) {
    if (wants[thread] !== lock || starts.has(atNs)) length = 0;
    if (wants[thread] === lock) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

const less = (a: number, b: number): number => a - b;

/** `lock|waiter|holder` by lines, as the naive sums have them by stacks. */
function lockBlameOf(rows: readonly BlameSums[]): Map<string, number> {
  const blame = new Map<string, number>();
  for (const { lock, waiter, holder, ns } of rows) {
    if (!lock.includes('lock')) continue;
    const key = `${lock.split('/').at(-1)}|${waiter.line}|${holder?.line ?? '-'}`;
    blame.set(key, (blame.get(key) ?? 0) + ns);
  }
  return blame;
}

function sortedEntries(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('locks in a part of a run', () => {
  it('cost what looking at every nanosecond of it says', () => {
    fc.assert(
      fc.property(
        lockHistoryArbitrary,
        fc.nat(200),
        fc.nat(200),
        fc.nat(3),
        (history, a, b, pick) => {
          const { chart, profile } = chartOf(history);
          const { lanes } = chart.meta();
          if (lanes.length === 0) return;
          const [fromNs, toNs] = [Math.min(a, b), Math.min(Math.max(a, b) + 1, profile.wallNs)];
          if (toNs <= fromNs) return;
          const wanted = pick === 3 ? null : [pick % lanes.length];
          const tids = (wanted ?? [...lanes.keys()]).map((lane) => lanes[lane]?.tid ?? 0);
          const { sums } = askChart(chart, {
            kind: 'sums',
            scope: { fromNs, toNs, lanes: wanted },
          });
          for (const [lock, id] of waitedLocks(profile)) {
            let [waitNs, holdNs] = [0, 0];
            for (const moment of history.moments.slice(fromNs, toNs)) {
              waitNs += tids.filter((tid) => moment.wants[tid - 1] === lock).length;
              if (tids.includes((moment.owners[lock] ?? -1) + 1)) holdNs++;
            }
            const row = sums.locks.find((each) => each.lock === id);
            assert.deepEqual([row?.waitNs ?? 0, row?.holdNs ?? 0], [waitNs, holdNs]);
            assert.equal((row?.contended ?? 0) > 0, waitNs > 0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are blamed on whom looking at every nanosecond of it says', () => {
    for (const [arbitrary, numRuns] of [
      [lockHistoryArbitrary, 400],
      [convoyArbitrary, 40],
    ] as const) {
      fc.assert(
        fc.property(arbitrary, fc.nat(1000), fc.nat(1000), fc.nat(4), (history, a, b, pick) => {
          const { chart, profile } = chartOf(history);
          const { lanes } = chart.meta();
          if (lanes.length === 0) return;
          const { wallNs } = profile;
          const [fromNs, toNs] = [a, b].map((at) => Math.floor((at * wallNs) / 1000)).sort(less);
          if (fromNs === undefined || toNs === undefined || toNs <= fromNs) return;
          const wanted = pick >= 3 ? null : [pick % lanes.length];
          const tids = (wanted ?? [...lanes.keys()]).map((lane) => lanes[lane]?.tid ?? 0);
          const moments = history.moments.slice(fromNs, toNs);
          const naive = naiveLocks({ ...history, moments }, (thread) => tids.includes(thread + 1));
          const { sums } = askChart(chart, {
            kind: 'sums',
            scope: { fromNs, toNs, lanes: wanted },
          });
          assert.deepEqual(sortedEntries(lockBlameOf(sums.blame)), sortedEntries(naive.blame));
          assert.equal(sums.locksFolded, false);
        }),
        { numRuns },
      );
    }
  });

  it('count in the curve of those who wait, as the GIL does', () => {
    fc.assert(
      fc.property(lockHistoryArbitrary, fc.integer({ min: 1, max: 9 }), (history, bins) => {
        const { chart, profile } = chartOf(history);
        const { wallNs } = profile;
        if (wallNs < bins) return;
        const toNs = wallNs - (wallNs % bins);
        const { curves } = askChart(chart, { kind: 'curves', fromNs: 0, toNs, bins });
        const binNs = toNs / bins;
        const waiting = curves.queue.map((_, bin) =>
          history.moments
            .slice(bin * binNs, (bin + 1) * binNs)
            .reduce((sum, { wants }) => sum + wants.filter((want) => want !== null).length, 0),
        );
        for (const [bin, sum] of waiting.entries()) {
          const shown = curves.queue[bin] ?? NaN;
          assert.ok(Math.abs(shown - sum / binNs) < 1e-3, `${shown}, not ${sum / binNs}`);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are blamed in a part on whom the table by hand says', () => {
    // From 0 to 8 thread 0 has the GIL at line 1, from 9 to 10 thread 2. Thread 1 has the lock from 0 to 12 at line 3, waits
    // for the GIL until 10. Thread 2 wants the lock at line 2 from 2 to 8.
    const blameOf = (fromNs: number, toNs: number, lanes: number[] | null) =>
      askChart(chartOf(heldOverEnd()).chart, { kind: 'sums', scope: { fromNs, toNs, lanes } })
        .sums.blame.filter(({ lock }) => lock.includes('lock'))
        .map(({ waiter, holder, ns, count }) => [waiter.line, holder?.line, ns, count]);
    assert.deepEqual(blameOf(0, 14, null), [[2, 1, 6, 1]]);
    assert.deepEqual(blameOf(3, 7, null), [[2, 1, 4, 1]]);
    assert.deepEqual(blameOf(7, 14, null), [[2, 1, 1, 1]]);
    assert.deepEqual(blameOf(8, 14, null), []);
    // Whoever waits is in the scope, or it is not.
    assert.deepEqual(
      [0, 1, 2].map((lane) => blameOf(0, 14, [lane]).length),
      [0, 0, 1],
    );
  });

  it('leave the threads that waited for them or had them', () => {
    fc.assert(
      fc.property(lockHistoryArbitrary, (history) => {
        const { chart, profile } = chartOf(history);
        const { lanes } = chart.meta();
        for (const [lock, id] of waitedLocks(profile)) {
          const found = askChart(chart, { kind: 'lanesAt', files: [], locks: [id] }).lanes;
          const hadToDo = ({ tid }: { readonly tid: number }): boolean =>
            history.moments.some(
              ({ owners, wants }) => owners[lock] === tid - 1 || wants[tid - 1] === lock,
            );
          for (const [lane, row] of lanes.entries()) {
            if (hadToDo(row)) assert.ok(found.includes(lane), `${row.tid} had to do with ${id}`);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are shown by a finding about them: by the longest wait for the lock that it names', () => {
    fc.assert(
      fc.property(lockHistoryArbitrary, (history) => {
        const { profile, evidence } = chartOf(history);
        for (const [lock, id] of waitedLocks(profile)) {
          const shown = evidence({ rule: 'lock-convoy', where: null, evidence: { lock: id } });
          assert.equal(shown?.state, 'lock');
          const waits = history.state.threads.map((_, thread) =>
            longestWaitNs(history, thread, lock),
          );
          assert.equal(shown.endNs - shown.startNs, Math.max(...waits));
        }
      }),
      { numRuns: 200 },
    );
  });
});
