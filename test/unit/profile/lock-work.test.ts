/** Which waits for locks are waits for work, by the stacks of Python's library. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workOfStack } from '../../../server/profile/lock-work';
import { stackTable } from '../../support/random-cycles';

const LIB = '/usr/lib/python3.12/multiprocessing';
const ENTER = [`${LIB}/synchronize.py`, 'SemLock.__enter__'] as const;

/** From the outermost frame to the innermost. */
function workOf(...frames: readonly (readonly [file: string, name: string])[]): string | null {
  const places = frames.map(([file, name], at) => ({ file, line: at + 1, function: name }));
  const rows = frames.map((_, at) => [at, at] as const);
  return workOfStack(stackTable(places, rows), frames.length);
}

test('workers that queue to read what there is to do have none', () => {
  const worker = [`${LIB}/pool.py`, 'worker'] as const;
  assert.equal(workOf(worker, [`${LIB}/queues.py`, 'SimpleQueue.get'], ENTER), 'Queue');
  assert.equal(workOf(worker, [`${LIB}/queues.py`, 'get'], [ENTER[0], '__enter__']), 'Queue');
  // With a time limit it takes the lock itself.
  assert.equal(workOf(['/app.py', 'main'], [`${LIB}/queues.py`, 'Queue.get']), 'Queue');
});

test('writers contend, and so does who takes a lock of his own', () => {
  assert.equal(workOf(['/app.py', 'main'], [`${LIB}/queues.py`, 'SimpleQueue.put'], ENTER), null);
  assert.equal(workOf(['/app.py', 'get'], ENTER), null);
  assert.equal(workOf(ENTER), null);
});
