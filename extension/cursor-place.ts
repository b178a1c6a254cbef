import * as vscode from 'vscode';

/** Moving the cursor through a file asks the server only where it rests. */
const REST_MS = 150;

export interface CursorPlace {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** Calls back with the line of the cursor when it rests on another line of a Python file. */
export function watchCursor(rested: (place: CursorPlace) => void): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  let last = '';
  const selection = vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
    const place = cursorPlace(textEditor);
    if (!place) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const key = JSON.stringify(place);
      if (key === last) return;
      last = key;
      rested(place);
    }, REST_MS);
  });
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    selection.dispose();
  });
}

/** The line of the cursor in a Python file on this disk. */
export function cursorPlace(editor: vscode.TextEditor | undefined): CursorPlace | null {
  if (editor?.document.languageId !== 'python' || editor.document.uri.scheme !== 'file')
    return null;
  return { file: editor.document.uri.fsPath, line: editor.selection.active.line + 1 };
}
