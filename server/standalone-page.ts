import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import {
  LEVEL_MIN,
  LEVEL_OVERVIEW,
  TILE_LANES,
  type ChartMeta,
  type ChartRequest,
  type ChartResponse,
  type Segment,
  type StandaloneData,
} from './protocol';

/** Answers the requests of a chart, as the profile's worker does. */
export type AnswerChart = (request: ChartRequest) => Promise<ChartResponse>;

/** Levels are added while the page has no more tiles than this. */
const MAX_TILES = 256;
const LEVEL_LIMIT = 16;
const LONG_WAITS = 100;

const compress = promisify<Buffer, Buffer>(deflate);

/**
 * The self-contained page of a profile: the chart with all it needs, in one file.
 * @param assetFolder Holds `standalone.js` and `standalone.css`.
 * @throws Error with words for the user: there is no profile, or a part of the product is missing.
 */
export async function standalonePage(answer: AnswerChart, assetFolder: string): Promise<string> {
  const [script, style] = await Promise.all(
    ['standalone.js', 'standalone.css'].map((name) => asset(join(assetFolder, name))),
  );
  const data = await collect(answer);
  // A "<" in the data could end its element; in a script or a style sheet only the closing tag can.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(data.meta.title)}</title>
<style>${(style ?? '').replaceAll(/<\/(?=style)/gi, '<\\/')}</style>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="gilscope-data">${json}</script>
<script>${(script ?? '').replaceAll(/<(?=\/script|script|!--)/gi, '\\x3c')}</script>
</body>
</html>
`;
}

async function asset(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(
      `A part of GILscope is missing: ${path}. Install it again, or build it with “npm run build”.`,
      { cause: error },
    );
  }
}

async function collect(answer: AnswerChart): Promise<StandaloneData> {
  const response = await answer({ kind: 'meta' });
  const meta = response.kind === 'meta' ? response.meta : null;
  if (meta === null) throw new Error('There is no profile to write a page of.');
  const pages = Math.max(1, Math.ceil(meta.lanes.length / TILE_LANES));
  const levelMax = levelFor(pages);
  return {
    format: 'gilscope-chart',
    version: 1,
    meta,
    levelMax,
    tiles: await tiles(answer, levelMax, pages),
    longWaits: await longWaits(answer, meta),
  };
}

/** The finest level for which the tiles of it and all above are few enough. */
function levelFor(pages: number): number {
  let level = LEVEL_OVERVIEW;
  const tilesTo = (max: number): number => (2 ** (max - LEVEL_MIN + 1) - 1) * pages;
  while (level < LEVEL_LIMIT && tilesTo(level + 1) <= MAX_TILES) level++;
  return level;
}

async function tiles(
  answer: AnswerChart,
  levelMax: number,
  pages: number,
): Promise<StandaloneData['tiles']> {
  const found: StandaloneData['tiles'][number][] = [];
  for (let level = LEVEL_MIN; level <= levelMax; level++) {
    for (let index = 0; index < 2 ** (level - LEVEL_MIN); index++) {
      for (let page = 0; page < pages; page++) {
        const response = await answer({ kind: 'tile', level, index, page });
        const bytes = Buffer.from(response.kind === 'tile' ? response.base64 : '', 'base64');
        if (bytes.every((byte) => byte === 0)) continue;
        const deflated = (await compress(bytes)).toString('base64');
        found.push({ level, index, page, deflated });
      }
    }
  }
  return found;
}

async function longWaits(answer: AnswerChart, { lanes }: ChartMeta): Promise<Segment[]> {
  const found: Segment[] = [];
  while (lanes.length > 0 && found.length < LONG_WAITS) {
    const response = await answer({ kind: 'longWait', rank: found.length });
    const segment = response.kind === 'segment' ? response.segment : null;
    if (segment === null) break;
    found.push(segment);
  }
  return found;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
