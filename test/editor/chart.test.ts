/** The chart of a real run, by its pixels and its text. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { openSession, testSettings, type Session } from './support/session';

/** How many pixels of a canvas have about the theme's colour of each state. */
interface Painted {
  readonly width: number;
  readonly height: number;
  readonly holding: number;
  readonly waiting: number;
}

type ThemeKind = keyof typeof THEME_NAMES;

/** By the kinds of theme as the manifest calls them: themes of VS Code. */
const THEME_NAMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const;

const { colors } = (
  JSON.parse(readFileSync('package.json', 'utf8')) as {
    contributes: { colors: readonly { id: string; defaults: Record<ThemeKind, string> }[] };
  }
).contributes;

/** Whether a colour as a browser writes it is one of the manifest, up to how the editor rounds its opacity. */
function isColour(css: string, hex: string): boolean {
  const [r, g, b, a = 1] = css.match(/[\d.]+/g)?.map(Number) ?? [];
  const part = (at: number): number => parseInt(hex.slice(at, at + 2), 16);
  const opacity = hex.length > 7 ? part(7) / 255 : 1;
  return r === part(1) && g === part(3) && b === part(5) && Math.abs(a - opacity) < 0.01;
}

describe('the chart of a run', () => {
  let session: Session;
  before(async () => {
    session = await openSession();
    await session.workbench.openFile('contended.py');
    await session.workbench.run('GILscope: Profile Python File');
    await session.workbench.waitForInlineTexts((texts) => texts.length > 0, 'times');
    await session.workbench.runEnded();
    await session.workbench.run('GILscope: Open Chart');
  });
  after(() => session.close());

  it('draws lanes that hold and wait in turn', async () => {
    const chart = session.workbench.webview();
    await chart.locator('canvas').first().waitFor();
    const measure = async (): Promise<Painted[]> =>
      chart.locator('canvas').evaluateAll((canvases) => {
        const isNear = (data: Uint8ClampedArray, at: number, rgb: readonly number[]): boolean =>
          rgb.every((channel, index) => Math.abs((data[at + index] ?? 0) - channel) < 24);
        const style = getComputedStyle(document.documentElement);
        const themed = (name: string): number[] =>
          [1, 3, 5].map((at) =>
            parseInt(
              style
                .getPropertyValue(`--vscode-gilscope-${name}`)
                .trim()
                .slice(at, at + 2),
              16,
            ),
          );
        const colours = { holding: themed('holding'), waiting: themed('waiting') };
        return canvases.map((canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const data = (canvas as HTMLCanvasElement)
            .getContext('2d')
            ?.getImageData(0, 0, width, height).data;
          let [holding, waiting] = [0, 0];
          for (let at = 0; data !== undefined && at < data.length; at += 4) {
            if (isNear(data, at, colours.holding)) holding += 1;
            if (isNear(data, at, colours.waiting)) waiting += 1;
          }
          return { width, height, holding, waiting };
        });
      });
    let painted: Painted[] = [];
    const giveUpAt = Date.now() + 30_000;
    const isDrawn = ({ holding, waiting }: Painted): boolean => holding > 500 && waiting > 500;
    while (!painted.some(isDrawn) && Date.now() < giveUpAt) {
      painted = await measure();
      await session.workbench.page.waitForTimeout(200);
    }
    await session.workbench.screenshot('chart');
    assert.ok(painted.some(isDrawn), `not drawn: ${JSON.stringify(painted)}`);
  });

  it('names the threads', async () => {
    const chart = session.workbench.webview();
    const [first] = await chart.locator('.label-name').allTextContents();
    assert.equal(first, 'MainThread');
    await chart.getByRole('tab', { name: 'Threads' }).click();
    const rows = chart.locator('#panel-threads tbody tr');
    await rows.first().waitFor();
    const names = await rows.locator('td:first-child').allInnerTexts();
    assert.deepEqual(names.map((name) => name.trim()).toSorted(), ['MainThread', 'left', 'right']);
    await chart.getByRole('tab', { name: 'Lines' }).click();
  });

  it('has the colours of the theme, beside the editor with its texts and heat', async () => {
    const { page } = session.workbench;
    const chart = session.workbench.webview();
    const contributed = (name: string, theme: ThemeKind): string =>
      colors.find(({ id }) => id === `gilscope.${name}`)?.defaults[theme] ?? '';
    for (const [theme, name] of Object.entries(THEME_NAMES) as [ThemeKind, string][]) {
      session.setSettings({ ...testSettings(), 'workbench.colorTheme': name });
      const seen = async (): Promise<unknown> => {
        const states = await chart.locator('html').evaluate((html) => {
          const style = getComputedStyle(html);
          return ['holding', 'waiting', 'lock', 'off', 'native', 'blocks'].map((state) =>
            style.getPropertyValue(`--vscode-gilscope-${state}`).trim(),
          );
        });
        const [texts, grounds] = await page.evaluate(() => {
          const distinct = (all: readonly string[]): string[] => [...new Set(all)].sort();
          const behind = [...document.querySelectorAll('.view-lines .view-line span span')]
            .map((span) => getComputedStyle(span, '::after'))
            .filter(({ content }) => content !== 'none' && content !== 'normal');
          const heat = [...document.querySelectorAll('.view-overlays .cdr')]
            .map((mark) => getComputedStyle(mark).backgroundColor)
            .filter((ground) => ground.startsWith('rgba(255, '));
          return [distinct(behind.map(({ color }) => color)), distinct(heat)] as const;
        });
        return {
          states,
          isText: texts.map((css) => isColour(css, contributed('inlineForeground', theme))),
          isHot: grounds.some((css) => isColour(css, contributed('heat4', theme))),
        };
      };
      const wanted = {
        states: ['holding', 'waiting', 'lock', 'off', 'native', 'blocks'].map((state) =>
          contributed(state, theme),
        ),
        isText: [true],
        isHot: true,
      };
      const giveUpAt = Date.now() + 60_000;
      while (!isDeepStrictEqual(await seen(), wanted) && Date.now() < giveUpAt) {
        await page.waitForTimeout(200);
      }
      await session.workbench.screenshot(`theme-${theme}`);
      assert.deepEqual(await seen(), wanted, name);
    }
  });
});
