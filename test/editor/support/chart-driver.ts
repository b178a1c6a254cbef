import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { run } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import type { ToChart } from '../../../server/protocol-webview';
import type { SavedState } from '../../../extension/chart/host';
import { findChromium } from '../../../scripts/testing/chromium.mjs';
import type { Theme } from '../../support/themes';
import { launchChromium } from './browser';

const SCREENSHOTS = join('build', 'screenshots');

/** Pixels of a canvas, red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export async function openBrowser(): Promise<Browser> {
  const chromium = findChromium();
  if (chromium === null) throw new Error('No Chromium. Debian: apt install chromium');
  return launchChromium(chromium);
}

/** Opens a page with a chart and waits until it is drawn; `ratio`: pixels of the screen to a CSS pixel. */
export async function openChart(browser: Browser, url: string, ratio = 1): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 720 },
    deviceScaleFactor: ratio,
  });
  const page = await context.newPage();
  await page.goto(url);
  await settle(page);
  return page;
}

/** Waits until every answer has come and nothing has been asked for a while (saving the state takes 250 ms). */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const world = window as unknown as { pending?: number };
    const giveUpAt = performance.now() + 60_000;
    for (let quiet = 0; quiet < 24; quiet++) {
      await new Promise(requestAnimationFrame);
      if (performance.now() > giveUpAt) throw new Error('The chart never stops asking.');
      if ((world.pending ?? 0) > 0) quiet = 0;
    }
  });
}

/** Waits for answers to what was asked after its pause. */
export async function answered(page: Page): Promise<void> {
  await page.waitForTimeout(120);
  await settle(page);
}

/** Opens a table, or whatever else is below the lanes, by its title. */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click();
  await answered(page);
}

export async function savedState(page: Page): Promise<SavedState> {
  return page.evaluate(() => JSON.parse(sessionStorage.getItem('state') ?? '{}') as SavedState);
}

export async function tell(page: Page, message: ToChart): Promise<void> {
  await page.evaluate((sent) => window.postMessage(sent), message);
}

/** What is drawn beside the names of the lanes. */
export async function readLanes(page: Page): Promise<Pixels> {
  return readCanvas(page, 'lanes', (await stageBox(page)).left);
}

/** @param left CSS pixels that are left out */
export async function readCanvas(page: Page, part: string, left = 0): Promise<Pixels> {
  const read = await page.evaluate(
    ([name, leftOut]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`canvas[data-part="${name}"]`);
      const context = canvas?.getContext('2d');
      if (!canvas || !context) return null;
      const from = Math.round((leftOut * canvas.width) / canvas.clientWidth);
      const [width, height] = [canvas.width - from, canvas.height];
      const { data } = context.getImageData(from, 0, width, height);
      let text = '';
      for (let at = 0; at < data.length; at += 32_768) {
        text += String.fromCharCode(...data.subarray(at, at + 32_768));
      }
      return { width, height, base64: btoa(text) };
    },
    [part, left] as const,
  );
  if (read === null) throw new Error(`no canvas ${part}`);
  return { ...read, data: Uint8Array.from(Buffer.from(read.base64, 'base64')) };
}

/** Where the stage with the lanes is, CSS pixels; `left`: the column of names. */
export async function stageBox(page: Page): Promise<{
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly left: number;
}> {
  const box = await page.locator('.stage').boundingBox();
  const names = await page.locator('.label.lane').first().boundingBox();
  if (box === null || names === null) throw new Error('no lanes');
  // A line is between them.
  const left = names.width + 1;
  return { x: box.x, y: box.y, width: box.width - left, left };
}

export async function setTheme(page: Page, { bodyClass, variables }: Theme): Promise<void> {
  await page.evaluate(
    ([kind, entries]) => {
      document.documentElement.removeAttribute('style');
      for (const [name, value] of entries) {
        document.documentElement.style.setProperty(name, value);
      }
      document.body.className = kind;
    },
    [bodyClass, Object.entries(variables)] as const,
  );
  await settle(page);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** What axe-core finds, one line each. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(join('node_modules', 'axe-core', 'axe.min.js'), 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: typeof run } };
    const { violations } = await axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    );
  });
}

export async function policyViolations(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => (window as unknown as { violations: string[] }).violations);
}
