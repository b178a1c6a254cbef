import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Finding } from '../protocol';
import {
  LEVEL_MIN,
  LEVEL_OVERVIEW,
  TILE_LANES,
  type ChartMeta,
  type ChartRequest,
  type ChartResponse,
  type Segment,
} from '../protocol-chart';
import { FLAME_COSTS, type AnalysisQuestion } from '../protocol-analysis';
import { standaloneKey, type StandaloneData } from '../protocol-standalone';
import { ToolFault } from './tool-fault';

/** Answers a question of the chart. */
export type Ask = (request: ChartRequest) => ChartResponse | Promise<ChartResponse>;
type Tile = StandaloneData['tiles'][number];

/** Finer levels are added while the page stays below this. */
const TILE_BYTES_WANTED = 4 << 20;
const LEVEL_LIMIT = 16;
const FINEST_BIN_NS = 1000;
const LONG_WAITS = 100;
const CURVE_BINS = 2048;
/** Segments in the page in all, and of one lane. */
const SEGMENTS = 8000;
const SEGMENTS_OF_LANE = 200;
/** Shorter idle time is not collapsed, as in the chart. */
const IDLE_SHARE = 1 / 100;

/**
 * Collects what the self-contained page shows.
 * @param ask Answers the chart's questions about a finished profile.
 * @param findings Those of the whole report.
 */
export async function collectStandalone(
  ask: Ask,
  findings: readonly Finding[],
): Promise<StandaloneData> {
  const answer = await ask({ kind: 'meta' });
  if (answer.kind !== 'meta' || answer.meta === null) {
    throw new ToolFault('The page cannot be made: there is no chart of this profile.');
  }
  const meta = { ...answer.meta, findings };
  const tiles: Tile[] = [];
  let bytes = 0;
  let levelMax = LEVEL_MIN - 1;
  while (levelMax < LEVEL_OVERVIEW || isWorthMore(meta, levelMax + 1, bytes)) {
    levelMax++;
    for (const tile of await tilesOf(ask, meta, levelMax)) {
      tiles.push(tile);
      bytes += tile.deflated.length;
    }
  }
  const longWaits = await longWaitsOf(ask);
  const answers = await answersOf(ask, meta);
  return { format: 'gilscope-chart', version: 1, meta, levelMax, tiles, longWaits, answers };
}

/** What the page can be asked about the whole run. */
function questionsOf({ wallNs, lanes, findings }: ChartMeta): AnalysisQuestion[] {
  const scope = { fromNs: 0, toNs: wallNs, lanes: null };
  const orders = ['merged', 'time'] as const;
  const limit = Math.min(SEGMENTS_OF_LANE, Math.ceil(SEGMENTS / Math.max(1, lanes.length)));
  return [
    { kind: 'sums', scope },
    ...FLAME_COSTS.flatMap((cost) =>
      orders.map((order) => ({ kind: 'flame', scope, cost, order }) as const),
    ),
    { kind: 'curves', fromNs: 0, toNs: wallNs, bins: CURVE_BINS },
    { kind: 'idle', leastNs: Math.floor(wallNs * IDLE_SHARE) },
    ...lanes.map(
      (_, lane) => ({ kind: 'segments', lane, fromNs: 0, toNs: wallNs, limit }) as const,
    ),
    ...findings.map((_, finding) => ({ kind: 'evidence', finding }) as const),
  ];
}

async function answersOf(ask: Ask, meta: ChartMeta): Promise<StandaloneData['answers']> {
  const answers: Record<string, string> = {};
  for (const question of questionsOf(meta)) {
    const response = await ask({ kind: 'analysis', question });
    if (response.kind !== 'analysis' || response.answer === null) continue;
    const packed = deflateSync(JSON.stringify(response.answer)).toString('base64');
    answers[standaloneKey(question)] = packed;
  }
  return answers;
}

/** Each level has about as many bytes as all before it, at most twice as many as the last. */
function isWorthMore(meta: ChartMeta, level: number, bytes: number): boolean {
  const isCoarse = meta.wallNs / 2 ** level >= FINEST_BIN_NS;
  return level <= LEVEL_LIMIT && isCoarse && bytes * 2 < TILE_BYTES_WANTED;
}

async function tilesOf(ask: Ask, meta: ChartMeta, level: number): Promise<Tile[]> {
  const tiles: Tile[] = [];
  for (let page = 0; page * TILE_LANES < meta.lanes.length; page++) {
    for (let index = 0; index < 2 ** (level - LEVEL_MIN); index++) {
      const answer = await ask({ kind: 'tile', level, index, page });
      if (answer.kind !== 'tile') continue;
      const data = Buffer.from(answer.base64, 'base64');
      if (data.every((byte) => byte === 0)) continue;
      tiles.push({ level, index, page, deflated: deflateSync(data).toString('base64') });
    }
  }
  return tiles;
}

async function longWaitsOf(ask: Ask): Promise<Segment[]> {
  const waits: Segment[] = [];
  for (let rank = 0; rank < LONG_WAITS; rank++) {
    const answer = await ask({ kind: 'longWait', rank });
    if (answer.kind !== 'segment' || answer.segment === null) break;
    waits.push(answer.segment);
  }
  return waits;
}

/**
 * The page: works from a file, without network.
 * @param bundleFolder Where standalone.js and standalone.css lie.
 * @throws ToolFault
 */
export function standalonePage(data: StandaloneData, bundleFolder: string): string {
  const script = readBundle(bundleFolder, 'standalone.js').replace(/<(?=\/script|!--)/gi, '\\x3c');
  const style = readBundle(bundleFolder, 'standalone.css').replace(/<(?=\/style)/gi, '\\3c ');
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">`,
    `<title>${escapeHtml(data.meta.title)} · GILscope</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<div id="app"></div>',
    `<script type="application/json" id="gilscope-data">${json}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function readBundle(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    // A source map would be looked for beside the page.
    return readFileSync(path, 'utf8').replace(/^(?:\/\/|\/\*)# sourceMappingURL=.*$/gm, '');
  } catch {
    throw new ToolFault(
      `The page cannot be made: ${path} is missing. Install GILscope again, or run “npm run build”.`,
    );
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
