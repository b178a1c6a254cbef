import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Chart } from '../../../server/profile/chart';
import { createEngine, type Engine } from '../../../server/profile/engine';
import { evidenceOf } from '../../../server/profile/evidence';
import { runAll } from '../../../server/profile/stretches';
import { Timeline } from '../../../server/profile/timeline';
import type { Finding, Profile } from '../../../server/protocol';
import { LOCK_ROW } from '../../../server/trace/events';
import { askChart } from '../../support/ask-chart';
import { deliverHistory, type LockHistory, lockHistoryArbitrary } from '../../support/random-locks';

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
