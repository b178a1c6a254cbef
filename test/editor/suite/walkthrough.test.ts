import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  activated,
  answering,
  lineWith,
  notesOf,
  once,
  setSetting,
} from '../support/extension-host';

interface Contributed {
  readonly contributes: {
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly id: string; readonly description: string }[];
    }[];
  };
}

describe('what is no editor of a Python file', () => {
  after(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('a notebook says that it cannot be profiled, and what can be done', async () => {
    await activated();
    const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'print(1)', 'python');
    const data = new vscode.NotebookData([cell]);
    const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', data);
    await vscode.window.showNotebookDocument(notebook);
    assert.ok(vscode.window.activeNotebookEditor);
    const { text } = await answering('showErrorMessage', undefined, () =>
      vscode.commands.executeCommand('gilscope.profileFile'),
    );
    assert.match(text, /^Notebooks cannot be profiled: .* Put the code into a Python file/);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});

describe('the walkthrough', () => {
  let view: TestView;
  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
  });
  after(async () => {
    await vscode.commands.executeCommand('gilscope.clearResults');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  /** The commands of the buttons, step by step, as they are in English. */
  const buttons = (): string[] => {
    const extension = vscode.extensions.getExtension<TestView>('gilscope.gilscope');
    assert.ok(extension);
    const { contributes } = extension.packageJSON as Contributed;
    const folder = extension.extensionPath;
    const texts = JSON.parse(readFileSync(join(folder, 'package.nls.json'), 'utf8')) as Record<
      string,
      string
    >;
    return (contributes.walkthroughs[0]?.steps ?? []).map(({ id, description }) => {
      const text = texts[`walkthrough.${id}.description`] ?? description;
      return /\(command:([\w.]+)\)/.exec(text)?.[1] ?? '';
    });
  };

  it('has four steps, whose buttons end with the example profiled, on its lines and in the chart', async () => {
    const [open = '', profile = '', report = '', chart = '', ...more] = buttons();
    assert.deepEqual(more, []);
    await vscode.commands.executeCommand(open);
    const example = vscode.window.activeTextEditor?.document;
    assert.ok(example);
    const ended = once(view.onProfileChanged, (summary) => summary?.live === false);
    await vscode.commands.executeCommand(profile);
    assert.equal((await ended)?.exit.code, 0);
    // The notes of the end follow those that were shown while it ran.
    const worst = lineWith(example, 'This line holds the GIL');
    await notesOf(view, example.uri, (all) => all.some(({ line }) => line === worst));
    await vscode.commands.executeCommand(report);
    assert.equal(vscode.window.activeTextEditor?.document.languageId, 'gilscope-report');
    const isChart = ({ input }: vscode.Tab): boolean =>
      input instanceof vscode.TabInputWebview && input.viewType.endsWith('gilscope.chart');
    const hasChart = (): boolean =>
      vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(isChart));
    const opened = hasChart() ? null : once(vscode.window.tabGroups.onDidChangeTabs, hasChart);
    await vscode.commands.executeCommand(chart);
    await opened;
    assert.ok(hasChart());
  });
});
