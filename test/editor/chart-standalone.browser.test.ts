/** The self-contained page, opened from a file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { barHeight, rowPitch } from '../../extension/chart/rows';
import { formatDuration } from '../../extension/chart/format';
import { fakeMeta, longestWaits } from '../support/fake-chart';
import { randomRun } from '../support/fake-run';
import { standalonePage } from '../support/standalone-page';
import { axeViolations, openBrowser, readLanes, screenshot, settle } from './support/chart-driver';
import { assertLane } from './support/lane-pixels';

describe('self-contained page', () => {
  const run = randomRun(70, 300, 4);
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-page-'));
  const file = join(folder, 'chart.html');
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  before(async () => {
    writeFileSync(file, standalonePage(run, fakeMeta(run, { title: 'shop </script> server' })));
    browser = await openBrowser();
    page = await browser.newPage({ colorScheme: 'dark', viewport: { width: 1200, height: 720 } });
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await settle(page);
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Unpacking tiles is not counted as an answer: looks until the picture stands. */
  const standing = async (): Promise<Awaited<ReturnType<typeof readLanes>>> => {
    let before = await readLanes(page);
    for (;;) {
      await settle(page);
      const now = await readLanes(page);
      if (Buffer.compare(before.data, now.data) === 0) return now;
      before = now;
    }
  };

  it('draws the lanes from its own data, without asking for anything', async () => {
    const pixels = await standing();
    const pitch = rowPitch(70);
    for (const index of [0, 1, 5]) {
      const lane = run.lanes[index];
      assert.ok(lane);
      const box = { top: index * pitch + 4, height: barHeight(pitch) };
      assertLane(pixels, { lane, ...box, t0: 0, t1: run.wallNs });
    }
    assert.deepEqual(requests, [pathToFileURL(file).href]);
    assert.equal(await page.title(), 'shop </script> server');
    await screenshot(page, 'chart-standalone');
  });

  it('finds the longest waits, follows the system’s theme, and offers no links to files', async () => {
    await page.locator('.stage').focus();
    await page.keyboard.press('n');
    const [wait] = longestWaits(run);
    assert.ok(wait);
    const text = formatDuration(wait.endNs - wait.startNs);
    await page.getByRole('status').getByText(text).waitFor();
    assert.equal(await page.locator('#panel-lines .link').count(), 0);
    assert.deepEqual(await axeViolations(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('body.vscode-light').waitFor();
  });

  it('prints all lanes and all tables', async () => {
    await page.keyboard.press('0');
    await standing();
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    const lanes = await readLanes(page);
    assert.ok(lanes.height >= 70 * rowPitch(70));
    for (const name of ['lines', 'blame', 'findings', 'threads']) {
      assert.ok(await page.locator(`#panel-${name}`).isVisible(), name);
    }
    await page.screenshot({
      path: join('build', 'screenshots', 'chart-print.png'),
      fullPage: true,
    });
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.ok(!(await page.locator('#panel-threads').isVisible()));
    assert.ok((await page.pdf()).length > 10_000);
  });
});
