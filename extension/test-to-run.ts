import * as vscode from 'vscode';
import { scriptToRun } from './script-to-run';
import type { RunRequest } from './run-request';
import { testAtLine } from './test-at-line';

/** The test at the cursor, for pytest. Undefined, with the user told why where that is not their own choice: none. */
export async function testToRun(): Promise<RunRequest | undefined> {
  const script = await scriptToRun(undefined);
  const editor = vscode.window.activeTextEditor;
  if (!script || editor?.document.uri.toString() !== script.toString()) return undefined;
  const lines = editor.document.getText().split(/\r?\n/);
  const test = testAtLine(lines, editor.selection.active.line);
  if (!test) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        'There is no test at the cursor. Put it into a function that begins with "test" or a class that begins with "Test".',
      ),
    );
    return undefined;
  }
  return {
    target: { kind: 'module', module: 'pytest' },
    args: [[script.fsPath, ...test].join('::')],
    resource: script.toString(),
  };
}
