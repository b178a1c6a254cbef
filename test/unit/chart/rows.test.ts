import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lane } from '../../../server/protocol-chart';
import { buildRows, distinctions, neighbourLane, rowOfLane } from '../../../extension/chart/rows';
import { sortRows, virtualWindow } from '../../../extension/chart/virtual';

const lane = (pid: number, tid: number, name: string, interpreter = 0): Lane => ({
  pid,
  tid,
  name,
  gil: `${pid}/${interpreter}`,
  startNs: 0,
  endNs: 1,
  holdNs: 0,
  waitNs: 0,
  offNs: 0,
  lockWaitNs: 0,
  blocksNs: 0,
});

describe('rows of the timeline', () => {
  const lanes = [lane(1, 1, 'MainThread'), lane(2, 2, 'MainThread'), lane(1, 3, 'worker')];

  it('are grouped by process, with headings where there are several', () => {
    assert.deepEqual(buildRows(lanes), [
      { kind: 'process', id: '1' },
      { kind: 'lane', lane: 0 },
      { kind: 'lane', lane: 2 },
      { kind: 'process', id: '2' },
      { kind: 'lane', lane: 1 },
    ]);
    assert.deepEqual(buildRows([lane(1, 1, 'MainThread')]), [{ kind: 'lane', lane: 0 }]);
  });

  it('are grouped by program where a process became another one', () => {
    const executed = { ...lane(1, 1, 'MainThread'), gil: '1-1/0' };
    const programs = [lane(1, 1, 'MainThread'), executed, lane(1, 3, 'worker')];
    assert.deepEqual(buildRows(programs), [
      { kind: 'process', id: '1' },
      { kind: 'lane', lane: 0 },
      { kind: 'lane', lane: 2 },
      { kind: 'process', id: '1-1' },
      { kind: 'lane', lane: 1 },
    ]);
    assert.ok(distinctions(programs).every(({ tid, gil }) => !tid && !gil));
  });

  it('are those that are wanted, the costliest first if so asked', () => {
    const costs = lanes.map((each, index) => ({ ...each, waitNs: [5, 9, 7][index] ?? 0 }));
    assert.deepEqual(buildRows(costs, 'wait'), [
      { kind: 'process', id: '2' },
      { kind: 'lane', lane: 1 },
      { kind: 'process', id: '1' },
      { kind: 'lane', lane: 2 },
      { kind: 'lane', lane: 0 },
    ]);
    assert.deepEqual(buildRows(costs, 'start', [2]), [
      { kind: 'process', id: '1' },
      { kind: 'lane', lane: 2 },
    ]);
    assert.deepEqual(buildRows(costs, 'blocks', []), []);
  });

  it('are walked from lane to lane, over headings, to the ends', () => {
    const rows = buildRows(lanes);
    assert.equal(rowOfLane(rows, 2), 2);
    assert.equal(neighbourLane(rows, 2, 1), 1);
    assert.equal(neighbourLane(rows, 1, -1), 2);
    assert.equal(neighbourLane(rows, 1, 1), 1);
    assert.equal(neighbourLane(rows, 0, -1), 0);
  });

  it('say which names need a thread id or an interpreter beside them', () => {
    const distinct = distinctions([
      lane(1, 1, 'MainThread'),
      lane(1, 2, 'worker'),
      lane(1, 3, 'worker'),
      lane(1, 4, 'switcher'),
      lane(1, 4, 'switcher', 1),
      lane(2, 5, 'MainThread'),
      lane(1, 6, ''),
      lane(1, 7, ''),
    ]);
    const tid = distinct.map((each) => each.tid);
    const gil = distinct.map((each) => each.gil);
    assert.deepEqual(tid, [false, true, true, false, false, false, false, false]);
    assert.deepEqual(gil, [false, false, false, true, true, false, false, false]);
  });
});

describe('rows of a table', () => {
  it('are all there up to 100', () => {
    assert.deepEqual(virtualWindow(100, 24, 9000, 300), {
      first: 0,
      last: 100,
      before: 0,
      after: 0,
    });
  });

  it('are those in sight of a longer one, and room for the others', () => {
    const count = 100_000;
    for (const top of [0, 12_345, 24 * count - 300, 24 * count * 2]) {
      const part = virtualWindow(count, 24, top, 300);
      assert.ok(part.last - part.first < 100);
      assert.equal(part.before + part.after + (part.last - part.first) * 24, count * 24);
      if (top < 24 * count) {
        assert.ok(part.before <= top && part.last * 24 >= Math.min(top + 300, count * 24));
      }
    }
  });

  it('sort numbers as numbers, names with their numbers in order, equals as they were', () => {
    const rows = ['a', 'b', 'c', 'd'].map((id, index) => ({ id, n: [2, 10, 2, 1][index] ?? 0 }));
    const ids = (sorted: readonly { id: string }[]): string => sorted.map(({ id }) => id).join('');
    assert.equal(ids(sortRows(rows, ({ n }) => n, 'descending')), 'bacd');
    assert.equal(ids(sortRows(rows, ({ n }) => n, 'ascending')), 'dacb');
    const places = ['a.py:10', 'a.py:9'];
    assert.deepEqual(
      sortRows(places, (text) => text, 'ascending'),
      ['a.py:9', 'a.py:10'],
    );
  });
});
