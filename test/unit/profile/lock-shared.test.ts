import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedLocks } from '../../../server/profile/lock-shared';
import type { TraceState } from '../../../server/trace/events';
import { processState, stackTable } from '../../support/random-cycles';
import { lockState } from '../../support/random-locks';

type Given = readonly [process: number, typeName: string, createdStack: number, gone?: boolean];

/** Process 1 is a child of process 0, process 2 one of process 1, process 3 another of process 0. */
function sharedOf(locks: readonly Given[]): SharedLocks {
  const parents = [1, 100, 101, 100];
  const state: Pick<TraceState, 'processes' | 'locks' | 'gils'> = {
    processes: parents.map((parentPid, at) =>
      processState({ pid: 100 + at, parentPid, startNs: at * 1000 }),
    ),
    locks: locks.map(([process, typeName, createdStack, gone = false]) =>
      lockState({ kind: 'SemLock', process, typeName, createdStack, gone }),
    ),
    gils: [],
  };
  return new SharedLocks({ ...state, threads: [], aggregates: [], stacks: stackTable([], []) });
}

const groups = (locks: readonly Given[]) => {
  const shared = sharedOf(locks);
  return locks.map((_, lock) => shared.membersOf(lock));
};

test('a semaphore with a name is one in all processes, made in the first', () => {
  const shared = sharedOf([
    [3, 'mutex /mp-a', 0],
    [0, 'mutex /mp-a', 7],
    [1, 'mutex /mp-b', 7],
  ]);
  assert.deepEqual(
    [0, 1, 2].map((lock) => shared.firstOf(lock)),
    [1, 1, 2],
  );
  assert.deepEqual(shared.membersOf(0), [0, 1]);
});

test('a place in memory is inherited from the nearest process that made a semaphore there', () => {
  assert.deepEqual(
    groups([
      [0, 'mutex @10', 5],
      [1, 'mutex @10', 0],
      [2, 'mutex @10', 0],
      [3, 'mutex @10', 6],
    ]),
    [[0, 1, 2], [0, 1, 2], [0, 1, 2], [3]],
  );
});

test('of several at one place, that which is not gone', () => {
  assert.deepEqual(
    groups([
      [0, 'mutex @10', 5, true],
      [0, 'mutex @10', 6],
      [0, 'mutex @10', 7, true],
      [1, 'mutex @10', 0],
    ]),
    [[0], [1, 3], [2], [1, 3]],
  );
});

test('locks of threads are each their own', () => {
  const shared = sharedOf([
    [0, '', 5],
    [1, '', 0],
  ]);
  assert.deepEqual([shared.membersOf(0), shared.membersOf(1)], [[0], [1]]);
});
