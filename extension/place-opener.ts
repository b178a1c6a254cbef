import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { CurrentLine } from './line-tracking';

/** Tells where the lines of the profile are in a text now. */
export interface LinePositions {
  /** @param line 0-based, as profiled */
  lineNow(document: vscode.TextDocument, line: number): Promise<CurrentLine>;
}

/** Shows places of the profile in the editor, wherever edits have moved them. */
export class PlaceOpener {
  constructor(
    private readonly positions: LinePositions,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** @param line 1-based, as profiled */
  async open(file: string, line: number): Promise<void> {
    const beside = vscode.window.visibleTextEditors.find((e) => e.viewColumn !== undefined);
    try {
      const document = await documentOf(file);
      const now = await this.positions.lineNow(document, line - 1);
      const at = new vscode.Position(Math.min(Math.max(now.line, 0), document.lineCount - 1), 0);
      await vscode.window.showTextDocument(document, {
        viewColumn: beside?.viewColumn ?? vscode.ViewColumn.Beside,
        selection: new vscode.Range(at, at),
      });
      if (!now.isThere) tellGone(file, line);
    } catch (error) {
      this.log.warn(String(error));
      void vscode.window.showErrorMessage(
        vscode.l10n.t('{0} cannot be opened. Was it moved since the run?', file),
      );
    }
  }
}

function tellGone(file: string, line: number): void {
  const name = vscode.workspace.asRelativePath(file);
  void vscode.window.showInformationMessage(
    vscode.l10n.t('Line {0} of {1} was changed or removed after the run.', line, name),
  );
}

/** The file as the user has it open, or would open it: the profile may know it by another path. */
async function documentOf(file: string): Promise<vscode.TextDocument> {
  const uri = vscode.Uri.file(file);
  const open = vscode.workspace.textDocuments.filter((document) => document.uri.scheme === 'file');
  const exact = open.find((document) => document.uri.fsPath === uri.fsPath);
  if (exact) return exact;
  const real = await realPath(file);
  for (const document of open) {
    if ((await realPath(document.uri.fsPath)) === real) return document;
  }
  return vscode.workspace.openTextDocument(await inWorkspace(uri, real));
}

/** A workspace that was opened through a symbolic link has its files under that. */
async function inWorkspace(uri: vscode.Uri, real: string): Promise<vscode.Uri> {
  if (vscode.workspace.getWorkspaceFolder(uri)) return uri;
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    if (folder.uri.scheme !== 'file') continue;
    const root = await realPath(folder.uri.fsPath);
    if (real.startsWith(root + sep)) {
      return vscode.Uri.file(join(folder.uri.fsPath, relative(root, real)));
    }
  }
  return uri;
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
