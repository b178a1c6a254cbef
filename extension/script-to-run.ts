import { extname } from 'node:path';
import * as vscode from 'vscode';

/**
 * The file to run: the one given by a menu, else that of the active editor; saved to disk where the user agrees.
 * Undefined, with the user told why where that is not their own choice, if there is none.
 */
export async function scriptToRun(given: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
  if (!given && vscode.window.activeNotebookEditor) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        'Notebooks cannot be profiled: their kernel is started by another extension. Put the code into a Python file.',
      ),
    );
    return undefined;
  }
  const document = given ? openDocument(given) : vscode.window.activeTextEditor?.document;
  const uri = given ?? document?.uri;
  if (!uri || !isPython(uri, document)) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('There is no Python file to profile. Open one and run the command again.'),
    );
    return undefined;
  }
  if (document?.isUntitled) return saveFirst(document, vscode.l10n.t('The file is not saved yet.'));
  if (uri.scheme !== 'file') {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('{0} is not on this disk, so it cannot be run.', uri.toString(true)),
    );
    return undefined;
  }
  if (!document?.isDirty) return uri;
  return saveFirst(
    document,
    vscode.l10n.t('{0} has unsaved changes.', vscode.workspace.asRelativePath(uri)),
  );
}

function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
}

function isPython(uri: vscode.Uri, document: vscode.TextDocument | undefined): boolean {
  return document ? document.languageId === 'python' : /^\.pyw?$/.test(extname(uri.path));
}

async function saveFirst(
  document: vscode.TextDocument,
  why: string,
): Promise<vscode.Uri | undefined> {
  const save = vscode.l10n.t('Save and Profile');
  const detail = vscode.l10n.t('The program runs from the file on disk.');
  const answer = await vscode.window.showWarningMessage(why, { modal: true, detail }, save);
  if (answer !== save) return undefined;
  // Undefined where the user left the dialog, or where the file could not be written, which the editor tells.
  const saved = await vscode.workspace.save(document.uri);
  return saved?.scheme === 'file' ? saved : undefined;
}
