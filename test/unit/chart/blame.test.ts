import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildMatrix, lockNames } from '../../../extension/chart/blame';
import type { BlameRow, GilRow, LockRow, Place } from '../../../server/protocol';

const place = (line: number): Place => ({ file: '/a.py', line, function: 'f' });
const row = (waiter: number, holder: number | null, ns: number): BlameRow => ({
  lock: '1/0',
  waiter: place(waiter),
  holder: holder === null ? null : place(holder),
  ns,
  count: 1,
  maxNs: ns,
});

const NONE: ReadonlySet<string> = new Set();

describe('blame matrix', () => {
  it('keeps apart that nobody had a lock, and that nobody knows', () => {
    const inside = { ...row(1, null, 30), lock: 'object/dict' };
    const { holders, cells } = buildMatrix([row(1, null, 10), inside], 30, new Set([inside.lock]));
    assert.deepEqual(holders, [{ kind: 'unknown' }, { kind: 'handoff' }]);
    assert.deepEqual(
      cells.map((line) => line.map((cell) => cell?.ns)),
      [[30, 10]],
    );
  });

  it('has waiters as rows and holders as columns, the costliest first', () => {
    const matrix = buildMatrix([row(1, 2, 10), row(3, null, 50), row(1, null, 5)], 30, NONE);
    assert.deepEqual(matrix.waiters, [
      { kind: 'place', place: place(3) },
      { kind: 'place', place: place(1) },
    ]);
    assert.deepEqual(matrix.holders, [{ kind: 'handoff' }, { kind: 'place', place: place(2) }]);
    assert.deepEqual(matrix.cells, [
      [{ ns: 50, count: 1, maxNs: 50, locks: ['1/0'] }, null],
      [
        { ns: 5, count: 1, maxNs: 5, locks: ['1/0'] },
        { ns: 10, count: 1, maxNs: 10, locks: ['1/0'] },
      ],
    ]);
    assert.equal(matrix.largestNs, 50);
  });

  it('names what was waited for: the GIL, of several which, and each lock', () => {
    const both = [row(1, 2, 10), { ...row(1, 2, 30), lock: '1/lock/4' }, row(1, 2, 5)];
    const { cells } = buildMatrix(both, 30, NONE);
    assert.deepEqual(cells, [[{ ns: 45, count: 3, maxNs: null, locks: ['1/0', '1/lock/4'] }]]);
    const gil = (id: string) => ({ id }) as GilRow;
    const lock = (id: string, name: string | null, line: number) =>
      ({ id, kind: 'Lock', name, createdAt: { file: '/app/a.py', line } }) as LockRow;
    const locks = [lock('l1', 'CACHE', 3), lock('l2', null, 7), lock('l3', null, 0)];
    assert.deepEqual(
      [...lockNames(locks, [gil('1/0')])],
      [
        ['1/0', 'GIL'],
        ['l1', 'CACHE'],
        ['l2', 'Lock a.py:7'],
        ['l3', 'Lock'],
      ],
    );
    const names = lockNames([], [gil('1/0'), gil('1/1')]);
    assert.deepEqual([...names.values()], ['GIL 1/0', 'GIL 1/1']);
  });

  it('sums up the rest as others, and loses nothing', () => {
    const rows = fc.array(
      fc
        .tuple(fc.nat(40), fc.option(fc.nat(40)), fc.integer({ min: 1, max: 1e6 }))
        .map(([waiter, holder, ns]) => row(waiter, holder, ns)),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 30 }), (blame, limit) => {
        const { waiters, holders, cells } = buildMatrix(blame, limit, NONE);
        assert.ok(waiters.length <= limit && holders.length <= limit);
        const total = cells.flat().reduce((sum, cell) => sum + (cell?.ns ?? 0), 0);
        assert.equal(
          total,
          blame.reduce((sum, { ns }) => sum + ns, 0),
        );
        const distinct = new Set(blame.map(({ waiter }) => waiter.line)).size;
        assert.equal(waiters.at(-1)?.kind === 'others', distinct > limit);
      }),
    );
  });
});
