/** The chart on a run that the product itself has analysed: selections, filters, tables, flame graph, lengths. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { Segment } from '../../server/protocol-chart';
import type { AnalysisQuestion, AnswerTo } from '../../server/protocol-analysis';
import { barHeight, rowPitch } from '../../extension/chart/rows';
import { formatDuration, formatPlace } from '../../extension/chart/format';
import { chartBackend, ChartPage } from '../support/chart-page';
import { laneOf, largeRun } from '../support/large-run';
import { THEMES } from '../support/themes';
import {
  answered,
  axeViolations,
  openChart,
  openTab,
  policyViolations,
  readCanvas,
  readLanes,
  savedState,
  screenshot,
  setTheme,
  settle,
  stageBox,
} from './support/chart-driver';
import { assertLane } from './support/lane-pixels';
import { serveChart } from './support/serve-chart';

const LANES = 6;
const run = largeRun(LANES, 9000, { seed: 3 });
const { chart } = run;
const meta = {
  ...chart.meta(),
  findings: [
    {
      rule: 'gil-hog' as const,
      severity: 'warning' as const,
      where: null,
      message: 'One thread holds the GIL for long.',
      evidence: {},
    },
  ],
};
const EVIDENCE_RANK = 4;
const TABS = [
  ...['Lines', 'Who blocked whom', 'Findings', 'Flame graph', 'Threads'],
  ...['Locks', 'Lengths', 'Segments'],
];

function ask<K extends AnalysisQuestion['kind']>(
  question: Extract<AnalysisQuestion, { kind: K }>,
): AnswerTo<K> {
  const response = chart.answer({ kind: 'analysis', question });
  assert.ok(response.kind === 'analysis' && response.answer?.kind === question.kind);
  return response.answer as AnswerTo<K>;
}

/** The wait of this rank, as the server has it. */
function wait(rank: number): Segment {
  const segment = chart.longWait(rank);
  assert.ok(segment);
  return segment;
}

describe('views of a part of the run', () => {
  const host = new ChartPage({ wallNs: 1, lanes: [] }, null);
  const served = serveChart(host);
  let page: Page;
  before(async () => {
    const backend = chartBackend(chart);
    host.answerFrom({
      ...backend,
      meta,
      // The finding is made up, and so is what shows it.
      analysis: (question) =>
        question.kind === 'evidence'
          ? { kind: 'evidence', segment: wait(EVIDENCE_RANK) }
          : backend.analysis(question),
    });
    page = await openChart(served.browser, served.url);
  });

  const firstCells = async (panel: string): Promise<string[]> =>
    page.locator(`#panel-${panel} tbody tr:not(.spacer)`).first().locator('td').allInnerTexts();

  it('lights up the holders of a wait with their lines, and says who let it go', async () => {
    await setTheme(page, THEMES.dark);
    await page.locator('.stage').focus();
    await page.keyboard.press('n');
    await answered(page);
    const longest = wait(0);
    assert.ok(longest.releasedBy);
    const releaser = meta.lanes[longest.releasedBy.lane]?.name ?? '?';
    await page.getByRole('status').getByText(`let go by ${releaser}`).waitFor();
    const [holder] = longest.holders;
    assert.ok(holder?.place);
    const lit = await page.locator('#panel-lines tr.lit-holder .link').allInnerTexts();
    assert.ok(lit.includes(formatPlace(holder.place)), String(lit));
    // The box around the longest hold, in the colour of text.
    const overlay = await readCanvas(page, 'lanes');
    const { left, width } = await stageBox(page);
    const { t0, t1 } = await savedState(page);
    const hold = longest.holds.toSorted((a, b) => b.endNs - b.startNs - a.endNs + a.startNs)[0];
    assert.ok(hold);
    const x = left + (((hold.startNs + hold.endNs) / 2 - t0) / (t1 - t0)) * width;
    const y = hold.lane * rowPitch(LANES) + 2;
    const at = (y * overlay.width + Math.round(x)) * 4;
    assert.ok((overlay.data[at] ?? 0) > 150, 'an edge above the hold');
    await screenshot(page, 'chart-cause');
  });

  it('selects a span by keys, and all tables follow it', async () => {
    const longest = wait(0);
    await page.keyboard.press('[');
    await answered(page);
    const scope = { fromNs: longest.startNs, toNs: longest.endNs, lanes: null };
    const { sums } = ask({ kind: 'sums', scope });
    const most = sums.lines.toSorted((a, b) => b.blocks.selfNs - a.blocks.selfNs)[0];
    assert.ok(most);
    const length = formatDuration(longest.endNs - longest.startNs);
    await page.locator('.scope').getByText(`${length} selected`).waitFor();
    const [place = '', blocks = ''] = await firstCells('lines');
    assert.ok(place.startsWith(formatPlace(most)), place);
    assert.equal(blocks.trim(), formatDuration(most.blocks.selfNs));
    await openTab(page, 'Threads');
    const waited = sums.lanes.toSorted((a, b) => b.waitNs - a.waitNs)[0];
    const cells = await firstCells('threads');
    assert.equal(cells[0], meta.lanes[waited?.lane ?? -1]?.name);
    assert.ok(cells[6]?.startsWith(formatDuration(waited?.waitNs ?? -1)), String(cells));
    await openTab(page, 'Who blocked whom');
    const [pair] = sums.blame;
    const blame = await firstCells('blame .table-view');
    assert.deepEqual([blame[2], blame[3]?.trim()], ['GIL', formatDuration(pair?.ns ?? -1)]);
    await openTab(page, 'Segments');
    const rows = await page.locator('#panel-segments tbody tr').count();
    const question = { kind: 'segments', lane: longest.lane, ...scope, limit: 200 } as const;
    assert.equal(rows, ask(question).segments.length);
    await page.getByRole('button', { name: 'Clear selection' }).click();
    await answered(page);
    assert.equal(await page.locator('.scope').count(), 0);
  });

  it('shows who blocked whom as a matrix, whose cells say what the list says', async () => {
    await openTab(page, 'Who blocked whom');
    const { sums } = ask({ kind: 'sums', scope: { fromNs: 0, toNs: meta.wallNs, lanes: null } });
    const most = sums.blame.toSorted((a, b) => b.ns - a.ns)[0];
    assert.ok(most?.holder);
    const waiters = page.locator('#panel-blame .matrix tbody tr');
    const waiter = `${formatPlace(most.waiter)} ${most.waiter.function}`.trim();
    const row = waiters.filter({
      has: page.locator(`th[title="${waiter}"]`),
    });
    const holders = await page
      .locator('#panel-blame .matrix thead th')
      .evaluateAll((heads) => heads.map((head) => head.getAttribute('title')));
    const holder = `${formatPlace(most.holder)} ${most.holder.function}`.trim();
    const cell = row.locator('td').nth(holders.indexOf(holder));
    await cell.hover();
    const said = await page.locator('#panel-blame .explain').innerText();
    assert.equal(said, await cell.locator('.hidden').textContent());
    for (const part of [waiter, holder, formatDuration(most.ns), String(most.count)]) {
      assert.ok(said.replaceAll(',', '').includes(part), `${part} in ${said}`);
    }
    // Of the lines that its waiter waited for, it is the darkest.
    const heats = await row
      .locator('td')
      .evaluateAll((cells) =>
        cells.map((each) => Number(each.querySelector<HTMLElement>('.heat')?.style.opacity ?? 0)),
      );
    const ofLines = heats.filter((_, column) => holders[column]?.includes(':'));
    assert.equal(Math.max(...ofLines), heats[holders.indexOf(holder)]);
    assert.ok(ofLines.length > 2);
  });

  it('measures between two points with the pointer', async () => {
    await page.locator('.stage').focus();
    await page.keyboard.press('0');
    const { x, y, left, width } = await stageBox(page);
    await page.keyboard.down('Shift');
    await page.mouse.move(x + left + width * 0.25, y + 40);
    await page.mouse.down();
    await page.mouse.move(x + left + width * 0.5, y + 40, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await answered(page);
    const text = await page.locator('.scope').innerText();
    // The ends may have snapped to a change of state some pixels away.
    const [, selected = ''] = /^(.*) selected/.exec(text) ?? [];
    const expected = meta.wallNs / 4 / 1e6;
    assert.ok(Math.abs(Number.parseFloat(selected) - expected) < expected * 0.1, text);
    await page.mouse.click(x + left + 5, y - 8);
    await answered(page);
    assert.equal(await page.locator('.scope').count(), 0, 'a click on the axis clears it');
  });

  it('zooms to what is dragged in the overview: a new window, the window, its edges', async () => {
    await page.locator('.stage').focus();
    await page.keyboard.press('0');
    await settle(page);
    const { x, left, width } = await stageBox(page);
    const strip = await page.locator('canvas[data-part="stripWindow"]').boundingBox();
    assert.ok(strip);
    /** Drags from one share of the run to another; the view as shares, and its length. */
    const drag = async (from: number, to: number): Promise<readonly [number, number, number]> => {
      const y = strip.y + strip.height / 2;
      await page.mouse.move(x + left + from * width, y);
      await page.mouse.down();
      await page.mouse.move(x + left + to * width, y, { steps: 4 });
      await page.mouse.up();
      await settle(page);
      const { t0, t1 } = await savedState(page);
      return [t0 / meta.wallNs, t1 / meta.wallNs, (t1 - t0) / meta.wallNs];
    };
    const near = (share: number, expected: number, what: string): void =>
      assert.ok(Math.abs(share - expected) * width < 2, `${what}: ${share}, not ${expected}`);
    const drawn = await drag(0.6, 0.4);
    near(drawn[0], 0.4, 'start of the drawn window');
    near(drawn[1], 0.6, 'its end');
    const moved = await drag(0.5, 0.7);
    near(moved[0], 0.6, 'start of the moved window');
    near(moved[2], drawn[2], 'its length');
    const earlier = await drag(0.6, 0.5);
    near(earlier[0], 0.5, 'the dragged start');
    near(earlier[1], moved[1], 'the end beside it');
    const later = await drag(0.8, 0.9);
    near(later[0], earlier[0], 'the start beside the dragged end');
    near(later[1], 0.9, 'the dragged end');
    const beside = await drag(0.25, 0.25);
    near((beside[0] + beside[1]) / 2, 0.25, 'the middle, where it was pressed');
    near(beside[2], later[2], 'the length of the window that came there');
    const atStart = await drag(0.3, 0.01);
    near(atStart[0], 0, 'no further than the start');
    near(atStart[2], later[2], 'the length there');
    assert.equal(await page.locator('.scope').count(), 0, 'nothing is selected by it');
    await page.keyboard.press('0');
  });

  it('filters threads and files, and orders lanes', async () => {
    const filter = page.getByRole('combobox', { name: 'Filter threads' });
    const names = (): Promise<string[]> => page.locator('.label-name').allTextContents();
    await filter.fill('worker-3');
    await answered(page);
    assert.deepEqual(await names(), ['worker-3']);
    await openTab(page, 'Threads');
    assert.equal(await page.locator('#panel-threads tbody tr').count(), 1);
    await openTab(page, 'Lines');
    await filter.fill('file:cache.py');
    await answered(page);
    const places = await page.locator('#panel-lines .link').allInnerTexts();
    assert.ok(places.length > 5 && places.every((place) => place.startsWith('cache.py:')));
    await filter.fill('');
    await page.getByLabel('Order of the threads').selectOption('wait');
    await answered(page);
    const byWait = meta.lanes.toSorted((a, b) => b.waitNs - a.waitNs).map(({ name }) => name);
    assert.deepEqual(await names(), byWait);
    await page.getByLabel('Order of the threads').selectOption('start');
  });

  it('draws the states of the events at random places, straight from the server’s tiles', async () => {
    await page.getByRole('button', { name: 'Collapse idle time', pressed: false }).waitFor();
    await page.locator('.stage').focus();
    // Nothing is selected, and nothing pointed at: no boxes lie over the bars.
    for (const key of ['Escape', '0']) await page.keyboard.press(key);
    const { x, y, left, width } = await stageBox(page);
    let pure = 0;
    for (const place of [0.1, 0.83, 0.42, 0.6]) {
      await page.mouse.move(x + left + width * place, y + 30);
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -230);
      await page.keyboard.up('Control');
      await page.mouse.move(5, 5);
      await settle(page);
      const pixels = await readLanes(page);
      const { t0, t1 } = await savedState(page);
      for (let lane = 0; lane < LANES; lane++) {
        const box = { top: lane * rowPitch(LANES) + 4, height: barHeight(rowPitch(LANES)) };
        if (box.top + box.height > pixels.height) break;
        pure += assertLane(pixels, { lane: laneOf(run, lane), ...box, t0, t1 });
      }
    }
    assert.ok(pure > 1000, `only ${pure} columns of one state`);
    await page.keyboard.press('0');
  });

  it('shows a flame graph that can be walked, zoomed and opened', async () => {
    await openTab(page, 'Flame graph');
    const scope = { fromNs: 0, toNs: meta.wallNs, lanes: null };
    const { flame } = ask({ kind: 'flame', scope, cost: 'hold', order: 'merged' });
    const boxes = page.locator('.flame-box');
    const whole = await boxes.count();
    assert.ok(whole > 20);
    const [first] = flame.frames;
    assert.ok(first);
    const label = await boxes.first().getAttribute('aria-label');
    assert.ok(label?.includes(formatPlace(first)), label ?? '');
    await boxes.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    await settle(page);
    assert.ok((await boxes.count()) < whole, 'zoomed');
    const count = host.sent('goto').length;
    await page.keyboard.press('Enter');
    await settle(page);
    assert.equal(host.sent('goto').length, count + 1);
    await page.keyboard.press('Escape');
    await settle(page);
    assert.equal(await boxes.count(), whole);
    await page.getByRole('button', { name: 'In time' }).click();
    await answered(page);
    // It may be a pixel wide.
    await boxes.first().dispatchEvent('click');
    await answered(page);
    await page.locator('.scope').getByText('selected').waitFor();
    await page.getByRole('button', { name: 'Clear selection' }).click();
    await page.getByRole('button', { name: 'Merged' }).click();
    await answered(page);
    await screenshot(page, 'chart-flame');
  });

  it('shows how long holds and waits were', async () => {
    await openTab(page, 'Lengths');
    const scope = { fromNs: 0, toNs: meta.wallNs, lanes: null };
    const { hold, wait: waits } = ask({ kind: 'sums', scope }).sums.histograms;
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    const captions = await page.locator('.histogram figcaption').allInnerTexts();
    assert.ok(captions[0]?.includes(sum(hold).toLocaleString('en-US')), captions[0]);
    assert.ok(captions[1]?.includes(sum(waits).toLocaleString('en-US')), captions[1]);
    await screenshot(page, 'chart-lengths');
  });

  it('shows the evidence of a finding in the timeline', async () => {
    await openTab(page, 'Findings');
    await page.getByRole('button', { name: 'Show in the timeline' }).click();
    await answered(page);
    const evidence = wait(EVIDENCE_RANK);
    const { t0, t1, cursor } = await savedState(page);
    assert.ok(t0 < evidence.startNs && evidence.endNs < t1);
    assert.equal(cursor?.lane, evidence.lane);
    const length = formatDuration(evidence.endNs - evidence.startNs);
    await page.getByRole('status').getByText(`waiting ${length}`).waitFor();
    assert.ok(await page.locator('.stage').evaluate((stage) => stage === document.activeElement));
    await page.keyboard.press('0');
  });

  it('collapses idle time', async () => {
    const { spans } = ask({ kind: 'idle', leastNs: Math.floor(meta.wallNs / 100) });
    assert.deepEqual(spans, [], 'this run is never idle for long');
    await page.getByRole('button', { name: 'Collapse idle time' }).click();
    await answered(page);
    const { t0, t1 } = await savedState(page);
    assert.deepEqual([t0, t1], [0, meta.wallNs]);
    await page.getByRole('button', { name: 'Collapse idle time' }).click();
  });

  it('draws curves of the load above the lanes, which can be hidden', async () => {
    const curves = await readCanvas(page, 'curves');
    const { data } = curves;
    let blue = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === 74 && data[at + 1] === 163 && data[at + 2] === 255) blue++;
    }
    assert.ok(blue > 500, `${blue} pixels of the GIL load`);
    const toggle = page.getByRole('button', { name: 'GIL load' });
    await toggle.click();
    await settle(page);
    assert.ok(!(await page.locator('canvas[data-part="curves"]').isVisible()));
    await toggle.click();
    await answered(page);
  });

  it('has nothing for axe-core in any view and theme, also at 200 % and with a span', async () => {
    await page.locator('.stage').focus();
    for (const key of ['n', '[']) await page.keyboard.press(key);
    await answered(page);
    for (const [name, theme] of Object.entries(THEMES)) {
      await setTheme(page, theme);
      for (const tab of TABS) {
        await openTab(page, tab);
        assert.deepEqual(await axeViolations(page), [], `${tab} in ${name}`);
      }
    }
    // 200 % of a window of 1200 × 720 leaves half of its CSS pixels.
    await page.setViewportSize({ width: 600, height: 360 });
    await openTab(page, 'Lines');
    assert.deepEqual(await axeViolations(page), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.ok(!wide, 'nothing is cut off at the right');
    const cut = await page
      .getByRole('status')
      .evaluate((status) => status.scrollWidth > status.clientWidth);
    assert.ok(!cut, 'the status line is not cut');
    await screenshot(page, 'chart-200-percent');
    assert.deepEqual(await policyViolations(page), []);
  });
});
