import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TileStore, type TileAddress } from '../../../extension/chart/tile-store';

const WALL = 1e9;

function setUp(): { store: TileStore; asked: TileAddress[]; pass: (ms: number) => void } {
  const asked: TileAddress[] = [];
  let nowMs = 0;
  const store = new TileStore(
    (tile) => asked.push(tile),
    () => nowMs,
  );
  store.advance(1, WALL, false);
  return { store, asked, pass: (ms) => (nowMs += ms) };
}

const at = (level: number, index: number): TileAddress => ({ level, index, page: 0 });
const answer = (tile: TileAddress, revision = 1, mark = 0) => ({
  ...tile,
  revision,
  data: Uint8Array.of(mark),
});

describe('tiles of the chart', () => {
  it('asks for at most four at a time, in the order of the wishes', () => {
    const { store, asked } = setUp();
    store.want([0, 1, 2, 3, 4, 5].map((index) => at(12, index)));
    assert.deepEqual(
      asked.map(({ index }) => index),
      [0, 1, 2, 3],
    );
    store.receive(answer(at(12, 1)));
    assert.equal(asked.at(-1)?.index, 4);
  });

  it('drops wishes that the newest picture no longer has', () => {
    const { store, asked } = setUp();
    store.want([0, 1, 2, 3, 4, 5].map((index) => at(12, index)));
    store.want([at(14, 9)]);
    store.receive(answer(at(12, 0)));
    assert.deepEqual(asked.at(-1), at(14, 9));
    store.receive(answer(at(12, 1)));
    assert.equal(asked.length, 5);
  });

  it('asks once, and again when the answer was lost', () => {
    const { store, asked, pass } = setUp();
    store.want([at(12, 0)]);
    store.want([at(12, 0)]);
    assert.equal(asked.length, 1);
    pass(6000);
    store.want([at(12, 0)]);
    assert.equal(asked.length, 2);
  });

  it('finds the level itself, else the next finer, else a coarser one', () => {
    const { store } = setUp();
    store.receive(answer(at(9, 0), 1, 9));
    assert.deepEqual(store.find(0, 1, 12)?.data, Uint8Array.of(9));
    store.receive(answer(at(11, 0), 1, 11));
    assert.deepEqual(store.find(0, 1, 12)?.data, Uint8Array.of(11));
    store.receive(answer(at(13, 0), 1, 13));
    assert.equal(store.find(0, 1, 12)?.exact, false);
    assert.deepEqual(store.find(0, 1, 12)?.data, Uint8Array.of(13));
    store.receive(answer(at(12, 0), 1, 12));
    assert.equal(store.find(0, 1, 12)?.exact, true);
    assert.deepEqual(store.find(0, 1, 12)?.data, Uint8Array.of(12));
  });

  it('keeps 64 tiles, and those that were used last', () => {
    const { store } = setUp();
    for (let index = 0; index < 64; index++) store.receive(answer(at(20, index)));
    const tileNs = (WALL / 2 ** 20) * 512;
    assert.ok(store.find(0, 0, 20));
    store.receive(answer(at(20, 300)));
    assert.equal(store.size, 64);
    assert.ok(store.find(0, 0, 20), 'used a moment ago');
    assert.equal(store.find(0, tileNs * 1.5, 20), null, 'not used since it came');
  });

  it('keeps no more than the last picture needs once nothing moves', () => {
    const { store } = setUp();
    for (let index = 0; index < 64; index++) store.receive(answer(at(20, index)));
    const tileNs = (WALL / 2 ** 20) * 512;
    const picture = Array.from({ length: 16 }, (_, index) => (index + 0.5) * tileNs);
    for (const timeNs of picture) assert.ok(store.find(0, timeNs, 20));
    store.rest();
    assert.ok(store.size < 32);
    for (const timeNs of picture) assert.equal(store.find(0, timeNs, 20)?.exact, true);
  });

  it('draws older tiles at their own times until those of the new revision come', () => {
    const { store, asked } = setUp();
    store.receive(answer(at(9, 0), 1, 1));
    store.advance(2, 2 * WALL, true);
    const old = store.find(0, WALL / 2, 9);
    assert.equal(old?.exact, false);
    assert.equal(old.binNs, WALL / 512);
    assert.equal(store.find(0, 1.5 * WALL, 9), null, 'the older revision ended before');
    store.want([at(9, 0)]);
    assert.equal(asked.length, 1);
    store.receive(answer(at(9, 0), 2, 2));
    assert.equal(store.find(0, WALL / 2, 9)?.exact, true);
  });

  it('uses a tile that came before its revision was announced', () => {
    const { store } = setUp();
    store.receive(answer(at(9, 0), 2, 2));
    assert.equal(store.find(0, 1, 9), null);
    store.advance(2, WALL, true);
    assert.equal(store.find(0, 1, 9)?.exact, true);
  });

  it('does not ask on and on for a tile that comes in another revision', () => {
    const { store, asked, pass } = setUp();
    store.want([at(9, 0)]);
    for (let round = 0; round < 5; round++) {
      store.receive(answer(at(9, 0), 2, 2));
      store.want([at(9, 0)]);
    }
    assert.equal(asked.length, 1);
    assert.ok(store.waiting, 'and does not forget it');
    pass(1500);
    store.want([at(9, 0)]);
    assert.equal(asked.length, 2);
  });

  it('forgets everything when lanes are other lanes', () => {
    const { store } = setUp();
    store.receive(answer(at(9, 0)));
    store.advance(2, WALL, false);
    assert.equal(store.find(0, 1, 9), null);
  });
});
