/** Pairs of waiters and holders come out of a page's message as they went in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unpackBlame } from '../../../extension/unpack-blame';
import { packBlame } from '../../../server/profile/pack-blame';

const PLAIN = { noNullPrototype: true };
const place = fc.record(
  {
    file: fc.constantFrom('/a.py', '/b c.py', '1 f'),
    line: fc.nat(3),
    function: fc.constantFrom('f', '/a.py', '<module>'),
  },
  PLAIN,
);
const row = fc.record(
  {
    lock: fc.constantFrom('12/0', '12/1', 'lock:7'),
    waiter: place,
    holder: fc.option(place),
    ns: fc.nat(),
    count: fc.nat(),
    maxNs: fc.nat(),
  },
  PLAIN,
);

describe('packed blame', () => {
  it('is the same rows again', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        assert.deepEqual(unpackBlame(packBlame(rows)), rows);
      }),
    );
  });

  it('leaves out what names nothing', () => {
    const places = [{ file: '/a.py', line: 1, function: 'f' }];
    const numbers = [0, 1, 0, 5, 1, 5, 0, -1, 0, 7, 1, 7, 0, -1, 3, 9, 1, 9, 0];
    const rows = unpackBlame({ places, locks: ['12/0'], numbers });
    assert.deepEqual(
      rows.map(({ ns }) => ns),
      [7],
    );
  });
});
