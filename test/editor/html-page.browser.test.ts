/** The page that `--html` writes, of a recorded program: from a file, without network, with its security policy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { formatDuration } from '../../extension/chart/format';
import { analyseRun } from '../../server/cli/analyse';
import { collectStandalone, standalonePage } from '../../server/cli/html';
import type { Profile } from '../../server/protocol';
import { openBrowser, settle } from './support/chart-driver';

describe('the page of --html', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-html-'));
  const file = join(folder, 'a page ü.html');
  const requests: string[] = [];
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;
  let profile: Profile;
  before(async () => {
    const analysed = analyseRun('test/fixtures/profiles/trace-2.gilscope', true);
    ({ profile } = analysed);
    const data = await collectStandalone(analysed.chart, profile.findings);
    writeFileSync(file, standalonePage(data, resolve('dist')));
    browser = await openBrowser();
    const context = await browser.newContext({ offline: true });
    page = await context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(pathToFileURL(file).href);
    await settle(page);
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks for nothing, and its policy forbids nothing that it does', async () => {
    await page.locator('canvas').first().waitFor();
    assert.deepEqual(requests, [pathToFileURL(file).href]);
    assert.deepEqual(complaints, []);
  });

  it('on paper has every thread with its numbers', async () => {
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    const threads = page.locator('#panel-threads');
    await threads.waitFor();
    const text = (await threads.innerText()).replaceAll('\u00a0', ' ');
    for (const { name, waitNs } of profile.threads) {
      assert.ok(text.includes(name), name);
      assert.ok(text.includes(formatDuration(waitNs)), `${name}: ${formatDuration(waitNs)}`);
    }
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.ok((await page.pdf()).length > 10_000);
    assert.deepEqual(complaints, []);
  });
});
