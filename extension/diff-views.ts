import * as vscode from 'vscode';

/** Whether a diff that is in sight shows the document. */
export function isInDiff(document: vscode.TextDocument): boolean {
  return diffedFiles().has(document.uri.toString());
}

/** Calls back when a diff comes into sight or goes. */
export function watchDiffs(changed: () => void): vscode.Disposable {
  let before = keyOf(diffedFiles());
  return vscode.window.tabGroups.onDidChangeTabs(() => {
    const now = keyOf(diffedFiles());
    if (now === before) return;
    before = now;
    changed();
  });
}

function diffedFiles(): ReadonlySet<string> {
  const inputs = vscode.window.tabGroups.all.map(({ activeTab }) => activeTab?.input);
  return new Set(
    inputs.flatMap((input) =>
      input instanceof vscode.TabInputTextDiff
        ? [input.original.toString(), input.modified.toString()]
        : [],
    ),
  );
}

function keyOf(files: ReadonlySet<string>): string {
  return [...files].sort().join('\n');
}
