/** Locks in the export for Perfetto, also of a program without a GIL. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ExportData } from '../../../server/profile/export/export-data';
import { LOCK_FLAG, LOCK_ROW, type TraceState } from '../../../server/trace/events';
import { exportDataFrom, exported } from '../../support/export-data';
import { naiveLocks } from '../../support/naive-locks';
import { readPerfetto } from '../../support/perfetto-trace';
import { processState, stackTable, threadState } from '../../support/random-cycles';
import {
  deliverHistory,
  lockHistoryArbitrary,
  lockState,
  sendLocks,
} from '../../support/random-locks';

const WITHOUT_GIL: TraceState = {
  processes: [processState({ freeThreaded: true, gilSeen: false, gilEnabled: false, endNs: 100 })],
  threads: ['first', 'second'].map((name, at) => threadState({ tid: at + 1, name })),
  gils: [],
  locks: [lockState({ contended: 1 })],
  aggregates: [],
  stacks: stackTable(
    [1, 2].map((line) => ({ file: '/a.py', line, function: 'f' })),
    [
      [0, 0],
      [0, 1],
    ],
  ),
};

/** The first has the lock at line 1 from 10 to 40, the second waits for it at line 2 since 20 and has it until 70. */
function withoutGil(): ExportData {
  return exportDataFrom(WITHOUT_GIL, (sink) => {
    sendLocks(
      [
        { kind: LOCK_ROW.hold, lock: 0, thread: 0, start: 10, end: 40, stack: 1 },
        {
          ...{ kind: LOCK_ROW.wait, lock: 0, thread: 1, start: 20, end: 40, stack: 2 },
          flags: LOCK_FLAG.acquired,
        },
        { kind: LOCK_ROW.hold, lock: 0, thread: 1, start: 40, end: 70, stack: 2 },
      ],
      sink,
      WITHOUT_GIL,
      -1,
    );
  });
}

describe('Perfetto export of locks', () => {
  it('shows threads without a GIL, their waits for locks, and who had these', () => {
    const { tracks, slices, instants, counters } = readPerfetto(
      exported(withoutGil(), 'perfetto').bytes,
    );
    const nameOf = (id: number): string => {
      const track = tracks.find((each) => each.id === id);
      return track?.thread?.name ?? track?.name ?? '';
    };
    const shown = slices.map(({ track, name, startNs, endNs, lock, line }) =>
      [nameOf(track), name, startNs, endNs, lock, line].join(' '),
    );
    assert.deepEqual(shown.sort(), [
      'Lock held by first 10 40  1',
      'Lock held by second 40 70  2',
      'first running or off 0 100  0',
      'second lock 20 40 Lock 2',
      'second running or off 0 20  0',
      'second running or off 40 100  0',
    ]);
    assert.deepEqual(instants, ['no GIL']);
    assert.equal(counters.size, 0);
  });

  it('has the waits of each thread and the holds of each lock that was waited for', () => {
    fc.assert(
      fc.property(lockHistoryArbitrary, (history) => {
        const data = exportDataFrom(history.state, (sink) => {
          deliverHistory(history, sink, []);
        });
        const naive = naiveLocks(history);
        const { tracks, slices } = readPerfetto(exported(data, 'perfetto').bytes);
        const sumOf = (track: number, isWanted: (name: string) => boolean): number =>
          slices
            .filter((slice) => slice.track === track && isWanted(slice.name))
            .reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
        for (const { id, thread } of tracks) {
          if (thread === null) continue;
          const waitedNs = sumOf(id, (name) => name === 'lock');
          assert.equal(waitedNs, naive.threadWaitNs[thread.tid - 1]);
        }
        const ofLocks = tracks.filter(({ name }) => name.startsWith('Lock'));
        const heldNs = naive.holdNs.filter((ns, lock) => ns > 0 && (naive.waitNs[lock] ?? 0) > 0);
        assert.deepEqual(
          ofLocks.map(({ id }) => sumOf(id, (name) => name.startsWith('held by '))).sort(),
          heldNs.sort(),
        );
      }),
      { numRuns: 200 },
    );
  });
});
