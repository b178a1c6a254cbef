import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Overview } from '../../../extension/chart/overview';
import { FakeTiles, randomRun } from '../../support/fake-run';

describe('overview', () => {
  it('sums all lanes in each bin', () => {
    const run = randomRun(70, 3000, 5);
    const tiles = new FakeTiles(run);
    const overview = new Overview();
    overview.resize(70, false);
    for (const tile of overview.missing(1)) {
      const data = tiles.tile(tile.level, tile.index, tile.page);
      assert.ok(overview.receive({ ...tile, revision: 1, data }));
    }
    assert.equal(overview.missing(1).length, 0);
    const binNs = run.wallNs / overview.binCount;
    for (const bin of [0, 511, 512, 1300, 2047]) {
      const sums = [0, 0, 0, 0];
      for (const { edges, states } of run.lanes) {
        states.forEach((state, index) => {
          const from = Math.max(edges[index] ?? 0, bin * binNs);
          const to = Math.min(edges[index + 1] ?? 0, (bin + 1) * binNs);
          if (to > from) sums[state] = (sums[state] ?? 0) + (to - from) / binNs;
        });
      }
      const { hold, wait, lock } = overview.peak(bin, bin + 1);
      const errors = [hold - (sums[0] ?? 0), wait - (sums[1] ?? 0), lock - (sums[3] ?? 0)];
      for (const error of errors)
        assert.ok(Math.abs(error) < (70 * 1) / 255, `bin ${bin}: ${error}`);
    }
  });

  it('asks anew for a new revision and shows the old one until then', () => {
    const run = randomRun(3, 300, 6);
    const tiles = new FakeTiles(run);
    const overview = new Overview();
    overview.resize(3, false);
    for (const tile of overview.missing(1)) {
      overview.receive({ ...tile, revision: 1, data: tiles.tile(tile.level, tile.index, 0) });
    }
    const before = overview.peak(0, 2048);
    overview.resize(3, true);
    assert.equal(overview.missing(2).length, 4);
    assert.deepEqual(overview.peak(0, 2048), before);
    overview.resize(3, false);
    assert.equal(overview.peak(0, 2048).hold, 0);
  });
});
