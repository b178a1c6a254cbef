import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import { Programs, activated, notesOf, once, setSetting } from '../support/extension-host';

/** A third of a second on one line. */
const BUSY = `import time
def spin(until):
    while time.perf_counter() < until: pass

spin(time.perf_counter() + 0.3)
`;

describe('times of a file that another one hides', () => {
  const programs = new Programs();
  let view: TestView;
  let hidden: vscode.TextDocument;
  let other: vscode.TextDocument;

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    ({ document: hidden } = await programs.open('hidden.py', BUSY));
    const end = once(view.onRunning, (running) => !running);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
    await notesOf(view, hidden.uri, (all) => all.length > 0);
    ({ document: other } = await programs.open('other.py', BUSY));
  });
  after(async () => {
    await setSetting('inline.minimumMicroseconds', undefined);
    await vscode.commands.executeCommand('gilscope.clearResults');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  /** What is drawn first when the file comes into view. */
  const shownAgain = async (): Promise<readonly string[]> => {
    const drawn = once(view.shown.onDidDraw, (uri) => uri.toString() === hidden.uri.toString());
    await vscode.window.showTextDocument(hidden, { preview: false });
    await drawn;
    return view.shown.notesOf(hidden.uri).map(({ note }) => note.text);
  };

  it('are those of the setting as it is then', async () => {
    const changed = once(view.onProfileChanged);
    await setSetting('inline.minimumMicroseconds', 60_000_000);
    await changed;
    assert.deepEqual(await shownAgain(), []);
    await vscode.window.showTextDocument(other);
    const back = once(view.onProfileChanged);
    await setSetting('inline.minimumMicroseconds', undefined);
    await back;
    assert.notDeepEqual(await shownAgain(), []);
  });

  it('are those of the comparison that began meanwhile, and alone again after its end', async () => {
    const file = vscode.Uri.file(programs.path('before.gilscope'));
    await vscode.commands.executeCommand('gilscope.saveProfileAs', file);
    await vscode.window.showTextDocument(other);
    await vscode.commands.executeCommand('gilscope.compareProfiles', file);
    // With itself: no difference is more than chance.
    assert.match((await shownAgain()).join('\n'), /^\w+ ≈ /);
    await vscode.window.showTextDocument(other);
    const over = once(view.onProfileChanged, (summary) => summary?.comparedWith === null);
    await vscode.commands.executeCommand('gilscope.endComparison');
    await over;
    assert.doesNotMatch((await shownAgain()).join('\n'), /≈|^$/);
  });
});
