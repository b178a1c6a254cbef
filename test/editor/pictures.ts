/** Makes the pictures of the README from a real run in a real VS Code; started by scripts/screenshots.mjs. */
import { basename, dirname } from 'node:path';
import { openSession } from './support/session';

async function takePictures(example: string): Promise<void> {
  const session = await openSession({
    workspace: dirname(example),
    // The longest text has room behind its line.
    settings: { 'workbench.colorTheme': 'Default Dark Modern', 'editor.fontSize': 12 },
  });
  const { workbench } = session;
  try {
    await workbench.page.setViewportSize({ width: 1800, height: 900 });
    await workbench.openFile(basename(example));
    await workbench.run('GILscope: Profile Python File');
    await workbench.waitForInlineTexts((texts) => texts.length > 0, 'times');
    await workbench.runEnded();
    await workbench.settledInlineTexts();
    await workbench.run('GILscope: Open Chart');
    await workbench.webview().locator('canvas').first().waitFor();
    // The longest wait with what it was spent on, and some of the run around it.
    const stage = workbench.webview().locator('.stage');
    await stage.focus();
    for (const key of ['n', '-', '-', '-', '-']) {
      await stage.press(key);
      await workbench.page.waitForTimeout(500);
    }
    await workbench.page.locator('.tab[data-resource-name$=".py"]').click();
    // Panel and side bar away.
    await workbench.page.keyboard.press('Control+J');
    await workbench.page.keyboard.press('Control+B');
    await workbench.page.mouse.move(5, 400);
    // The chart asks for its tiles and draws them; the picture is of what stands still.
    await workbench.page.waitForTimeout(2000);
    await workbench.screenshot('screenshot');
  } finally {
    await session.close();
  }
}

const [example] = process.argv.slice(2);
if (example === undefined) throw new Error('usage: pictures EXAMPLE.py');
takePictures(example).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
