/** A chart of many segments that is opened and closed again and again. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { chartBackend, ChartPage } from '../support/chart-page';
import { largeRun } from '../support/large-run';
import { openBrowser } from './support/chart-driver';

const CYCLES = 50;
const FIRST = 5;
/** Of all cycles after the first ones. A single chart holds more than ten times as much. */
const GROWTH_MEGABYTES = 2;
const MEGABYTE = 2 ** 20;

interface Held {
  readonly megabytes: number;
  readonly documents: number;
  readonly listeners: number;
}

const host = new ChartPage({ wallNs: 1, lanes: [] }, null);
let browser: Browser;
before(async () => {
  host.answerFrom(chartBackend(largeRun(64, 300_000).chart));
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  host.stop();
});

/** Opens the chart in a frame, as the editor does, waits for its picture, zooms, and closes it. */
async function openAndClose(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = document.createElement('iframe');
    frame.style.cssText = 'width: 1100px; height: 700px';
    frame.src = '/';
    document.body.append(frame);
    const world = (): (Window & { pending?: number }) | null => frame.contentWindow;
    const isDrawn = (): boolean => {
      const canvas = frame.contentDocument?.querySelector<HTMLCanvasElement>(
        'canvas[data-part="lanes"]',
      );
      const data = canvas?.getContext('2d')?.getImageData(240, 4, 600, 16).data;
      // Bars hide what is behind them; lines of the grid do not.
      return data?.some((value, at) => at % 4 === 3 && value === 255) === true;
    };
    const giveUpAt = performance.now() + 30_000;
    for (let zoomed = false, quiet = 0; quiet < 4; quiet++) {
      await new Promise(requestAnimationFrame);
      if (performance.now() > giveUpAt) throw new Error('The chart is never drawn.');
      if (!isDrawn() || (world()?.pending ?? 0) > 0) quiet = 0;
      else if (!zoomed) {
        const stage = frame.contentDocument?.querySelector('.stage');
        for (const key of ['+', '+', 'n'])
          stage?.dispatchEvent(new KeyboardEvent('keydown', { key }));
        zoomed = true;
        quiet = 0;
      }
    }
    frame.remove();
  });
}

async function held(session: CDPSession): Promise<Held> {
  for (let round = 0; round < 3; round++) await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as {
    readonly usedSize: number;
    readonly backingStorageSize?: number;
  };
  const { documents, jsEventListeners } = await session.send('Memory.getDOMCounters');
  const megabytes = (usedSize + (backingStorageSize ?? 0)) / MEGABYTE;
  return { megabytes, documents, listeners: jsEventListeners };
}

it(`holds on to nothing after ${CYCLES} times open and closed`, async () => {
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 } });
  await page.goto(`${await host.start()}frames`);
  const session = await page.context().newCDPSession(page);
  for (let cycle = 0; cycle < FIRST; cycle++) await openAndClose(page);
  const before = await held(session);
  for (let cycle = FIRST; cycle < CYCLES; cycle++) await openAndClose(page);
  const after = await held(session);
  const grown = after.megabytes - before.megabytes;
  const figures = JSON.stringify({ before, after });
  assert.ok(grown < GROWTH_MEGABYTES, figures);
  assert.ok(after.documents <= before.documents + 1, figures);
  assert.ok(after.listeners <= before.listeners + 20, figures);
  console.log(
    `# heap and buffers: ${before.megabytes.toFixed(1)} → ${after.megabytes.toFixed(1)} MB`,
  );
});
