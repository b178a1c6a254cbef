/** A file in several editors: each part of a split one shows the times, a diff shows none. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openSession, testSettings, type Session } from './support/session';

/** Texts that are drawn behind lines, in each editor that stands by itself and in those of diffs. */
interface Drawn {
  readonly alone: readonly number[];
  readonly inDiffs: readonly number[];
}

describe('a file in several editors', () => {
  let session: Session;
  before(async () => {
    session = await openSession();
    await session.workbench.openFile('contended.py');
    await session.workbench.run('GILscope: Profile Python File');
    await session.workbench.waitForInlineTexts((texts) => texts.length > 0, 'times');
    await session.workbench.runEnded();
    await session.workbench.settledInlineTexts();
  });
  after(() => session.close());

  const drawn = (): Promise<Drawn> =>
    session.workbench.page.evaluate(() => {
      const texts = (editor: Element): number =>
        [...editor.querySelectorAll('.view-lines .view-line span span')].filter((span) => {
          const { content } = getComputedStyle(span, '::after');
          return content !== 'none' && content !== 'normal' && content !== '""';
        }).length;
      const editors = [...document.querySelectorAll('.editor-instance .monaco-editor')].filter(
        (editor) => editor.querySelector('.view-lines .view-line') !== null,
      );
      const isInDiff = (editor: Element): boolean => editor.closest('.monaco-diff-editor') !== null;
      return {
        alone: editors.filter((editor) => !isInDiff(editor)).map(texts),
        inDiffs: editors.filter(isInDiff).map(texts),
      };
    });
  const waitFor = async (wanted: (drawn: Drawn) => boolean): Promise<Drawn> => {
    const giveUpAt = Date.now() + 60_000;
    for (;;) {
      const now = await drawn();
      if (wanted(now)) return now;
      if (Date.now() > giveUpAt) {
        await session.workbench.screenshot('gave-up');
        throw new Error(`waited in vain; there is ${JSON.stringify(now)}`);
      }
      await session.workbench.page.waitForTimeout(200);
    }
  };

  it('shows the times in both parts of a split editor', async () => {
    const before = await drawn();
    assert.equal(before.alone.length, 1);
    await session.workbench.run('View: Split Editor Right');
    const { alone } = await waitFor(
      ({ alone: [left = 0, right = 0] }) => left > 0 && left === right,
    );
    assert.deepEqual(alone, [before.alone[0], before.alone[0]]);
    await session.workbench.screenshot('split');
  });

  it('leaves a diff alone, also while the same file shows times beside it', async () => {
    const { page } = session.workbench;
    await page.locator('.editor-instance .view-line').last().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# more');
    await page.keyboard.press('Enter');
    await session.workbench.run('File: Compare Active File with Saved');
    const both = await waitFor(
      ({ alone, inDiffs }) => inDiffs.length === 2 && alone.some((texts) => texts > 0),
    );
    assert.deepEqual(both.inDiffs, [0, 0]);
    // Typed into the diff, the numbers beside it follow; the diff still has none.
    await page.locator('.monaco-diff-editor .editor.modified .view-line').first().click();
    await page.keyboard.type('# and more');
    await waitFor(({ alone }) => alone.some((texts) => texts > 0));
    await page.waitForTimeout(300);
    assert.deepEqual((await drawn()).inDiffs, [0, 0]);
    await session.workbench.screenshot('diff');
  });

  it('leaves a diff alone where the times are inlay hints, too', async () => {
    const { workbench } = session;
    const hints = (inDiff: boolean): Promise<number> =>
      workbench.page.evaluate((wanted) => {
        const spans = [...document.querySelectorAll('.editor-instance .view-line span')];
        return spans.filter(
          (span) =>
            /^\s*(hold|wait|blocks)\s[\d.]+/.test(span.textContent) &&
            span.childElementCount === 0 &&
            (span.closest('.monaco-diff-editor') !== null) === wanted,
        ).length;
      }, inDiff);
    session.setSettings({ ...testSettings(), 'gilscope.inline.mode': 'inlayHint' });
    await waitFor(({ alone }) => alone.every((texts) => texts === 0));
    // A wrong hint would come as soon as a right one would.
    await workbench.page.waitForTimeout(2000);
    assert.equal(await hints(true), 0);
    await workbench.screenshot('diff-hints');
    await workbench.run('View: Close Editor');
    const giveUpAt = Date.now() + 60_000;
    while ((await hints(false)) === 0 && Date.now() < giveUpAt)
      await workbench.page.waitForTimeout(200);
    assert.ok((await hints(false)) > 0, 'they are there again without the diff');
  });
});
