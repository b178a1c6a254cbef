import * as vscode from 'vscode';

/**
 * Saves what is not saved, as VS Code does before it starts a program, unless it is told not to.
 *
 * @returns false: a file could not be written, which the editor tells
 */
export async function savedBeforeRun(): Promise<boolean> {
  const debug = vscode.workspace.getConfiguration(
    'debug',
    vscode.window.activeTextEditor?.document,
  );
  return debug.get('saveBeforeStart') === 'none' || vscode.workspace.saveAll(false);
}
