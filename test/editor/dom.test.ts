/** The way of a user through the packaged extension, by what the page of a real VS Code shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readInlineText } from './support/inline-text';
import { measuredBy, openSession, testSettings, type Session } from './support/session';
import type { InlineText } from './support/workbench';

/** The line of a script that has this text, 1-based. */
function lineOf(folder: string, script: string, text: string): number {
  const lines = readFileSync(join(folder, script), 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}

const any = (texts: readonly InlineText[]): boolean => texts.length > 0;
const none = (texts: readonly InlineText[]): boolean => texts.length === 0;

describe('a user profiles a script', () => {
  let session: Session;
  let spinLine = 0;

  before(async () => {
    session = await openSession();
    spinLine = lineOf(session.folder, 'contended.py', 'while time.perf_counter_ns()');
    await session.workbench.openFile('contended.py');
  });
  after(() => session.close());

  /** Waits for the run's end, by the numbers of the line that both threads spin on. */
  async function spinTimes(): Promise<ReadonlyMap<string, number>> {
    await session.workbench.run('GILscope: Profile Python File');
    const finished = (texts: readonly InlineText[]): boolean =>
      measuredBy(session.folder, 'contended.py') !== null &&
      texts.some(({ line }) => line === spinLine);
    await session.workbench.waitForInlineTexts(finished, `times on line ${spinLine}`);
    await session.workbench.runEnded();
    const texts = await session.workbench.settledInlineTexts();
    return readInlineText(texts.find(({ line }) => line === spinLine)?.text ?? '');
  }

  it('shows right times on the right line', async () => {
    const times = await spinTimes();
    await session.workbench.screenshot('decorations');
    const measured = measuredBy(session.folder, 'contended.py');
    const [spun, held] = [Number(measured?.['spunNs']), Number(measured?.['heldNs'])];
    const [hold, wait, blocks] = ['hold', 'wait', 'blocks'].map((word) => times.get(word) ?? 0);
    const within = (part = 0, whole = 0, least = 0): void =>
      assert.ok(part > least * whole && part < 1.1 * whole, `${part} of ${whole} ns`);
    // Each nanosecond of a spinning thread is a hold or a wait.
    within((hold ?? 0) + (wait ?? 0), spun, 0.9);
    // The rest of both is the time that the waiter takes to wake up, long on a busy machine.
    within(hold, held, 0.5);
    within(blocks, wait, 0.5);
  });

  it('draws one short text a line at most', async () => {
    const texts = await session.workbench.inlineTexts();
    assert.equal(new Set(texts.map(({ line }) => line)).size, texts.length);
    for (const { text } of texts) assert.ok(text.length <= 43, text);
  });

  it('has the times of the cursor’s line in the status bar, and only there', async () => {
    const { workbench } = session;
    const item = workbench.page.locator('.statusbar-item[id$="gilscope.line"]');
    const texts = await workbench.inlineTexts();
    await workbench.page.keyboard.press('Control+G');
    await workbench.page.keyboard.type(`${spinLine}`);
    await workbench.page.keyboard.press('Enter');
    await item.waitFor({ state: 'visible' });
    const wanted = texts.find(({ line }) => line === spinLine)?.text ?? '?';
    assert.equal((await item.innerText()).replaceAll('\u00a0', ' ').trim(), wanted);
    const label = await item.locator('[aria-label]').first().getAttribute('aria-label');
    assert.equal(label?.replaceAll('\u00a0', ' '), `GILscope, line ${spinLine}: ${wanted}`);
    assert.ok(!texts.some(({ line }) => line === 2));
    await workbench.page.keyboard.press('Control+G');
    await workbench.page.keyboard.type('2');
    await workbench.page.keyboard.press('Enter');
    await item.waitFor({ state: 'hidden' });
  });

  it('explains the numbers in a hover', async () => {
    const text = await session.workbench.hover('while time.perf_counter_ns()');
    await session.workbench.screenshot('hover');
    for (const word of ['hold', 'wait', 'blocks'])
      assert.match(text.toLowerCase(), new RegExp(word));
    assert.match(text, /\d/);
  });

  it('hides and shows the times by one command', async () => {
    const shown = await session.workbench.inlineTexts();
    await session.workbench.run('GILscope: Toggle Inline Times');
    await session.workbench.waitForInlineTexts(none, 'no times');
    await session.workbench.run('GILscope: Toggle Inline Times');
    const again = await session.workbench.waitForInlineTexts(any, 'the times again');
    assert.deepEqual(again, shown);
  });

  it('shows inlay hints in place of decorations', async () => {
    session.setSettings({ ...testSettings(), 'gilscope.inline.mode': 'inlayHint' });
    const hint = session.workbench.page.locator('.view-line span', {
      hasText: /^\s*(hold|wait|blocks)\s[\d.]+/,
    });
    try {
      await hint.first().waitFor();
      assert.deepEqual(await session.workbench.inlineTexts(), []);
    } finally {
      await session.workbench.screenshot('inlay-hints');
      session.setSettings(testSettings());
    }
    await session.workbench.waitForInlineTexts(any, 'decorations again');
  });

  it('clears all results', async () => {
    await session.workbench.run('GILscope: Clear Results');
    await session.workbench.waitForInlineTexts(none, 'no times');
  });

  it('stops a program that does not end, and keeps what was measured', async () => {
    const { workbench, folder } = session;
    await workbench.openFile('endless.py');
    const { page } = workbench;
    await page.locator('.monaco-list-row', { hasText: 'endless.py' }).click({ button: 'right' });
    const offered = page.locator('.monaco-menu .action-item', { hasText: 'Profile Python File' });
    await offered.first().waitFor();
    await page.keyboard.press('Escape');
    await offered.first().waitFor({ state: 'hidden' });
    await page.locator('.editor-actions [aria-label*="Profile Python File"]').first().click();
    const line = lineOf(folder, 'endless.py', 'while True');
    const hasTimes = (texts: readonly InlineText[]): boolean => texts.some((t) => t.line === line);
    await workbench.waitForInlineTexts(hasTimes, 'live times while it runs');
    await workbench.run('GILscope: Stop');
    await workbench.runEnded();
    await workbench.waitForInlineTexts(hasTimes, 'times after Stop');
    await workbench.screenshot('stopped');
    assert.equal(await workbench.offers('GILscope: Stop'), false);
  });

  it('says which interpreter is missing', async () => {
    session.setSettings({ ...testSettings(), 'gilscope.python': '/nowhere/bin/python3' });
    await session.workbench.run('GILscope: Profile Python File');
    const text = await session.workbench.notification('/nowhere/bin/python3');
    await session.workbench.screenshot('missing-interpreter');
    assert.match(text, /interpreter|python/i);
    session.setSettings(testSettings());
  });
});

describe('an untrusted workspace', () => {
  let session: Session;
  before(async () => {
    session = await openSession({ trusted: false });
    await session.workbench.openFile('contended.py');
  });
  after(() => session.close());

  it('offers to read profiles but not to run anything', async () => {
    await session.workbench.statusItem('Restricted Mode').waitFor();
    assert.equal(await session.workbench.offers('GILscope: Open Profile'), true);
    await session.workbench.screenshot('untrusted');
    assert.equal(await session.workbench.offers('GILscope: Profile Python File'), false);
    assert.equal(measuredBy(session.folder, 'contended.py'), null);
  });
});
