import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChartPlaces } from '../../../extension/chart-places';
import type { LockRow } from '../../../server/protocol';
import { fakeMeta } from '../../support/fake-chart';
import { randomRun } from '../../support/fake-run';

const LOCK = {
  id: 'lock 1',
  kind: 'Lock',
  name: 'shelf',
  createdAt: { file: '/app/shelves.py', line: 5 },
} as LockRow;

describe('the places that the chart may open', () => {
  const run = randomRun(2, 20, 1);

  it('are those of the lines and those where locks were made, of this profile alone', () => {
    const places = new ChartPlaces();
    const meta = fakeMeta(run, { locks: [LOCK] });
    const [line] = meta.lines;
    assert.ok(line);
    places.reset(meta);
    assert.ok(places.has(line.file, line.line));
    assert.ok(places.has('/app/shelves.py', 5));
    assert.ok(!places.has('/app/shelves.py', 6));
    places.reset(fakeMeta(run));
    assert.ok(!places.has('/app/shelves.py', 5));
  });
});
