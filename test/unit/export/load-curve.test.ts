import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from '../../../server/profile/export/load-curve';

test('a stretch is split over its bins; before the first and after the last it goes to these', () => {
  const bins = new Float64Array(4);
  spread(bins, 5, 25, 10);
  assert.deepEqual([...bins], [5, 10, 5, 0]);
  spread(bins, 35, 60, 10);
  assert.deepEqual([...bins], [5, 10, 5, 25]);
  // So many bins that nobody could look at each.
  spread(bins, -1e15, 15, 10);
  assert.deepEqual([...bins], [1e15 + 15, 15, 5, 25]);
});
