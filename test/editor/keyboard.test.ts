/** With the keyboard alone: from a saved profile to the worst line, from there into the chart; and in the user's own colours. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSession, testSettings, type Session } from './support/session';

/** Unlike those of any theme. */
const COLOURS = {
  'gilscope.holding': '#010203',
  'gilscope.waiting': '#040506',
  'gilscope.lock': '#070809',
  'gilscope.off': '#0a0b0c',
  'gilscope.blocks': '#0d0e0f',
  'gilscope.native': '#101112',
  'gilscope.inlineForeground': '#112233',
  'gilscope.inlineStaleForeground': '#445566',
  'gilscope.heat1': '#00ff0011',
  'gilscope.heat2': '#00ff0022',
  'gilscope.heat3': '#00ff0033',
  'gilscope.heat4': '#00ff0044',
};
/** More stops of the Tab key than there are before the first line of the table. */
const MANY_STOPS = 60;

function statusText(): string | null {
  return document.querySelector('main [role="status"]')?.textContent ?? null;
}

function chartColours(): string[] | null {
  if (document.querySelector('main [role="status"]') === null) return null;
  const root = getComputedStyle(document.documentElement);
  return ['holding', 'waiting', 'lock', 'off', 'blocks', 'native'].map((name) =>
    root.getPropertyValue(`--vscode-gilscope-${name}`).trim(),
  );
}

describe('by keyboard', () => {
  let session: Session;
  let profile = '';
  let worst = 0;
  before(async () => {
    session = await openSession({ settings: { 'workbench.colorCustomizations': COLOURS } });
    const { folder } = session;
    profile = join(folder, 'kept.gilscope');
    const python = String(testSettings()['gilscope.python']);
    const args = ['run', '--quiet', '--python', python, '--out', profile, 'contended.py'];
    const done = spawnSync(process.execPath, [resolve('dist/cli.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, done.stderr);
    const lines = readFileSync(join(folder, 'contended.py'), 'utf8').split('\n');
    worst = lines.findIndex((line) => line.includes('while time.perf_counter_ns()')) + 1;
  });
  after(() => session.close());

  /** What every chart that is shown says: that of the profile's own editor, and that beside it. */
  const inCharts = async <T>(look: () => T | null): Promise<T[]> => {
    const found = await Promise.all(
      session.workbench.page.frames().map((frame) => frame.evaluate(look).catch(() => null)),
    );
    return found.filter((each) => each !== null);
  };

  it('a profile opens, and its table leads to the worst line in the editor', async () => {
    const { workbench } = session;
    const { keyboard } = workbench.page;
    await keyboard.press('Control+P');
    await keyboard.type('kept.gilscope');
    const found = workbench.page.locator('.quick-input-list .monaco-list-row', {
      hasText: 'kept.gilscope',
    });
    await found.first().waitFor();
    await keyboard.press('Enter');
    const chart = workbench.webview();
    const first = chart.locator('#panel-lines tbody .link').first();
    await first.waitFor();
    for (let stops = 0; stops < MANY_STOPS; stops++) {
      if (await first.evaluate((link) => link === document.activeElement)) break;
      await keyboard.press('Tab');
    }
    assert.ok(await first.evaluate((link) => link === document.activeElement), 'reached by Tab');
    assert.equal(await first.innerText(), `contended.py:${worst}`);
    await workbench.screenshot('keyboard-chart');
    await keyboard.press('Enter');
    await workbench.page.locator('.tab.active[data-resource-name="contended.py"]').waitFor();
    await workbench.statusItem(new RegExp(`Ln ${worst}, Col 1\\b`)).waitFor();
  });

  it('the line leads back to what is longest there in the chart', async () => {
    const { workbench } = session;
    await workbench.run('GILscope: Show Line in Chart');
    const status = async (): Promise<string> => (await inCharts(statusText)).join('\n');
    const giveUpAt = Date.now() + 60_000;
    while (!(await status()).includes(`contended.py:${worst}`) && Date.now() < giveUpAt) {
      await workbench.page.waitForTimeout(200);
    }
    assert.ok((await status()).includes(`contended.py:${worst}`), await status());
    await workbench.screenshot('show-line-in-chart');
  });

  it('the chart, the texts of lines and their heat have the colours that the user chose', async () => {
    const { workbench } = session;
    const charts = await inCharts(chartColours);
    assert.ok(charts.length > 0);
    for (const own of charts) assert.deepEqual(own, Object.values(COLOURS).slice(0, 6));
    await workbench.waitForInlineTexts(
      (texts) => texts.some(({ line }) => line === worst),
      'times',
    );
    const seen = await workbench.page.evaluate(() => {
      const colours = [...document.querySelectorAll('.editor-instance .view-line span span')]
        .map((span) => getComputedStyle(span, '::after'))
        .filter(({ content }) => content !== 'none' && content !== 'normal')
        .map(({ color }) => color);
      const grounds = [...document.querySelectorAll('.editor-instance .view-overlays .cdr')]
        .map((mark) => getComputedStyle(mark).backgroundColor)
        .filter((ground) => ground.startsWith('rgba(0, 255, 0'));
      return { colours: [...new Set(colours)], grounds: [...new Set(grounds)] };
    });
    assert.deepEqual(seen.colours, ['rgb(17, 34, 51)']);
    // The worst line has the most heat.
    assert.match(seen.grounds.join(' '), /rgba\(0, 255, 0, 0\.2[67]/);
  });

  it('texts of an edited file have the colour of what is old, and no heat', async () => {
    const { workbench } = session;
    const { page } = workbench;
    await page.locator('.editor-instance .view-line').first().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('#');
    const isOld = (): boolean => {
      const texts = [...document.querySelectorAll('.editor-instance .view-line span span')]
        .map((span) => getComputedStyle(span, '::after'))
        .filter(({ content }) => content !== 'none' && content !== 'normal');
      return texts.length > 0 && texts.every(({ color }) => color === 'rgb(68, 85, 102)');
    };
    const giveUpAt = Date.now() + 60_000;
    while (!(await page.evaluate(isOld)) && Date.now() < giveUpAt) await page.waitForTimeout(200);
    assert.ok(await page.evaluate(isOld));
    await page.keyboard.press('Control+Z');
  });
});
