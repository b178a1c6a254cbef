import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NativeLanes } from '../../../extension/chart/native-lanes';
import { planPage } from '../../../extension/chart/tile-plan';
import { TileStore } from '../../../extension/chart/tile-store';
import { TILE_BINS, TILE_LANES, TILE_STATE_BYTES } from '../../../server/protocol-chart';

const WALL = 1e9;
const TILE_BYTES = TILE_STATE_BYTES + TILE_LANES * TILE_BINS;
/** As many pixels as a tile of level 9 has bins: the whole run. */
const VIEW = { t0: 0, t1: WALL };

/** What is missing of the whole run at a level, where only the tile of level 9 is there. */
function missingAt(level: number, { slack, revision = 1 }: { slack: number; revision?: number }) {
  const store = new TileStore(
    () => undefined,
    () => 0,
  );
  store.advance(1, WALL, false);
  store.receive({ level: 9, index: 0, page: 0, revision: 1, data: new Uint8Array(TILE_BYTES) });
  if (revision > 1) store.advance(revision, WALL, true);
  const width = TILE_BINS * 2 ** (level - 9);
  return planPage(store, 0, VIEW, WALL, level, width, slack).missing;
}

describe('tiles that a picture misses', () => {
  it('are, while it moves, not those whose bins are at hand at half the resolution', () => {
    assert.deepEqual(missingAt(9, { slack: 1 }), []);
    assert.equal(missingAt(10, { slack: 1 }).length, 2);
    assert.deepEqual(missingAt(10, { slack: 2 }), []);
    assert.equal(missingAt(11, { slack: 2 }).length, 4);
    assert.equal(missingAt(10, { slack: 2, revision: 2 }).length, 2, 'a live run has grown');
  });
});

describe('native code in a tile', () => {
  it('is looked for in each lane by itself', () => {
    const data = new Uint8Array(TILE_BYTES);
    data[TILE_STATE_BYTES + 5 * TILE_BINS + 511] = 1;
    const lanes = new NativeLanes();
    const found = [4, 5, 6, 5, 4].map((lane) => lanes.has(data, lane));
    assert.deepEqual(found, [false, true, false, true, false]);
  });
});
