import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  both,
  isEmpty,
  isFileWanted,
  lanesByName,
  parseFilter,
} from '../../../extension/chart/filter';
import type { ProcessRow } from '../../../server/protocol';
import type { Lane } from '../../../server/protocol-chart';

function lane(pid: number, tid: number, name: string): Lane {
  const none = { startNs: 0, endNs: 0, holdNs: 0, waitNs: 0, offNs: 0, lockWaitNs: 0, blocksNs: 0 };
  return { pid, tid, name, gil: `${pid}/0`, ...none };
}

const LANES = [lane(7, 7, 'MainThread'), lane(7, 8, 'Reader'), lane(9, 9, 'MainThread')];
const PROCESSES = [
  { pid: 7, argv: ['server.py'] },
  { pid: 9, argv: ['worker.py', '--fast'] },
] as unknown as readonly ProcessRow[];

function find(text: string): readonly number[] | null {
  return lanesByName(parseFilter(text), LANES, PROCESSES);
}

describe('filter', () => {
  it('reads words, kinds and quotes', () => {
    assert.deepEqual(parseFilter('Fast thread:"A b" file:x.py lock:Queue process:9 c:d'), {
      words: ['fast', 'c:d'],
      threads: ['a b'],
      processes: ['9'],
      files: ['x.py'],
      locks: ['queue'],
    });
    assert.ok(isEmpty(parseFilter('  ')));
    assert.ok(isEmpty(parseFilter('thread:')));
  });

  it('finds lanes by thread, tid, process and program', () => {
    assert.equal(find(''), null);
    assert.equal(find('file:a.py'), null, 'the server knows files');
    assert.deepEqual(find('main'), [0, 2]);
    assert.deepEqual(find('main worker.py'), [2]);
    assert.deepEqual(find('thread:reader'), [1]);
    assert.deepEqual(find('thread:worker'), [], 'that is a process');
    assert.deepEqual(find('process:7'), [0, 1]);
    assert.deepEqual(find('process:7 process:fast'), [0, 1, 2]);
    assert.deepEqual(find('thread:8'), [1]);
  });

  it('finds the lanes of a program, not those of the one that it took the place of', () => {
    const lanes = [lane(7, 7, 'MainThread'), { ...lane(7, 7, 'MainThread'), gil: '7-1/0' }];
    const processes = ['launch.py', 'app.py'].map((script) => ({ pid: 7, argv: [script] }));
    const lanesOf = (text: string): readonly number[] | null =>
      lanesByName(parseFilter(text), lanes, processes as unknown as readonly ProcessRow[]);
    assert.deepEqual(lanesOf('process:launch'), [0]);
    assert.deepEqual(lanesOf('app.py'), [1]);
    assert.deepEqual(lanesOf('process:7'), [0, 1]);
  });

  it('joins what two filters leave', () => {
    assert.deepEqual(both([1, 2, 3], [3, 1]), [1, 3]);
    assert.deepEqual([both(null, [1]), both([2], null), both(null, null)], [[1], [2], null]);
  });

  it('knows the files that are wanted', () => {
    assert.ok(isFileWanted(parseFilter('file:SHOP/a'), '/home/shop/a.py'));
    assert.ok(!isFileWanted(parseFilter('file:b.py'), '/home/shop/a.py'));
    assert.ok(isFileWanted(parseFilter('x'), '/any.py'));
  });
});
