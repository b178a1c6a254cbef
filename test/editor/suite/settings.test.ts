import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  answering,
  lineWith,
  notesOf,
  once,
  setSetting,
} from '../support/extension-host';

/** Half a second on one line. */
const BUSY = `import time
def spin(until):
    while time.perf_counter() < until: pass

spin(time.perf_counter() + 0.5)
`;
describe('settings', () => {
  const programs = new Programs();
  let view: TestView;
  let editor: vscode.TextEditor;
  const run = async (): Promise<void> => {
    const end = once(view.onRunning, (running) => !running);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
    await view.recent.settled();
  };
  const spinLine = (): number => lineWith(editor.document, 'while time.perf_counter()');
  /** The number of samples that the hover of the busy line names. */
  const samples = async (): Promise<number> => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      editor.document.uri,
      new vscode.Position(spinLine(), 6),
    );
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
      .join('\n');
    return Number(/([\d,]+) samples? here/.exec(text)?.[1]?.replaceAll(',', '') ?? Number.NaN);
  };

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    editor = await programs.open('busy ü.py', BUSY);
    await run();
    await notesOf(view, editor.document.uri, (all) => all.some(({ line }) => line === spinLine()));
  });
  after(async () => {
    for (const id of [
      ...['inline.minimumMicroseconds', 'codeLens.enabled', 'sampling.periodMicroseconds'],
      ...['trace.maxMegabytes', 'trace.folder', 'recent.maximum'],
    ]) {
      await setSetting(id, undefined);
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('inline.minimumMicroseconds hides what is shorter', async () => {
    const { uri } = editor.document;
    await setSetting('inline.minimumMicroseconds', 60_000_000);
    await notesOf(view, uri, (all) => all.length === 0);
    await setSetting('inline.minimumMicroseconds', undefined);
    await notesOf(view, uri, (all) => all.length > 0);
  });

  it('codeLens.enabled shows what a function cost', async () => {
    await setSetting('codeLens.enabled', true);
    const titles = async (): Promise<string[]> => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        editor.document.uri,
      );
      return lenses.map(({ command }) => command?.title ?? '');
    };
    const giveUpAt = Date.now() + 30_000;
    while ((await titles()).length === 0 && Date.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match((await titles()).join('\n'), /^GIL: hold /);
    await setSetting('codeLens.enabled', undefined);
  });

  it('sampling.periodMicroseconds makes samples rare', async () => {
    const often = await samples();
    await setSetting('sampling.periodMicroseconds', 200_000);
    await run();
    const rare = await samples();
    await setSetting('sampling.periodMicroseconds', undefined);
    // Half a second has two or three of these, with one for the end of the hold.
    assert.ok(rare <= 10 && often > 2 * rare, `${rare}, else ${often}`);
  });

  it('trace.folder is where the trace is written, and is named where that fails', async () => {
    const missing = programs.path('not there');
    await setSetting('trace.folder', missing);
    const { text } = await answering('showErrorMessage', undefined, () =>
      vscode.commands.executeCommand('gilscope.profileFile'),
    );
    assert.ok(text.includes(missing), text);
    await setSetting('trace.folder', undefined);
  });

  it('trace.maxMegabytes: the smallest trace is enough for a short run', async () => {
    await setSetting('trace.maxMegabytes', 16);
    const again = await programs.open('small.py', BUSY);
    const finished = once(view.onProfileChanged, (summary) => summary?.live === false);
    await run();
    assert.deepEqual((await finished)?.lost.reason, null);
    await notesOf(view, again.document.uri, (all) => all.some(({ line }) => line === spinLine()));
    await setSetting('trace.maxMegabytes', undefined);
  });

  it('recent.maximum is how many profiles are kept, and all can be deleted', async () => {
    await setSetting('recent.maximum', 1);
    await programs.open('again.py', BUSY);
    await run();
    const [kept, ...more] = view.recent.all;
    assert.ok(kept && more.length === 0 && existsSync(kept.path));
    assert.equal(kept.title, 'again.py');
    const emptied = once(view.recent.onDidChange, () => view.recent.all.length === 0);
    let cleared: PromiseLike<unknown> = Promise.resolve();
    await answering('showWarningMessage', 'Delete', () => {
      cleared = vscode.commands.executeCommand('gilscope.clearRecent');
      return cleared;
    });
    await emptied;
    await cleared;
    assert.ok(!existsSync(kept.path));
  });

  it('the view of recent profiles can be gone to', async () => {
    const view = 'gilscope.recent';
    assert.ok((await vscode.commands.getCommands(true)).includes(`${view}.focus`));
  });

  it('the log opens', async () => {
    const isShown = (): boolean =>
      vscode.window.visibleTextEditors.some(({ document }) => document.uri.scheme === 'output');
    const shown = isShown() ? null : once(vscode.window.onDidChangeVisibleTextEditors, isShown);
    await vscode.commands.executeCommand('gilscope.showLog');
    await shown;
    assert.ok(isShown());
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });
});
