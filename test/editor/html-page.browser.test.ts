/** The page that `--html` writes, of a recorded program: from a file, without network, with its security policy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { formatCount, formatDuration, formatPlace } from '../../extension/chart/format';
import { analyseRun } from '../../server/cli/analyse';
import { collectStandalone, standalonePage } from '../../server/cli/html';
import type { Profile } from '../../server/protocol';
import type { ChartRequest, ChartResponse } from '../../server/protocol-chart';
import { axeViolations, openBrowser, readCanvas, settle } from './support/chart-driver';

describe('the page of --html', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-html-'));
  const file = join(folder, 'a page ü.html');
  const requests: string[] = [];
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;
  let profile: Profile;
  let ask: (request: ChartRequest) => ChartResponse;
  before(async () => {
    const analysed = analyseRun('test/fixtures/profiles/trace-2.gilscope', true);
    ({ profile } = analysed);
    ask = analysed.chart;
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

  const open = async (name: string): Promise<void> => {
    await page.getByRole('tab', { name, exact: true }).click();
    await settle(page);
  };

  it('has every view of the chart, about the whole run', async () => {
    const question = { kind: 'sums', scope: { fromNs: 0, toNs: profile.wallNs, lanes: null } };
    const response = ask({ kind: 'analysis', question } as ChartRequest);
    assert.ok(response.kind === 'analysis' && response.answer?.kind === 'sums');
    const { hold } = response.answer.sums.histograms;
    await open('Lengths');
    const holds = hold.reduce((sum, count) => sum + count, 0);
    await page
      .locator('.histogram', { hasText: 'Holds' })
      .getByText(formatCount(holds))
      .first()
      .waitFor();
    await open('Flame graph');
    for (const cost of ['Wait', 'Blocks', 'Hold']) {
      await page.locator('#panel-flame').getByRole('button', { name: cost, exact: true }).click();
      await page.locator('.flame-box').first().waitFor();
    }
    await open('Segments');
    const segments = page.locator('#panel-segments tbody tr');
    await segments.first().waitFor();
    assert.ok((await segments.count()) > 3);
    const showIt = page.locator('#panel-segments tbody .link').nth(2);
    const start = await showIt.innerText();
    await showIt.click();
    await page.getByRole('status').getByText(start).waitFor();
    await open('Lines');
    const curves = await readCanvas(page, 'curves');
    assert.ok(
      curves.data.some((byte, at) => at % 4 === 2 && byte > 120),
      'curves are drawn',
    );
    await page.getByRole('button', { name: 'Collapse idle time' }).click();
    await page.keyboard.press('0');
    assert.deepEqual(complaints, []);
    assert.deepEqual(await axeViolations(page), []);
  });

  it('says of each lock what the profile says', async () => {
    await open('Locks');
    await page
      .locator('#panel-locks')
      .getByRole('button', { name: /Python’s library/ })
      .click();
    await settle(page);
    const rows = page.locator('#panel-locks tbody tr:not(.spacer)');
    const cells = (await rows.all()).map((row) => row.locator('td').allInnerTexts());
    const shown = (await Promise.all(cells)).map(([what = '', ...numbers]) =>
      [what.replaceAll(/\s/g, ''), ...numbers.map((text) => text.trim())].join(' | '),
    );
    const or = (value: number, text: string): string => (value > 0 ? text : '–');
    const expected = profile.locks.map((lock) => {
      const { waitNs, holdNs, acquires, contended, maxWaitNs, maxHoldNs, workNs } = lock;
      const place = lock.createdAt.line > 0 ? formatPlace(lock.createdAt) : '';
      const time = (ns: number): string => or(ns, formatDuration(ns));
      return [
        `${lock.name ?? ''}${lock.kind}${place}`.replaceAll(/\s/g, ''),
        ...[time(waitNs), time(holdNs), or(acquires, formatCount(acquires))],
        ...[or(contended, formatCount(contended)), time(maxWaitNs), time(maxHoldNs), time(workNs)],
      ].join(' | ');
    });
    assert.ok(profile.locks.some(({ waitNs, workNs }) => waitNs > 0 && workNs === 0));
    assert.ok(profile.locks.some(({ workNs }) => workNs > 0));
    assert.deepEqual(shown.toSorted(), expected.toSorted());
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
    // Views that nobody has opened are there too.
    const paper = await page.locator('#app').innerText();
    assert.ok(!paper.includes('Computing'), paper);
    assert.ok((await page.locator('#panel-flame .flame-box').count()) > 3);
    assert.equal(await page.locator('#panel-histogram .histogram').count(), 2);
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.ok((await page.pdf()).length > 10_000);
    assert.deepEqual(complaints, []);
  });
});
