/** The chart's pages: many lanes, growing runs, nothing to show; themes, accessibility, texts, what is kept. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { Finding } from '../../server/protocol';
import type { ChartMeta } from '../../server/protocol-chart';
import { barHeight, rowPitch } from '../../extension/chart/rows';
import { ChartPage } from '../support/chart-page';
import { fakeMeta } from '../support/fake-chart';
import { randomRun, simulatedRun, type FakeRun } from '../support/fake-run';
import { THEMES } from '../support/themes';
import {
  axeViolations,
  openChart,
  policyViolations,
  readLanes,
  savedState,
  screenshot,
  settle,
  setTheme,
  tell,
} from './support/chart-driver';
import { assertLane } from './support/lane-pixels';
import { serveChart } from './support/serve-chart';
import { NOTHING_LOST } from '../support/profiles';

const MS = 1e6;
const FINDINGS: readonly Finding[] = [
  {
    rule: 'gil-hog',
    severity: 'information',
    where: null,
    message: 'parser held the GIL for 71 % of the run.',
    evidence: {},
  },
  {
    rule: 'convoy',
    severity: 'warning',
    where: { file: '/home/ada/shop/worker.py', line: 57 },
    message: 'io-poll gives the GIL up for 40 µs and waits 5 ms to get it back, 812 times.',
    evidence: {},
  },
];

/** A program with two busy threads, two that do input and output, and a main thread that sleeps. */
function busyRun(): FakeRun {
  const off = 'off' as const;
  const behaviours = [
    { burstNs: 3 * MS, awayNs: 40 * MS, away: off, startNs: 0 },
    { burstNs: 400 * MS, awayNs: 30 * MS, away: off, startNs: 120 * MS },
    { burstNs: 300 * MS, awayNs: 60 * MS, away: 'lock' as const, startNs: 160 * MS },
    { burstNs: 0.2 * MS, awayNs: 2 * MS, away: off, startNs: 200 * MS },
  ];
  return simulatedRun(behaviours, 2000 * MS, 7);
}

describe('pages of the chart', () => {
  const host = new ChartPage(busyRun(), null);
  const served = serveChart(host);

  const open = async (run: FakeRun, meta: ChartMeta | null): Promise<Page> => {
    host.replace(run, meta);
    return openChart(served.browser, served.url);
  };

  it('has nothing for axe-core and no breach of the policy, in each theme and on each tab', async () => {
    const run = busyRun();
    const names = ['MainThread', 'parser', 'indexer', 'io-poll'];
    const lost = {
      ...NOTHING_LOST,
      events: 1200,
      samples: 3,
      reason: 'The trace was at its bound.',
    };
    const page = await open(run, fakeMeta(run, { names, lost, findings: FINDINGS, live: true }));
    for (const [name, theme] of Object.entries(THEMES)) {
      await setTheme(page, theme);
      for (const tab of ['Lines', 'Who blocked whom', 'Findings', 'Threads']) {
        await page.getByRole('tab', { name: tab }).click();
        await settle(page);
        assert.deepEqual(await axeViolations(page), [], `${tab} in ${name}`);
        if (name === 'dark' || tab === 'Lines') {
          await screenshot(page, `chart-${name}-${tab.split(' ')[0]?.toLowerCase() ?? ''}`);
        }
      }
    }
    assert.deepEqual(await policyViolations(page), []);
    await page.context().close();
  });

  it('draws a canvas of the window’s size for 300 lanes, and the right ones when scrolled', async () => {
    const run = randomRun(300, 200, 9);
    const page = await open(run, fakeMeta(run, { lanesPerProcess: 100 }));
    await setTheme(page, THEMES.dark);
    const pitch = rowPitch(303);
    const top = 3 * pitch + 250 * pitch;
    await page.locator('.scroller').evaluate((element, to) => element.scrollTo(0, to), top);
    await settle(page);
    const pixels = await readLanes(page);
    assert.ok(pixels.height < 720);
    const { t0, t1 } = await savedState(page);
    // Three headings are above lane 250, so its row is the first.
    for (const index of [0, 1, 2]) {
      const lane = run.lanes[250 + index];
      assert.ok(lane);
      assertLane(pixels, { lane, top: index * pitch + 4, height: barHeight(pitch), t0, t1 });
    }
    const labels = await page.locator('.label-name').allTextContents();
    assert.equal(labels[0], 'Thread-250');
    assert.ok(labels.length < 40);
    await page.context().close();
  });

  it('grows with a live run without a blank frame, and keeps a view that was chosen', async () => {
    const run = randomRun(4, 3000, 2);
    const half = { ...run, wallNs: run.wallNs / 2 };
    const page = await open(half, fakeMeta(half, { live: true }));
    await page.evaluate(() => {
      const world = window as unknown as { seen: { frames: number; blank: number } };
      world.seen = { frames: 0, blank: 0 };
      const look = (): void => {
        const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-part="lanes"]');
        const data = canvas?.getContext('2d')?.getImageData(240, 15, 400, 1).data;
        world.seen.frames++;
        // Bars hide what is behind them; lines of the grid do not.
        if (data?.some((value, at) => at % 4 === 3 && value === 255) !== true) world.seen.blank++;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    const meta = fakeMeta(run, { live: true, revision: 2 });
    host.replace(run, meta);
    await tell(page, { type: 'meta', meta });
    await settle(page);
    const grown = await savedState(page);
    assert.deepEqual([grown.t0, grown.t1], [0, run.wallNs]);
    const { blank, frames } = await page.evaluate(
      () => (window as unknown as { seen: { frames: number; blank: number } }).seen,
    );
    assert.ok(frames > 5);
    assert.equal(blank, 0);
    await page.locator('.stage').focus();
    await page.keyboard.press('+');
    await settle(page);
    const chosen = await savedState(page);
    const longer = { ...meta, wallNs: run.wallNs * 2, revision: 3 };
    host.replace(run, longer);
    await tell(page, { type: 'meta', meta: longer });
    await settle(page);
    await page.getByRole('tab', { name: 'Threads' }).click();
    await settle(page);
    const kept = await savedState(page);
    assert.deepEqual([kept.t0, kept.t1, kept.tab], [chosen.t0, chosen.t1, 'threads']);
    await page.context().close();
  });

  it('comes back as it was after it was hidden', async () => {
    const run = busyRun();
    const page = await open(run, fakeMeta(run));
    await page.locator('.stage').focus();
    for (const key of ['+', '+', 'Shift+ArrowRight', 'n']) await page.keyboard.press(key);
    await page.getByRole('tab', { name: 'Findings' }).click();
    await settle(page);
    const before = await savedState(page);
    await page.reload();
    await settle(page);
    await page.getByRole('tab', { name: 'Findings', selected: true }).waitFor();
    await page.getByRole('status').getByText('waiting').waitFor();
    await page.locator('.stage').focus();
    await page.keyboard.press('ArrowDown');
    await settle(page);
    const after = await savedState(page);
    assert.deepEqual([after.t0, after.t1], [before.t0, before.t1]);
    await page.context().close();
  });

  it('says what to do when there is no profile, in the host’s words', async () => {
    const page = await open(busyRun(), null);
    await page.getByRole('heading', { name: 'No profile yet' }).waitFor();
    assert.ok((await page.locator('body').innerText()).includes('GILscope: Profile Python File'));
    assert.deepEqual(await axeViolations(page), []);
    await tell(page, { type: 'strings', strings: { 'empty.title': '尚无分析结果' } });
    await page.getByRole('heading', { name: '尚无分析结果' }).waitFor();
    await page.context().close();
  });

  it('of a file, while another profile is the current one, shows it again by a button', async () => {
    const page = await open(busyRun(), null);
    await tell(page, { type: 'file', name: 'kept.gilscope' });
    await page.getByRole('heading', { name: 'kept.gilscope is not the current profile' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await settle(page);
    assert.deepEqual(host.sent('show'), [{ type: 'show' }]);
    await page.context().close();
  });

  it('says what is missing: lost events, unknown stacks, no GIL', async () => {
    const run = busyRun();
    const lost = { ...NOTHING_LOST, events: 7, samples: 0, reason: 'The disk was full.' };
    const meta = fakeMeta(run, { lost, lanesPerProcess: 2 });
    const [first, second] = meta.processes;
    assert.ok(first && second);
    const processes: ChartMeta['processes'] = [
      { ...first, frames: 'unknownVersion', python: '3.16.0' },
      { ...second, gilEnabled: false, messages: ['a warning of the probe'] },
    ];
    const page = await open(run, { ...meta, processes });
    const banners = await page.locator('.banner').allInnerTexts();
    assert.deepEqual(banners, [
      '7 events and 0 samples are missing from this picture. The disk was full.',
      `Process ${first.pid} runs Python 3.16.0, whose stacks are not known: there are times, but no lines.`,
      `Process ${second.pid} runs Python 3.12.7 without a GIL: what threads wait for are locks, also those inside objects.`,
      'a warning of the probe',
    ]);
    await page.context().close();
  });

  it('says why something is missing also where nothing of it is counted', async () => {
    const run = busyRun();
    const bannersOf = async (lost: ChartMeta['lost']): Promise<string[]> => {
      const page = await open(run, fakeMeta(run, { lost }));
      const banners = await page.locator('.banner').allInnerTexts();
      await page.context().close();
      return banners;
    };
    const reason = 'Not everything was recorded: stacks may be missing.';
    assert.deepEqual(await bannersOf({ ...NOTHING_LOST, reason }), [reason]);
    assert.deepEqual(await bannersOf({ ...NOTHING_LOST, samples: 2, reason }), [reason]);
    assert.deepEqual(await bannersOf(NOTHING_LOST), []);
  });

  it('of a run without a GIL shows neither its load nor threads that run as idle', async () => {
    const run = busyRun();
    const meta = fakeMeta(run);
    const tools = (page: Page) => page.getByRole('button', { name: /GIL load/ });
    const off = (page: Page) => page.locator('.legend li', { has: page.locator('.swatch.off') });
    const usual = await open(run, meta);
    assert.equal(await tools(usual).count(), 1);
    assert.ok(await usual.locator('.curves').isVisible());
    assert.equal(await off(usual).innerText(), 'off');
    await usual.context().close();

    const processes = meta.processes.map((process) => ({ ...process, gilEnabled: false }));
    const free = await open(run, { ...meta, processes });
    assert.equal(await tools(free).count(), 0);
    assert.ok(!(await free.locator('.curves').isVisible()));
    assert.equal(await off(free).innerText(), 'running or off');
    await free.context().close();
  });

  it('first shows what cost most: the GIL, or locks', async () => {
    const run = busyRun();
    const meta = fakeMeta(run);
    const sortedBy = (page: Page) => page.locator('#panel-lines th[aria-sort]').innerText();
    const withGil = await open(run, meta);
    assert.match(await sortedBy(withGil), /^Blocks/);
    await withGil.context().close();

    const waited = { selfNs: 9e12, totalNs: 9e12 };
    const lines = meta.lines.map((line, at) => (at === 2 ? { ...line, lockWait: waited } : line));
    const withLocks = await open(run, { ...meta, lines });
    assert.match(await sortedBy(withLocks), /^Lock wait/);
    const place = `${lines[2]?.file.split('/').at(-1)}:${lines[2]?.line}`;
    const first = withLocks.locator('#panel-lines tbody tr:not(.spacer)').first();
    assert.ok((await first.innerText()).includes(place), place);
    await withLocks.context().close();
  });

  it('warns of missing samples only where they matter', async () => {
    const run = busyRun();
    const severityOf = async (reason: string | null): Promise<string | null> => {
      const page = await open(
        run,
        fakeMeta(run, { lost: { ...NOTHING_LOST, samples: 1, reason } }),
      );
      const severity = await page.locator('.banner').getByRole('img').getAttribute('aria-label');
      await page.context().close();
      return severity;
    };
    assert.equal(await severityOf(null), 'Information');
    assert.equal(await severityOf('1 sample is missing.'), 'Warning');
  });

  it('shows the whole name of a process, however long its command', async () => {
    const run = busyRun();
    const meta = fakeMeta(run, { lanesPerProcess: 2 });
    const argv = ['/usr/bin/python3', `/srv/${'long-'.repeat(60)}name.py`];
    const processes = meta.processes.map((each) => ({ ...each, argv }));
    const page = await open(run, { ...meta, processes });
    const cut = await page
      .locator('.label.process .label-name')
      .evaluateAll((names) => names.map((name) => name.scrollWidth > name.clientWidth));
    assert.deepEqual(
      cut,
      processes.map(() => false),
    );
    await page.context().close();
  });

  it('in a narrow panel cuts names in their middle, so that threads of a pool can be told apart', async () => {
    const run = busyRun();
    const meta = fakeMeta(run);
    const lanes = meta.lanes.map((lane, at) => ({ ...lane, name: `ThreadPoolExecutor-0_${at}` }));
    const [line] = meta.lines;
    assert.ok(line);
    const frozen = { file: '<frozen importlib._bootstrap_external>', function: '_load_unlocked' };
    const lines = [488, 1371].map((number) => ({ ...line, ...frozen, line: number }));
    const page = await open(run, { ...meta, lanes, lines });
    await page.setViewportSize({ width: 320, height: 480 });
    await settle(page);
    const places = await page.locator('#panel-lines td.wide').evaluateAll((cells) =>
      cells.map((cell) => {
        const tail = cell.querySelector('.cut')?.lastElementChild;
        const { right } = cell.getBoundingClientRect();
        return [tail?.textContent, (tail?.getBoundingClientRect().right ?? Infinity) <= right];
      }),
    );
    assert.deepEqual(places.toSorted(), [
      ['ernal>:488', true],
      ['rnal>:1371', true],
    ]);
    const names = page.locator('.label.lane .label-name');
    const ends = await names.evaluateAll((all) =>
      all.map((name) => {
        const [head, tail] = [name.firstElementChild, name.lastElementChild];
        const column = name.parentElement?.getBoundingClientRect().right ?? 0;
        return {
          end: tail?.textContent,
          cut: (head?.scrollWidth ?? 0) > (head?.clientWidth ?? 0),
          isInside: (tail?.getBoundingClientRect().right ?? Infinity) <= column,
        };
      }),
    );
    assert.ok(ends.length > 1);
    assert.deepEqual(
      ends,
      ends.map((_, at) => ({ end: `r-0_${at}`, cut: true, isInside: true })),
    );
    await names.nth(1).scrollIntoViewIfNeeded();
    const { x, y, height } = (await names.nth(1).boundingBox()) ?? { x: 0, y: 0, height: 0 };
    await page.mouse.move(x + 4, y + height / 2);
    assert.equal(await page.locator('.stage').getAttribute('title'), 'ThreadPoolExecutor-0_1');
    await screenshot(page, 'chart-narrow');
    await page.mouse.move(300, y + height / 2);
    assert.equal((await page.locator('.stage').getAttribute('title')) ?? '', '');
    await page.context().close();
  });

  it('lists lines by cost, sorts, filters, opens them, and keeps long lists out of the page', async () => {
    const run = busyRun();
    const base = fakeMeta(run);
    const [line] = base.lines;
    assert.ok(line);
    const lines = Array.from({ length: 3000 }, (_, index) => ({
      ...line,
      line: index + 1,
      function: `f${index}`,
      blocks: { selfNs: index * 1000, totalNs: (3000 - index) * 1000 },
      hold: { selfNs: ((index * 7919) % 3000) * 1000, totalNs: 0 },
    }));
    const page = await open(run, { ...base, lines });
    const first = page.locator('#panel-lines tbody tr:not(.spacer)').first();
    const firstPlace = (): Promise<string> => first.locator('.link').innerText();
    assert.equal(await firstPlace(), 'worker.py:3000');
    assert.ok((await page.locator('#panel-lines tbody tr').count()) < 150);
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    assert.equal(await page.locator('#panel-lines tbody tr').count(), lines.length, 'on paper');
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.ok((await page.locator('#panel-lines tbody tr').count()) < 150);
    await page.getByRole('button', { name: 'Total', exact: true }).click();
    assert.equal(await firstPlace(), 'worker.py:1');
    await page.getByRole('button', { name: 'Self', exact: true }).click();
    await page.getByRole('button', { name: 'Hold', exact: true }).click();
    const most = lines.toSorted((a, b) => b.hold.selfNs - a.hold.selfNs)[0]?.line;
    assert.equal(await firstPlace(), `worker.py:${most}`);
    await page.getByRole('searchbox').fill('worker f1234');
    assert.equal(await page.locator('#panel-lines tbody tr').count(), 1);
    await first.locator('.link').click();
    await settle(page);
    const expected = { type: 'goto', file: line.file, line: 1235 };
    assert.deepEqual(host.sent('goto').at(-1), expected);
    await page.context().close();
  });
});
