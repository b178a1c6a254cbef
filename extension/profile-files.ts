import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { currentFolder } from './settings';

/** Asks for a saved profile. Undefined: the user left. */
export async function askProfileToOpen(
  title = vscode.l10n.t('Open Profile'),
): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    defaultUri: startFolder(),
    filters: { [vscode.l10n.t('GILscope profiles')]: ['gilscope'] },
  });
  return chosen?.[0];
}

/** Asks where to keep the current profile; the ending of the name chooses the format. Undefined: the user left. */
export async function askWhereToSave(title: string): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save Profile As'),
    defaultUri: vscode.Uri.joinPath(startFolder(), `${fileNameOf(title)}.gilscope`),
    filters: {
      [vscode.l10n.t('GILscope profile')]: ['gilscope'],
      [vscode.l10n.t('JSON')]: ['json'],
      [vscode.l10n.t('Web page with the chart')]: ['html'],
    },
  });
  if (!chosen || /\.(gilscope|json|html)$/i.test(chosen.path)) return chosen;
  return chosen.with({ path: `${chosen.path}.gilscope` });
}

/** A title as the name of a file. */
export function fileNameOf(title: string): string {
  const name = title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '');
  return name === '' ? 'profile' : name;
}

export function startFolder(): vscode.Uri {
  return currentFolder()?.uri ?? vscode.Uri.file(homedir());
}
