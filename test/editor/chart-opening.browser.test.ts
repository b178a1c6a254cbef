/** What a chart shows before all of its profile is there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page, Route } from 'playwright-core';
import type { FromChart } from '../../server/protocol-webview';
import { ChartPage } from '../support/chart-page';
import { fakeMeta } from '../support/fake-chart';
import { randomRun } from '../support/fake-run';
import { policyViolations, readLanes, settle } from './support/chart-driver';
import { serveChart } from './support/serve-chart';

describe('a chart that opens', () => {
  const run = randomRun(3, 3000, 5);
  const host = new ChartPage(run, fakeMeta(run));
  const served = serveChart(host);

  /** Opens it in a page that gets no answer to some of its questions; they are kept, to be let go. */
  async function openWithout(
    isHeld: (message: FromChart) => boolean,
  ): Promise<{ readonly page: Page; readonly held: Route[]; readonly letGo: () => Promise<void> }> {
    const page = await (await served.browser.newContext()).newPage();
    const held: Route[] = [];
    let isHolding = true;
    await page.route('**/message', (route) => {
      const message = route.request().postDataJSON() as FromChart;
      if (!isHolding || !isHeld(message)) return route.continue();
      held.push(route);
      return undefined;
    });
    await page.goto(served.url);
    const letGo = async (): Promise<void> => {
      isHolding = false;
      await Promise.all(held.map((route) => route.continue()));
    };
    return { page, held, letGo };
  }

  it('draws its lanes of the outline and one coarse tile; tables and fine tiles come later', async () => {
    const { page, held, letGo } = await openWithout(
      (message) => message.type === 'tables' || (message.type === 'tile' && message.level > 9),
    );
    await page.locator('.label.lane').first().waitFor();
    const { width, height, data } = await readLanes(page);
    // Each lane lives for the whole run: not a column without it.
    const painted = Array.from({ length: width }, (_, x) =>
      Array.from({ length: height }, (__, y) => data[(y * width + x) * 4 + 3] ?? 0).some(
        (alpha) => alpha > 0,
      ),
    );
    assert.ok(width > 500 && painted.every(Boolean));
    assert.equal(await page.getByRole('tab').count(), 0);
    while (held.length === 0) await page.waitForTimeout(20);
    await letGo();
    await page.locator('#panel-lines tbody tr').first().waitFor();
    await settle(page);
    assert.notDeepEqual((await readLanes(page)).data, data, 'the fine tiles have been drawn');
    assert.deepEqual(await policyViolations(page), []);
    await page.context().close();
  });

  it('waits for the locks and files that a kept filter may name', async () => {
    const { page, held, letGo } = await openWithout((message) => message.type === 'tables');
    // At the start of the page: what the page before it still saves would overwrite it.
    await page.addInitScript(() => sessionStorage.setItem('state', '{"filter":"MainThread"}'));
    held.length = 0;
    await page.reload();
    while (held.length === 0) await page.waitForTimeout(20);
    assert.equal(await page.locator('.stage').count(), 0);
    await letGo();
    await page.locator('.label.lane').first().waitFor();
    await settle(page);
    assert.equal(await page.locator('.label.lane').count(), 1);
    await page.context().close();
  });
});
