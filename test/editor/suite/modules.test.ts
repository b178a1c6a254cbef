import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  answering,
  once,
  setSetting,
  withFolders,
} from '../support/extension-host';

describe('a module runs in the folder', () => {
  const programs = new Programs();
  let view: TestView;
  /** Where it ran, as the module itself says: `timeit` is in every Python and runs what it is given. */
  const folderOfRun = async (): Promise<string> => {
    const out = programs.path('cwd.txt');
    const statement = `open("${out}", "w").write(__import__("os").getcwd())`;
    const end = once(view.onRunning, (running) => !running);
    await answering('showInputBox', `timeit -n 1 -r 1 '${statement}'`, () =>
      vscode.commands.executeCommand('gilscope.profileModule'),
    );
    await end;
    return readFileSync(out, 'utf8');
  };
  const folder = (name: string): vscode.Uri => {
    mkdirSync(programs.path(name), { recursive: true });
    return vscode.Uri.file(programs.path(name));
  };

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('that is open, also while a file from elsewhere is in the editor', async () => {
    await programs.open('elsewhere.py', 'pass');
    const [open] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(open);
    assert.equal(await folderOfRun(), realpathSync(open.uri.fsPath));
  });

  it('of several that has the open file, else the first', async () => {
    const both = [folder('first'), folder('second')];
    await programs.open('second/inside.py', 'pass');
    await withFolders(both, async () => {
      assert.equal(await folderOfRun(), programs.path('second'));
    });
    await programs.open('elsewhere.py', 'pass');
    await withFolders(both, async () => {
      assert.equal(await folderOfRun(), programs.path('first'));
    });
  });

  it('of the open file, where no other is open', async () => {
    await programs.open('elsewhere.py', 'pass');
    await withFolders([], async () => {
      assert.equal(await folderOfRun(), programs.folder);
    });
  });
});
