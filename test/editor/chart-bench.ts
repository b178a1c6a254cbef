/**
 * What the chart costs on millions of segments, beside two other ways of drawing them: started by
 * scripts/bench-chart.mjs. Options: `--segments N` (5 million), `--lanes N` (256), `--only tiles|chart|others`,
 * `--ratio N` (pixels to a CSS pixel, 1 and 2), `--write FILE`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { cpuUsage } from 'node:process';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { LEVEL_MIN, TILE_LANES } from '../../server/protocol-chart';
import { chartBackend, ChartPage } from '../support/chart-page';
import { seeded } from '../support/fake-run';
import { largeRun, type LargeRun } from '../support/large-run';
import { openBrowser, settle, stageBox } from './support/chart-driver';
import {
  atRest,
  firstPictureMs,
  framesOf,
  percentile,
  watchFrames,
  type Frames,
} from './support/frame-watch';
import { serveOthers, type OtherWay } from './support/other-drawings';
import { playedMemory, residentBytes } from './support/unwatched-page';

const MEGABYTE = 2 ** 20;
const STEPS = 60;
/** For another way of drawing, at most. */
const OTHER_LIMIT_MS = 8_000;

interface Row {
  readonly cells: readonly string[];
}

const HEAD = [
  'drawing',
  'segments',
  'pixels',
  'frame p50',
  'frame p95',
  'of processor time',
  'between frames p95',
  'first picture',
  'memory',
] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      segments: { type: 'string', default: '5000000' },
      lanes: { type: 'string', default: '256' },
      only: { type: 'string' },
      ratio: { type: 'string', multiple: true, default: ['1', '2'] },
      write: { type: 'string' },
    },
  });
  const [segments, lanes] = [Number(values.segments), Number(values.lanes)];
  const wants = (part: string): boolean => values.only === undefined || values.only === part;
  const run = largeRun(lanes, segments, { singly: wants('others') });
  console.error(`${run.segmentCount} segments made and analysed in ${seconds()}`);
  const texts: string[] = [];
  if (wants('tiles')) texts.push(tileTimes(run));
  const rows: Row[] = [];
  const browser = await openBrowser();
  if (wants('chart')) rows.push(...(await benchChart(browser, run, values.ratio.map(Number))));
  if (wants('others')) rows.push(...(await benchOthers(browser, run, lanes, segments)));
  await browser.close();
  if (rows.length > 0) texts.push(tableOf(rows));
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), load average ${loadavg()[0]?.toFixed(1) ?? '?'}`;
  const text = [`${run.segmentCount} segments on ${lanes} lanes; ${machine}.`, ...texts].join(
    '\n\n',
  );
  console.log(text);
  if (values.write !== undefined) writeBetweenMarks(values.write, text);
}

/** Since the start of the program. */
function seconds(): string {
  return `${(performance.now() / 1000).toFixed(0)} s`;
}

/** How long the server takes for a tile, of any level and place. */
function tileTimes({ chart }: LargeRun): string {
  const random = seeded(7);
  const pages = Math.ceil(chart.meta().lanes.length / TILE_LANES);
  const times: number[] = [];
  const cpuTimes: number[] = [];
  for (let round = 0; round < 400; round++) {
    const level = LEVEL_MIN + Math.floor(random() * 18);
    const index = Math.floor(random() * 2 ** (level - LEVEL_MIN));
    const page = Math.floor(random() * pages);
    const [start, cpu] = [performance.now(), cpuUsage()];
    chart.answer({ kind: 'tile', level, index, page });
    const { user, system } = cpuUsage(cpu);
    // The first ones warm up the compiler.
    if (round < 20) continue;
    times.push(performance.now() - start);
    cpuTimes.push((user + system) / 1000);
  }
  const figures = (values: readonly number[]): string =>
    `p50 ${ms(percentile(values, 0.5))}, p95 ${ms(percentile(values, 0.95))}`;
  return `A tile of 512 bins × 64 lanes (levels 9 to 26, at random): ${figures(times)}; of processor time ${figures(cpuTimes)}.`;
}

async function benchChart(
  browser: Browser,
  { chart, segmentCount }: LargeRun,
  ratios: readonly number[],
): Promise<Row[]> {
  const host = new ChartPage({ wallNs: 1, lanes: [] }, null);
  host.answerFrom(chartBackend(chart));
  const url = await host.start();
  const rows: Row[] = [];
  const empty = await browser.newPage();
  await empty.goto(`${url}frames`);
  const emptyMemory = await memoryOf(browser);
  await empty.close();
  for (const ratio of ratios) {
    const { frames, firstMs } = await playChart(browser, url, ratio);
    const memory = megabytes(await playedMemory(host, url, ratio));
    console.error(`chart played at ${ratio} × ${ratio}, ${seconds()}`);
    rows.push({
      cells: [
        'GILscope',
        String(segmentCount),
        `${ratio} × ${ratio}`,
        ms(percentile(frames.work, 0.5)),
        ms(percentile(frames.work, 0.95)),
        `${ms(percentile(frames.cpu, 0.5))}, ${ms(percentile(frames.cpu, 0.95))}`,
        ms(percentile(frames.between, 0.95)),
        ms(firstMs),
        `${memory} (an empty page: ${emptyMemory})`,
      ],
    });
  }
  host.stop();
  return rows;
}

async function playChart(
  browser: Browser,
  url: string,
  ratio: number,
): Promise<{ frames: Frames; firstMs: number }> {
  const context = await browser.newContext({
    viewport: { width: 1600, height: 1250 },
    deviceScaleFactor: ratio,
  });
  const page = await context.newPage();
  await watchFrames(page);
  await atRest(browser);
  await page.goto(url);
  const firstMs = await firstPictureMs(page);
  await settle(page);
  const { x, y, width, left } = await stageBox(page);
  const zoomBy = async (delta: number): Promise<void> => {
    await page.keyboard.down('Control');
    for (let step = 0; step < STEPS; step++) {
      await page.mouse.wheel(0, delta);
      await page.waitForTimeout(16);
    }
    await page.keyboard.up('Control');
  };
  const middle = x + left + width / 2;
  await page.mouse.move(middle, y + 300);
  const play = async (): Promise<void> => {
    await zoomBy(-60);
    await page.mouse.down();
    for (let step = 0; step < STEPS; step++) {
      await page.mouse.move(middle - step * 6, y + 300);
      await page.waitForTimeout(16);
    }
    await page.mouse.up();
    await zoomBy(60);
  };
  const frames = await framesOf(browser, page, play);
  await context.close();
  return { frames, firstMs };
}

/** Of the process that runs the page: what it has to itself and its part of what it shares. */
async function memoryOf(browser: Browser): Promise<string> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo.map(({ type, id }) => (type === 'renderer' ? residentBytes(id) : 0));
  const most = Math.max(0, ...sizes);
  return megabytes(most);
}

function megabytes(bytes: number): string {
  return bytes === 0 ? '?' : `${(bytes / MEGABYTE).toFixed(0)} MB`;
}

async function benchOthers(
  browser: Browser,
  run: LargeRun,
  lanes: number,
  segments: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [way, count] of [
    ['fillRect', segments],
    ['fillRect', Math.min(segments, 100_000)],
    ['svg', Math.min(segments, 100_000)],
    ['svg', Math.min(segments, 10_000)],
  ] as const) {
    console.error(`${WAY_NAMES[way]}, ${count} segments, ${seconds()}`);
    rows.push(await playOther(browser, count === segments ? run : largeRun(lanes, count), way));
  }
  return rows;
}

const WAY_NAMES: Readonly<Record<OtherWay, string>> = {
  fillRect: 'canvas, one fillRect a segment',
  svg: 'SVG, one element a segment',
};

async function playOther(browser: Browser, run: LargeRun, way: OtherWay): Promise<Row> {
  const { url, server } = await serveOthers(run.segments);
  const context = await browser.newContext({ viewport: { width: 1600, height: 1250 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate('load()');
  const { times, all } = await page.evaluate(
    ([name, steps, limitMs]) =>
      (
        window as unknown as {
          play(...options: unknown[]): Promise<{ times: number[]; all: number }>;
        }
      ).play(name, steps, limitMs),
    [way, STEPS, OTHER_LIMIT_MS] as const,
  );
  const memory = await memoryOf(browser);
  await context.close();
  server.closeAllConnections();
  server.close();
  const done =
    times.length < all ? ` (${times.length} of ${all} frames in ${OTHER_LIMIT_MS / 1000} s)` : '';
  return {
    cells: [
      WAY_NAMES[way],
      String(run.segmentCount),
      '1 × 1',
      ms(percentile(times, 0.5)),
      ms(percentile(times, 0.95)) + done,
      '',
      '',
      ms(times[0] ?? 0),
      memory,
    ],
  };
}

function ms(value: number): string {
  return value < 100 ? `${value.toFixed(1)} ms` : `${value.toFixed(0)} ms`;
}

function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(({ cells }) => cells)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Puts the text between the marks of a document. */
function writeBetweenMarks(file: string, text: string): void {
  const [begin, end] = ['<!-- measured -->', '<!-- /measured -->'];
  const [before, rest] = readFileSync(file, 'utf8').split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${file} has lost its marks ${begin}`);
  writeFileSync(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
