/** The chart for whom it must give way: collapsed idle time, reduced motion, a page at 200 %. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { Span } from '../../server/protocol-analysis';
import { barHeight, rowPitch } from '../../extension/chart/rows';
import { ChartPage } from '../support/chart-page';
import { answerSegment, fakeMeta } from '../support/fake-chart';
import { FakeTiles, randomRun, type FakeLane, type FakeRun } from '../support/fake-run';
import { THEMES } from '../support/themes';
import {
  openChart,
  readLanes,
  savedState,
  settle,
  setTheme,
  type Pixels,
} from './support/chart-driver';
import { assertLane } from './support/lane-pixels';
import { serveChart } from './support/serve-chart';

const LANES = 3;
const BUSY = randomRun(LANES, 400, 11);
/** Where time in which no thread does anything is put in, and how much of it. */
const PAUSES = [
  { atNs: BUSY.wallNs * 0.3, ns: BUSY.wallNs * 2 },
  { atNs: BUSY.wallNs * 0.7, ns: BUSY.wallNs * 5 },
] as const;
const OFF = 2;

/** The lane with the pauses in it, each as a segment of its own in the middle of what was there. */
function withPauses({ edges, states }: FakeLane): FakeLane {
  const starts: number[] = [];
  const kept: number[] = [];
  let added = 0;
  let next = 0;
  states.forEach((state, index) => {
    starts.push((edges[index] ?? 0) + added);
    kept.push(state);
    for (let pause = PAUSES[next]; pause !== undefined; pause = PAUSES[next]) {
      if (pause.atNs >= (edges[index + 1] ?? 0)) break;
      starts.push(pause.atNs + added, pause.atNs + added + pause.ns);
      kept.push(OFF, state);
      added += pause.ns;
      next++;
    }
  });
  starts.push((edges.at(-1) ?? 0) + added);
  return { edges: Float64Array.from(starts), states: Uint8Array.from(kept) };
}

const [first, second] = PAUSES;
const IDLE: readonly Span[] = [
  { startNs: first.atNs, endNs: first.atNs + first.ns },
  { startNs: second.atNs + first.ns, endNs: second.atNs + first.ns + second.ns },
];
const run: FakeRun = {
  wallNs: BUSY.wallNs + first.ns + second.ns,
  lanes: BUSY.lanes.map(withPauses),
};

/** A pause is drawn as a five-hundredth of the run. */
const GAP_NS = run.wallNs / 500;

/** Where a moment is on the collapsed axis. */
function shown(timeNs: number): number {
  return IDLE.reduce((sum, { startNs, endNs }) => {
    const inPause = Math.max(0, Math.min(timeNs, endNs) - startNs);
    return sum - inPause * (1 - GAP_NS / (endNs - startNs));
  }, timeNs);
}

/** The columns of a picture from one to before another. */
function columns({ width, height, data }: Pixels, from: number, to: number): Pixels {
  const rows = Array.from({ length: height }, (_, y) =>
    data.subarray((y * width + from) * 4, (y * width + to) * 4),
  );
  return { width: to - from, height, data: Uint8Array.from(Buffer.concat(rows)) };
}

describe('a chart that gives way', () => {
  const meta = fakeMeta(run);
  const host = new ChartPage(run, meta);
  const served = serveChart(host);
  before(() => {
    const tiles = new FakeTiles(run);
    host.answerFrom({
      meta,
      tile: (level, index, page) => tiles.tile(level, index, page),
      segment: (request) => answerSegment(run, request),
      analysis: ({ kind }) => (kind === 'idle' ? { kind, spans: IDLE } : null),
    });
  });

  /** Compares what is drawn between the pauses with the segments; the number of columns of a single state. */
  const assertCollapsed = async (page: Page): Promise<number> => {
    const pixels = await readLanes(page);
    // The state that is kept is in real time.
    const saved = await savedState(page);
    const [t0, t1] = [shown(saved.t0), shown(saved.t1)];
    const pixelNs = (t1 - t0) / pixels.width;
    const ends = [0, ...IDLE.flatMap(({ startNs, endNs }) => [startNs, endNs]), run.wallNs];
    let pure = 0;
    for (let stretch = 0; stretch < IDLE.length + 1; stretch++) {
      const [fromNs = 0, toNs = 0] = [ends[2 * stretch], ends[2 * stretch + 1]];
      const cut = fromNs - shown(fromNs);
      // A pixel at each end may show some of what is beside it.
      const from = Math.max(0, Math.ceil((shown(fromNs) - t0) / pixelNs) + 1);
      const to = Math.min(pixels.width, Math.floor((shown(toNs) - t0) / pixelNs) - 1);
      if (to - from < 4) continue;
      const part = columns(pixels, from, to);
      const view = { t0: t0 + from * pixelNs + cut, t1: t0 + to * pixelNs + cut };
      for (const [index, lane] of run.lanes.entries()) {
        const box = { top: index * rowPitch(LANES) + 4, height: barHeight(rowPitch(LANES)) };
        pure += assertLane(part, { lane, ...box, ...view });
      }
      const gap = columns(
        pixels,
        Math.min(to + 3, pixels.width - 1),
        Math.min(to + 4, pixels.width),
      );
      const isInGap = toNs < run.wallNs && to + 4 < pixels.width && GAP_NS > 6 * pixelNs;
      if (isInGap)
        assert.ok(
          gap.data.every((value, at) => at % 4 !== 3 || value < 128),
          'no bar is in a gap',
        );
    }
    return pure;
  };

  it('draws each pixel of collapsed time as the segments say, also when zoomed', async () => {
    const page = await openChart(served.browser, served.url);
    await setTheme(page, THEMES.dark);
    const whole = await savedState(page);
    assert.deepEqual([whole.t0, whole.t1], [0, run.wallNs]);
    const drawn = (): Promise<string> =>
      page
        .locator('canvas[data-part="lanes"]')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    /** What is idle is asked for after a pause. */
    const toggle = async (): Promise<void> => {
      const before = await drawn();
      await page.getByRole('button', { name: 'Collapse idle time' }).click();
      const giveUpAt = Date.now() + 60_000;
      while ((await drawn()) === before) {
        assert.ok(Date.now() < giveUpAt, 'nothing is collapsed');
        await page.waitForTimeout(50);
      }
      await settle(page);
    };
    await toggle();
    let pure = await assertCollapsed(page);
    await page.locator('.stage').focus();
    for (const key of ['+', '+', 'Shift+ArrowRight', '+', 'Home', 'End', '0']) {
      await page.keyboard.press(key);
      await settle(page);
      pure += await assertCollapsed(page);
    }
    assert.ok(pure > 1000, `only ${pure} columns of one state`);
    await toggle();
    assert.equal((await savedState(page)).t1, run.wallNs);
    await page.context().close();
  });

  it('moves nothing by itself, so that reduced motion has nothing to reduce', async () => {
    const page = await openChart(served.browser, served.url);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = (): Promise<number> => page.evaluate(() => document.getAnimations().length);
    await page.locator('.stage').focus();
    for (const key of ['+', 'n', 'z', '0']) {
      await page.keyboard.press(key);
      assert.equal(await moving(), 0, key);
    }
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await tab.hover();
      assert.equal(await moving(), 0);
    }
    // A zoom is there with the next frame: no picture between.
    await settle(page);
    const frames = await page.evaluate(async () => {
      const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-part="stripWindow"]');
      const seen = new Set([canvas?.toDataURL() ?? '']);
      document
        .querySelector<HTMLElement>('.stage')
        ?.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
      for (let frame = 0; frame < 20; frame++) {
        await new Promise(requestAnimationFrame);
        seen.add(canvas?.toDataURL() ?? '');
      }
      return seen.size;
    });
    assert.equal(frames, 2, 'what was, and what is');
    await page.context().close();
  });

  it('cuts nothing off at 200 %: every control can be reached, every text is whole', async () => {
    const page = await openChart(served.browser, served.url);
    // 200 % of a window of 1200 × 720 leaves half of its CSS pixels.
    await page.setViewportSize({ width: 600, height: 360 });
    await settle(page);
    const names = await page.getByRole('tab').allInnerTexts();
    assert.ok(names.length >= 7);
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await settle(page);
      for (const control of await page
        .locator('button:visible, select:visible, input:visible')
        .all()) {
        await control.scrollIntoViewIfNeeded();
        const hit = await control.evaluate((element) => {
          const { left, top, width, height } = element.getBoundingClientRect();
          const there = document.elementFromPoint(left + width / 2, top + height / 2);
          const isWhole = element.scrollWidth <= element.clientWidth + 1;
          const isCutKindly = getComputedStyle(element).textOverflow === 'ellipsis';
          return {
            is: element.getAttribute('aria-label') ?? element.textContent,
            reached: there !== null && (element.contains(there) || there.contains(element)),
            isWhole: isWhole || isCutKindly || element instanceof HTMLInputElement,
            isInside:
              left >= -1 &&
              left + width <= innerWidth + 1 &&
              top >= -1 &&
              top + height <= innerHeight + 1,
          };
        });
        assert.deepEqual(
          hit,
          { is: hit.is, reached: true, isWhole: true, isInside: true },
          `${hit.is} on ${await tab.innerText()}`,
        );
      }
    }
    await page.context().close();
  });
});
