/**
 * Frame times of the timeline on 5 million segments: `node build/chart-bench.cjs [segments]`. Prints, for 64 and 256
 * lanes and one and two pixels to a CSS pixel, the time of a frame's own work and the time between frames while the
 * run is zoomed and moved, and the time from opening the page to its first picture.
 */
import { loadavg } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { ChartPage } from '../support/chart-page';
import { fakeMeta } from '../support/fake-chart';
import { randomRun } from '../support/fake-run';
import { openBrowser, settle, stageBox } from './support/chart-driver';

interface Frames {
  /** Milliseconds that the callbacks of a frame took. */
  readonly work: number[];
  /** Milliseconds from frame to frame. */
  readonly between: number[];
}

/** Times every frame's callbacks, from before the chart's script runs. */
const WATCH = `
  window.frameTimes = { work: [], between: [] };
  const original = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => original((time) => {
    const start = performance.now();
    callback(time);
    window.frameTimes.work.push(performance.now() - start);
  });
  let last = 0;
  const beat = (time) => {
    if (last > 0) window.frameTimes.between.push(time - last);
    last = time;
    original(beat);
  };
  original(beat);`;

async function measure(page: Page, act: () => Promise<void>): Promise<string> {
  await page.evaluate('window.frameTimes.work = []; window.frameTimes.between = [];');
  await act();
  const { work, between } = await page.evaluate(
    () => (window as unknown as { frameTimes: Frames }).frameTimes,
  );
  // A frame without a change does nothing and would flatter the rest.
  const drawn = work.filter((ms) => ms > 0.3);
  return `work p50 ${at(drawn, 0.5)} p95 ${at(drawn, 0.95)} ms, between frames p50 ${at(between, 0.5)} p95 ${at(between, 0.95)} ms (${drawn.length} frames)`;
}

function at(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}

async function zoomBy(page: Page, delta: number, steps: number): Promise<void> {
  await page.keyboard.down('Control');
  for (let step = 0; step < steps; step++) {
    await page.mouse.wheel(0, delta);
    await page.waitForTimeout(16);
  }
  await page.keyboard.up('Control');
}

async function benchOne(browser: Browser, url: string, ratio: number, name: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1600, height: 1250 },
    deviceScaleFactor: ratio,
  });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  const start = performance.now();
  await page.goto(url);
  await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-part="lanes"]');
    const data = canvas?.getContext('2d')?.getImageData(0, 12, canvas.width, 1).data;
    return data?.some((value) => value > 0) === true;
  });
  console.log(`${name}: first picture ${(performance.now() - start).toFixed(0)} ms`);
  await settle(page);
  const { x, y, width, left } = await stageBox(page);
  await page.mouse.move(x + left + width / 2, y + 300);
  const zoomIn = await measure(page, () => zoomBy(page, -60, 90));
  console.log(`${name}: zoom in   ${zoomIn}`);
  await settle(page);
  const pan = await measure(page, async () => {
    await page.mouse.down();
    for (let step = 0; step < 90; step++) {
      await page.mouse.move(x + left + width / 2 - step * 6, y + 300);
      await page.waitForTimeout(16);
    }
    await page.mouse.up();
  });
  console.log(`${name}: move      ${pan}`);
  const zoomOut = await measure(page, () => zoomBy(page, 60, 90));
  console.log(`${name}: zoom out  ${zoomOut}`);
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  );
  console.log(`${name}: heap ${(heap / 2 ** 20).toFixed(0)} MB`);
  await context.close();
}

async function main(): Promise<void> {
  const segments = Number(process.argv[2] ?? 5_000_000);
  const browser = await openBrowser();
  for (const lanes of [64, 256]) {
    const run = randomRun(lanes, Math.round(segments / lanes), 1);
    const host = new ChartPage(run, fakeMeta(run));
    const url = await host.start();
    for (const ratio of [1, 2]) {
      await benchOne(browser, url, ratio, `${segments} × ${lanes} lanes, DPR ${ratio}`);
    }
    host.stop();
  }
  await browser.close();
  console.log(`load average ${loadavg()[0]?.toFixed(1) ?? '?'}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
