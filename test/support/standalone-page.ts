import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { LEVEL_MIN, LEVEL_OVERVIEW, TILE_LANES, type ChartMeta } from '../../server/protocol-chart';
import type { StandaloneData } from '../../server/protocol-standalone';
import { longestWaits } from './fake-chart';
import { FakeTiles, type FakeRun } from './fake-run';

/** A self-contained page for a made-up run, put together as the protocol says. */
export function standalonePage(run: FakeRun, meta: ChartMeta, distFolder = 'dist'): string {
  const tiles = new FakeTiles(run);
  const levelMax = LEVEL_OVERVIEW + 1;
  const embedded: StandaloneData['tiles'][number][] = [];
  for (let level = LEVEL_MIN; level <= levelMax; level++) {
    for (let index = 0; index < 2 ** (level - LEVEL_MIN); index++) {
      for (let page = 0; page * TILE_LANES < run.lanes.length; page++) {
        const deflated = deflateSync(tiles.tile(level, index, page)).toString('base64');
        embedded.push({ level, index, page, deflated });
      }
    }
  }
  const data: StandaloneData = {
    format: 'gilscope-chart',
    version: 1,
    meta,
    levelMax,
    tiles: embedded,
    longWaits: longestWaits(run),
    answers: {},
  };
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const read = (name: string): string => readFileSync(join(distFolder, name), 'utf8');
  const script = read('standalone.js').replaceAll('</script', '<\\/script');
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>GILscope</title>
<style>${read('standalone.css')}</style></head><body><div id="app"></div>
<script type="application/json" id="gilscope-data">${json}</script><script>${script}</script></body></html>`;
}
