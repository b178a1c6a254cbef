/** Two profiles beside each other in the chart: lines, threads, and in all. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { Curves } from '../../server/protocol-analysis';
import {
  COMPARED_METRICS,
  LINE_COSTS,
  type Change,
  type ComparedLine,
  type ComparedMetric,
  type ComparedThread,
  type ComparisonView,
  type LineCost,
  type LineMatch,
} from '../../server/protocol-comparison';
import { chartBackend, ChartPage } from '../support/chart-page';
import { largeRun } from '../support/large-run';
import { THEMES } from '../support/themes';
import {
  axeViolations,
  openChart,
  policyViolations,
  savedState,
  screenshot,
  setTheme,
  settle,
  tell,
} from './support/chart-driver';
import { serveChart } from './support/serve-chart';

const MS = 1e6;
const change = (beforeMs: number, afterMs: number, spreadMs = 0): Change => ({
  before: beforeMs * MS,
  after: afterMs * MS,
  spread: spreadMs * MS,
});
const NONE = change(0, 0);

function line(
  number: number,
  name: string,
  costs: Partial<Record<LineCost, Change>>,
  match: LineMatch = 'same',
): ComparedLine {
  const all = Object.fromEntries(LINE_COSTS.map((cost) => [cost, costs[cost] ?? NONE]));
  const place = { file: '/app/shop.py', line: number, function: name };
  const changes = all as Record<LineCost, Change>;
  const before = match === 'after' ? null : { ...place, line: number + 2 };
  return { match, before, after: match === 'before' ? null : place, self: changes, total: changes };
}

function thread(name: string, costs: Partial<ComparedThread>): ComparedThread {
  const named = { pid: 1, tid: 2, name, gil: '1/0' };
  const rest = { hold: NONE, wait: NONE, blocks: NONE, off: NONE, lockWait: NONE };
  return { before: named, after: named, ...rest, ...costs };
}

const curves = (toMs: number, load: number): Curves => ({
  fromNs: 0,
  toNs: toMs * MS,
  gilLoad: [load, load],
  parallel: [1, 1],
  queue: [0, 0],
});

const run = {
  command: ['shop.py'],
  startedAt: '2026-01-01T00:00:00.000Z',
  lostEvents: 0,
  exit: { code: 0, signal: null },
};
const totals = Object.fromEntries(COMPARED_METRICS.map((metric) => [metric, NONE]));
const VIEW: ComparisonView = {
  beforeTitle: 'slow.gilscope',
  afterTitle: 'shop.py',
  beforeCurves: curves(800, 0.5),
  afterCurves: curves(400, 0.25),
  comparison: {
    format: 'gilscope-comparison',
    version: 1,
    before: { ...run, wallNs: 800 * MS },
    after: { ...run, wallNs: 400 * MS },
    totals: {
      ...(totals as Record<ComparedMetric, Change>),
      wall: { ...change(800, 400), spread: null },
      wait: change(320, 45, 20),
      contended: { before: 40, after: 41, spread: 18 },
    },
    unknown: Object.fromEntries(COMPARED_METRICS.map((metric) => [metric, null])) as Record<
      ComparedMetric,
      null
    >,
    lines: [
      line(7, 'read', { wait: change(310, 40, 20), hold: change(20, 21, 9) }),
      line(30, 'more', { blocks: change(0, 90, 10) }, 'after'),
      line(44, 'gone', { wait: change(12, 0, 1) }, 'before'),
    ],
    threads: [
      thread('reader', { hold: change(100, 100, 5), wait: change(300, 50), off: change(400, 250) }),
      thread('writer', { hold: change(400, 200), off: change(400, 200), lockWait: change(100, 0) }),
    ],
    notes: ['Python 3.11.9 before, 3.12.1 after.'],
  },
};

describe('a comparison in the chart', () => {
  const host = new ChartPage({ wallNs: 1, lanes: [] }, null);
  const served = serveChart(host);
  let page: Page;
  before(async () => {
    host.answerFrom(chartBackend(largeRun(2, 400, { seed: 5 }).chart));
    page = await openChart(served.browser, served.url);
  });

  const rows = async (): Promise<string[][]> =>
    page
      .locator('#panel-compare tbody tr')
      .evaluateAll((all) =>
        all.map((row) =>
          [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.trim()),
        ),
      );
  const part = async (name: string): Promise<void> => {
    await page.locator('#panel-compare').getByRole('button', { name, exact: true }).click();
    await settle(page);
  };
  const width = async (row: number, side: string, state: string): Promise<number> => {
    const lane = page.locator('#panel-compare tbody tr').nth(row).locator(`.lane-${side}`);
    return (await lane.locator(`.${state}`).boundingBox())?.width ?? 0;
  };

  it('is not there before two profiles are compared', async () => {
    assert.equal(await page.getByRole('tab', { name: 'Comparison' }).count(), 0);
  });

  it('comes to the front, with the line that changed most first', async () => {
    await tell(page, { type: 'comparison', view: VIEW });
    await settle(page);
    const tab = page.getByRole('tab', { name: 'Comparison' });
    assert.equal(await tab.getAttribute('aria-selected'), 'true');
    assert.ok(await page.getByText('slow.gilscope → shop.py').isVisible());
    assert.deepEqual(
      (await rows()).map((cells) => cells.filter((text) => text !== '–')),
      [
        ['shop.py:7readwas line 9', 'Wait', '≈ 21 ms', '310 ms → 40 ms −87 %'],
        ['shop.py:30more(new)', 'Blocks', '0 → 90 ms'],
        ['shop.py:46gone(gone)', 'Wait', '12 ms → 0 −100 %'],
      ],
    );
  });

  it('opens the lines that are there', async () => {
    await page.locator('#panel-compare').getByRole('button', { name: 'shop.py:7' }).click();
    assert.deepEqual(host.sent('goto').at(-1), { type: 'goto', file: '/app/shop.py', line: 7 });
    const gone = page.locator('#panel-compare').getByRole('button', { name: 'shop.py:46' });
    assert.equal(await gone.count(), 0);
  });

  it('draws each thread before and after to one scale', async () => {
    await part('Threads');
    // Largest change of the wait first.
    const [first = [], second = []] = await rows();
    assert.deepEqual([first[0], second[0]], ['reader', 'writer']);
    assert.ok(first.includes('300 ms → 50 ms −83 %'), String(first));
    const unit = (await width(0, 'before', 'holding')) / 100;
    const near = (value: number, expected: number): void =>
      assert.ok(Math.abs(value - expected) < 1.5, `${value} for ${expected}`);
    near(await width(0, 'before', 'waiting'), 300 * unit);
    near(await width(0, 'after', 'waiting'), 50 * unit);
    near(await width(1, 'before', 'holding'), 400 * unit);
    near(await width(1, 'before', 'lock'), 100 * unit);
    near(await width(1, 'before', 'off'), 300 * unit);
    near(await width(1, 'after', 'off'), 200 * unit);
    await screenshot(page, 'compare-threads');
  });

  it('has the runs in all, with the load of the GIL in both on one scale of time', async () => {
    await part('In all');
    const all = new Map((await rows()).map(([name = '', text = '']) => [name, text]));
    assert.equal(all.get('Duration of the run'), '800 ms → 400 ms −50 %');
    assert.equal(all.get('Waited for the GIL'), '320 ms → 45 ms −86 %');
    assert.equal(all.get('Contended acquisitions'), '≈ 41');
    assert.ok(await page.getByText('before: slow.gilscope, 800 ms, GIL held 50 %').isVisible());
    assert.ok(await page.getByText('Python 3.11.9 before').isVisible());
    const ends = await page
      .locator('.compare-load path')
      .evaluateAll((paths) => paths.map((path) => (path as SVGPathElement).getBBox().width));
    assert.ok(Math.abs((ends[0] ?? 0) / (ends[1] ?? 1) - 2) < 0.01, String(ends));
  });

  it('is accessible in every theme', async () => {
    for (const [name, theme] of Object.entries(THEMES)) {
      await setTheme(page, theme);
      for (const each of ['Lines', 'Threads', 'In all']) {
        await part(each);
        assert.deepEqual(await axeViolations(page), [], `${name}, ${each}`);
      }
      await part('Lines');
      await screenshot(page, `compare-${name}`);
    }
    assert.deepEqual(await policyViolations(page), []);
  });

  it('stays where the user went, also after a reload, and goes when it is over', async () => {
    await page.getByRole('tab', { name: 'Threads' }).click();
    await settle(page);
    assert.equal((await savedState(page)).compared, 'slow.gilscope');
    await page.reload();
    await settle(page);
    await tell(page, { type: 'comparison', view: VIEW });
    await settle(page);
    const threads = page.getByRole('tab', { name: 'Threads' });
    assert.equal(await threads.getAttribute('aria-selected'), 'true');
    await page.getByRole('tab', { name: 'Comparison' }).click();
    await tell(page, { type: 'comparison', view: null });
    await settle(page);
    assert.equal(await page.getByRole('tab', { name: 'Comparison' }).count(), 0);
    const lines = page.getByRole('tab', { name: 'Lines' });
    assert.equal(await lines.getAttribute('aria-selected'), 'true');
  });
});
