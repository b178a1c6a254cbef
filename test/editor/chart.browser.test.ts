/** The chart in a browser, under the policy of a webview, with a made-up run that is known to the nanosecond. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { barHeight, rowPitch } from '../../extension/chart/rows';
import { formatDuration } from '../../extension/chart/format';
import { ChartPage } from '../support/chart-page';
import { fakeMeta, longestWaits, placeOf } from '../support/fake-chart';
import { randomRun } from '../support/fake-run';
import { THEMES } from '../support/themes';
import {
  openChart,
  policyViolations,
  readCanvas,
  readLanes,
  savedState,
  settle,
  stageBox,
  tell,
} from './support/chart-driver';
import { assertLane } from './support/lane-pixels';
import { setTheme } from './support/chart-driver';
import { serveChart } from './support/serve-chart';

const LANES = 5;
const run = randomRun(LANES, 2500, 3);
const pitch = rowPitch(LANES);

describe('chart in a browser', () => {
  const host = new ChartPage(run, fakeMeta(run));
  const served = serveChart(host);

  /** Compares every lane with its segments; answers with the number of columns of a single state. */
  const assertPicture = async (page: Page): Promise<number> => {
    const pixels = await readLanes(page);
    const { t0, t1 } = await savedState(page);
    return run.lanes.reduce((pure, lane, index) => {
      const box = { top: index * pitch + 4, height: barHeight(pitch) };
      return pure + assertLane(pixels, { lane, ...box, t0, t1 });
    }, 0);
  };

  it('keeps its title clear of its tools', async () => {
    const page = await openChart(served.browser, served.url);
    const title = await page.locator('.title-row').first().boundingBox();
    const tools = await page.locator('.tool-row').first().boundingBox();
    assert.ok(title !== null && tools !== null);
    assert.ok(title.y + title.height <= tools.y, `${title.y} + ${title.height}, ${tools.y}`);
    const text = await page.locator('.title-row > *').first().boundingBox();
    assert.ok(text !== null && text.y + text.height <= title.y + title.height + 1);
    await page.context().close();
  });

  it('draws each pixel as the segments say, at many zooms, places and steps', async () => {
    const page = await openChart(served.browser, served.url);
    await setTheme(page, THEMES.dark);
    await page.locator('.stage').focus();
    await page.keyboard.press('0');
    await settle(page);
    let pure = await assertPicture(page);
    const { x, y, left } = await stageBox(page);
    for (const place of [350, 720, 40, 500]) {
      await page.mouse.move(x + left + place, y + 30);
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -240);
      await page.keyboard.up('Control');
      await settle(page);
      pure += await assertPicture(page);
    }
    for (const key of ['+', '+', 'Shift+ArrowRight', '-', 'End', 'Home']) {
      await page.keyboard.press(key);
      await settle(page);
      pure += await assertPicture(page);
    }
    assert.ok(pure > 5000, `only ${pure} columns of one state`);
    assert.deepEqual(await policyViolations(page), []);
    await page.context().close();
  });

  it('keeps the time under the pointer while zooming, and moves with a drag', async () => {
    const page = await openChart(served.browser, served.url);
    const { x, y, left, width } = await stageBox(page);
    await page.mouse.move(x + left + width / 4, y + 30);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -250);
    await page.keyboard.up('Control');
    await settle(page);
    const zoomed = await savedState(page);
    const span = zoomed.t1 - zoomed.t0;
    assert.ok(span < run.wallNs / 2);
    assert.ok(Math.abs(zoomed.t0 + span / 4 - run.wallNs / 4) < (span / width) * 2);
    await page.mouse.down();
    await page.mouse.move(x + left + width / 4 - 100, y + 30, { steps: 4 });
    await page.mouse.up();
    await settle(page);
    const dragged = await savedState(page);
    assert.ok(Math.abs(dragged.t0 - zoomed.t0 - (span / width) * 100) < (span / width) * 2);
    assert.deepEqual(host.sent('goto'), [], 'a drag is no click');
    await page.context().close();
  });

  it('says what is under the pointer, and opens its line on a click', async () => {
    const page = await openChart(served.browser, served.url);
    const [wait] = longestWaits(run);
    assert.ok(wait);
    const { x, y, left, width } = await stageBox(page);
    const middle = (wait.startNs + wait.endNs) / 2 / run.wallNs;
    await page.mouse.move(x + left + middle * width, y + wait.lane * pitch + pitch / 2);
    const tooltip = page.locator('.tooltip');
    await tooltip
      .getByText(formatDuration(wait.endNs - wait.startNs))
      .first()
      .waitFor();
    const text = await tooltip.innerText();
    const place = placeOf(wait.lane);
    for (const part of ['waiting', `:${place.line}`, place.function, 'Meanwhile held by']) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    await page.mouse.down();
    await page.mouse.up();
    await settle(page);
    const { file, line } = place;
    assert.deepEqual(host.sent('goto').splice(-1), [{ type: 'goto', file, line }]);
    // A zoom to the pointer keeps what is under it; a move takes it away.
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await settle(page);
    assert.ok((await tooltip.innerText()).includes(`:${place.line}`));
    await page.mouse.wheel(-200, 0);
    await settle(page);
    assert.equal(await tooltip.count(), 0);
    await page.mouse.move(x + 20, y + 10);
    assert.equal(await tooltip.count(), 0);
    await page.context().close();
  });

  it('can be walked by keyboard from the longest wait to its line', async () => {
    const page = await openChart(served.browser, served.url);
    const waits = longestWaits(run);
    const status = page.getByRole('status');
    await page.locator('.stage').focus();
    for (const [key, rank] of [
      ['n', 0],
      ['n', 1],
      ['n', 2],
      ['p', 1],
    ] as const) {
      await page.keyboard.press(key);
      const wait = waits[rank];
      assert.ok(wait);
      await status.getByText(`Longest wait no. ${rank + 1} `).waitFor();
      assert.ok((await status.innerText()).includes(formatDuration(wait.endNs - wait.startNs)));
      await settle(page);
      const { t0, t1 } = await savedState(page);
      assert.ok(t0 <= wait.startNs && wait.endNs <= t1, 'in view');
    }
    const count = host.sent('goto').length;
    await page.keyboard.press('Enter');
    await settle(page);
    const { file, line } = placeOf(waits[1]?.lane ?? -1);
    assert.deepEqual(host.sent('goto').slice(count), [{ type: 'goto', file, line }]);
    const before = await savedState(page);
    await page.keyboard.press('ArrowRight');
    await settle(page);
    const after = await savedState(page);
    const wait = waits[1];
    assert.ok(wait && after.cursor && before.cursor);
    const { edges } = run.lanes[wait.lane] ?? { edges: new Float64Array() };
    const next = edges.indexOf(wait.endNs);
    const middleNs = Math.floor(((edges[next] ?? 0) + (edges[next + 1] ?? 0)) / 2);
    assert.deepEqual(after.cursor, { lane: wait.lane, atNs: middleNs });
    await page.keyboard.press('ArrowDown');
    await settle(page);
    assert.equal((await savedState(page)).cursor?.lane, Math.min(LANES - 1, wait.lane + 1));
    await page.keyboard.press('Escape');
    await settle(page);
    assert.equal((await savedState(page)).cursor, null);
    await page.keyboard.press('0');
    await settle(page);
    const { t0, t1 } = await savedState(page);
    assert.deepEqual([t0, t1], [0, run.wallNs]);
    await page.context().close();
  });

  it('marks where the editor’s line ran', async () => {
    const page = await openChart(served.browser, served.url);
    const marks = { bins: 2048, lanes: [{ lane: 2, bins: [1024, 1025, 1026, 1027] }] };
    await tell(page, { type: 'marks', file: '/a.py', line: 1, marks });
    await settle(page);
    const overlay = await readCanvas(page, 'lanes');
    const { left, width } = await stageBox(page);
    const isMarked = (x: number, lane: number): boolean => {
      const at = ((lane * pitch + 1) * overlay.width + Math.round(x)) * 4;
      return overlay.data[at] === 220 && overlay.data[at + 3] === 255;
    };
    assert.ok(isMarked(left + width / 2 + 1, 2));
    assert.ok(!isMarked(left + width / 2 - 4, 2));
    assert.ok(!isMarked(left + width / 2 + 6, 2));
    assert.ok(!isMarked(left + width / 2 + 1, 1));
    await page.context().close();
  });

  it('follows a change of theme', async () => {
    const page = await openChart(served.browser, served.url);
    const { variables } = THEMES.dark;
    const count = async (): Promise<number> => {
      const { data } = await readLanes(page);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === 1 && data[at + 1] === 200 && data[at + 2] === 3) found++;
      }
      return found;
    };
    assert.equal(await count(), 0);
    const changed = { ...variables, '--vscode-gilscope-holding': 'rgb(1, 200, 3)' };
    await setTheme(page, { bodyClass: 'vscode-dark', variables: changed });
    assert.ok((await count()) > 500);
    await page.context().close();
  });

  it('draws every pixel of a dense screen once it stands still', async () => {
    const page = await openChart(served.browser, served.url, 2);
    const { width } = await stageBox(page);
    const canvas = await readLanes(page);
    assert.equal(canvas.width, Math.round(width * 2));
    await page.context().close();
  });
});
