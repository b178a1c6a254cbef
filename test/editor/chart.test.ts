/** The chart of a real run, by its pixels and its text. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openSession, type Session } from './support/session';

/** How many pixels of a canvas have about the theme's colour of each state. */
interface Painted {
  readonly width: number;
  readonly height: number;
  readonly holding: number;
  readonly waiting: number;
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
    const text = await session.workbench.webview().locator('body').innerText();
    for (const name of ['MainThread', 'left', 'right'])
      assert.ok(text.includes(name), `${name} in: ${text}`);
  });
});
