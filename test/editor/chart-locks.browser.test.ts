/** The chart of a recorded program whose threads wait for a lock: filters, the table of locks, evidence, arrows. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { formatCount, formatDuration, formatPlace } from '../../extension/chart/format';
import { rowPitch } from '../../extension/chart/rows';
import { analyseRun } from '../../server/cli/analyse';
import type { ChartMeta, ChartRequest, ChartResponse, Segment } from '../../server/protocol-chart';
import { askChart } from '../support/ask-chart';
import { ChartPage } from '../support/chart-page';
import { THEMES } from '../support/themes';
import {
  answered,
  axeViolations,
  openChart,
  openTab,
  readCanvas,
  savedState,
  screenshot,
  setTheme,
  stageBox,
} from './support/chart-driver';
import { serveChart } from './support/serve-chart';

const { chart } = analyseRun('test/fixtures/profiles/trace-2.gilscope', true);

function answer<K extends ChartResponse['kind']>(
  request: ChartRequest,
  kind: K,
): Extract<ChartResponse, { kind: K }> {
  const response = chart(request);
  assert.equal(response.kind, kind);
  return response as Extract<ChartResponse, { kind: K }>;
}

function metaOfRun(): ChartMeta {
  const { meta } = answer({ kind: 'meta' }, 'meta');
  assert.ok(meta);
  // The program's source, which names it, is not there.
  const locks = meta.locks.map((each, index) => (index === 0 ? { ...each, name: 'LOCK' } : each));
  return { ...meta, locks };
}

/** The waits for locks of a lane, uncut. */
function lockWaits(lane: number, fromNs: number, toNs: number): Segment[] {
  const { segments } = askChart(
    { answer: chart },
    { kind: 'segments', lane, fromNs, toNs, limit: 200 },
  );
  return segments.filter(({ state }) => state === 'lock');
}

/** Of a duration as the tables say it. */
function msOf(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1e3, ms: 1, µs: 1e-3, ns: 1e-6 };
  const [, number = '', unit = ''] = /^([\d.]+)\s(\S+)$/.exec(text.trim()) ?? [];
  return Number(number) * (units[unit] ?? NaN);
}

function longestLockWait(): Segment {
  const all = metaOfRun().lanes.flatMap((_, lane) => lockWaits(lane, 0, metaOfRun().wallNs));
  const [longest] = all.toSorted((a, b) => b.endNs - b.startNs - a.endNs + a.startNs);
  assert.ok(longest);
  return longest;
}

describe('a chart with locks', () => {
  const meta = metaOfRun();
  const [lock] = meta.locks;
  const host = new ChartPage({ wallNs: 1, lanes: [] }, null);
  const served = serveChart(host);
  let page: Page;
  before(async () => {
    host.answerFrom({
      meta,
      tile: (level, index, of) =>
        Buffer.from(answer({ kind: 'tile', level, index, page: of }, 'tile').base64, 'base64'),
      segment: (request) => answer(request, 'segment').segment,
      analysis: (question) => answer({ kind: 'analysis', question }, 'analysis').answer,
    });
    page = await openChart(served.browser, served.url);
    await setTheme(page, THEMES.dark);
  });

  const filter = async (text: string): Promise<string[]> => {
    await page.getByRole('combobox', { name: 'Filter threads' }).fill(text);
    await answered(page);
    return (await page.locator('.label-name').allTextContents()).toSorted();
  };
  const finds = async (text: string, names: readonly string[]): Promise<void> => {
    const found = await filter(text);
    const isNone = await page.locator('.body > .nothing').isVisible();
    assert.equal(isNone, names.length === 0, text);
    if (!isNone) assert.deepEqual(found, names, text);
  };
  const lockRow = (): Promise<string[]> =>
    page
      .locator('#panel-locks tbody tr:not(.spacer)', { hasText: lock?.name ?? '' })
      .first()
      .locator('td')
      .allInnerTexts();

  it('filters by lock, process and several files', async () => {
    assert.equal(lock?.name, 'LOCK');
    const all = await filter('');
    const servers = all.filter((name) => name.startsWith('server-'));
    assert.equal(servers.length, 2);
    await finds('lock:LOCK', servers);
    await openTab(page, 'Threads');
    assert.equal(await page.locator('#panel-threads tbody tr').count(), 2);
    await finds('lock:none', []);
    await finds(`process:${meta.processes[0]?.pid ?? 0}`, all);
    await finds('process:none', []);
    await finds('file:none.py', []);
    await finds('file:none.py file:shop.py', all);
    await finds('file:shop.py lock:LOCK thread:server-1', ['server-1']);
    await finds('', all);
  });

  it('has in the table of locks what the selected span holds', async () => {
    await openTab(page, 'Locks');
    const whole = await lockRow();
    assert.equal(whole[1]?.trim(), formatDuration(lock?.waitNs ?? 0));
    assert.equal(whole[3]?.trim(), formatCount(lock?.acquires ?? 0));
    await page.locator('.stage').focus();
    await page.keyboard.press('0');
    const { x, y, left, width } = await stageBox(page);
    const wait = longestLockWait();
    // From the middle of a wait on.
    const from = (wait.startNs + wait.endNs) / 2 / meta.wallNs;
    await page.keyboard.down('Shift');
    await page.mouse.move(x + left + width * from, y + 40);
    await page.mouse.down();
    await page.mouse.move(x + left + width * 0.99, y + 40, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await answered(page);
    await page.getByText('Python locks, in the selected part').waitFor({ state: 'attached' });
    const part = await lockRow();
    // The pointer's places, a pixel wide.
    const [fromNs, toNs] = [from * meta.wallNs, 0.99 * meta.wallNs];
    const cuts = meta.lanes.flatMap((_, lane) =>
      lockWaits(lane, fromNs, toNs).map(
        ({ startNs, endNs }) => Math.min(endNs, toNs) - Math.max(startNs, fromNs),
      ),
    );
    const waitedMs = cuts.reduce((sum, ns) => sum + ns, 0) / 1e6;
    const slackMs = ((meta.wallNs / width) * 20) / 1e6;
    assert.ok(Math.abs(Number.parseFloat(part[1] ?? '') - waitedMs) < slackMs, String(part));
    assert.ok(Number(part[3]) === cuts.length, String(part));
    assert.equal(part.length, 5, 'acquisitions and the like are known of the whole run only');
    assert.deepEqual(await axeViolations(page), []);
    await screenshot(page, 'chart-locks-span');
    await openTab(page, 'Who blocked whom');
    const pairs = page.locator('#panel-blame .table-view tbody tr', { hasText: 'LOCK' });
    const times = await pairs.locator('td:nth-child(4)').allInnerTexts();
    const blamedMs = times.reduce((sum, text) => sum + msOf(text), 0);
    assert.ok(
      Math.abs(blamedMs - msOf(part[1] ?? '')) < times.length,
      `${String(times)} ${part[1] ?? ''}`,
    );
    const box = page.locator('.matrix-box');
    const widthOf = async (): Promise<number> => (await box.boundingBox())?.width ?? 0;
    const before = await widthOf();
    await page.locator('.matrix td:has(.heat)').first().hover();
    assert.match(await box.locator('.explain').innerText(), / waited .* \(.*(LOCK|GIL)/);
    assert.equal(await widthOf(), before, 'what is pointed at makes nothing jump');
    const cutOff = await page
      .locator('#panel-blame .table-view table')
      .evaluate((table) => table.getBoundingClientRect().right - innerWidth);
    assert.ok(cutOff <= 0, `columns cut off by ${cutOff} px`);
    await screenshot(page, 'chart-blame-span');
    await page.getByRole('button', { name: 'Clear selection' }).click();
    await openTab(page, 'Locks');
    assert.deepEqual(await lockRow(), whole);
  });

  it('shows a wait for the lock as the evidence of what is found about it', async () => {
    await openTab(page, 'Findings');
    const found = meta.findings.findIndex(({ evidence }) => evidence['lock'] === lock?.id);
    assert.ok(found >= 0, 'a finding about the lock');
    const wait = longestLockWait();
    const row = page.locator('.finding', { hasText: meta.findings[found]?.message ?? '' });
    await row.getByRole('button', { name: 'Show in the timeline' }).click();
    await answered(page);
    const length = formatDuration(wait.endNs - wait.startNs);
    await page.getByRole('status').getByText(`lock wait ${length}`).waitFor();
    assert.equal((await savedState(page)).cursor?.lane, wait.lane);
  });

  it('while the pointer is on a wait lights its holders and leads an arrow to who let go', async () => {
    const wait = longestLockWait();
    const [holder] = wait.holders;
    assert.ok(wait.releasedBy && holder?.place);
    await openTab(page, 'Lines');
    await page.locator('#panel-lines').getByRole('searchbox').fill('shop.py');
    await page.locator('.stage').focus();
    for (const key of ['Escape', '0']) await page.keyboard.press(key);
    await page.mouse.move(5, 5);
    await answered(page);
    assert.equal(await page.locator('#panel-lines tr[class*="lit-"]').count(), 0);
    const { x, y, left, width } = await stageBox(page);
    const { t0, t1 } = await savedState(page);
    const xOf = (ns: number): number => left + ((ns - t0) / (t1 - t0)) * width;
    const before = await readCanvas(page, 'lanes');
    const pitch = rowPitch(meta.lanes.length);
    const top = wait.lane * pitch + pitch / 2;
    await page.mouse.move(x + xOf((wait.startNs + wait.endNs) / 2), y + top);
    await answered(page);
    await screenshot(page, 'chart-hover');
    const lit = await page.locator('#panel-lines tr[class*="lit-"] .link').allInnerTexts();
    assert.ok(lit.includes(formatPlace(holder.place)), `lit: ${String(lit)}`);
    const tip = await page.locator('.tooltip').innerText();
    assert.ok(tip.includes('Lock') && tip.includes(meta.lanes[holder.lane]?.name ?? '?'), tip);
    // Its head lies in the releaser's lane, beside the moment of the release.
    const after = await readCanvas(page, 'lanes');
    const head = {
      x: Math.round(xOf(wait.releasedBy.endNs)) + 4,
      y: Math.round(wait.releasedBy.lane * pitch + pitch / 2),
    };
    const at = (head.y * after.width + head.x) * 4;
    const isLight = ({ data }: { readonly data: Uint8Array }): boolean =>
      [...data.subarray(at, at + 3)].every((channel) => channel > 150);
    assert.ok(isLight(after), 'the head');
    assert.ok(!isLight(before), 'which was not there before');
  });
});
