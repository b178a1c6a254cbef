import * as vscode from 'vscode';
import { SECTION, inlineMode, type InlineMode } from './settings';

const LAST_SHOWN = 'inline.lastShown';

/** Switches the times on the lines off, and back to the way they were shown; the setting keeps the choice. */
export async function toggleInlineTimes(state: vscode.Memento): Promise<void> {
  const mode = inlineMode();
  if (mode !== 'off') await state.update(LAST_SHOWN, mode);
  const next = mode === 'off' ? state.get<InlineMode>(LAST_SHOWN, 'decoration') : 'off';
  const settings = vscode.workspace.getConfiguration(SECTION);
  // A value of the workspace would win over one of the user.
  const inWorkspace = settings.inspect('inline.mode')?.workspaceValue !== undefined;
  await settings.update(
    'inline.mode',
    next,
    inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
  );
}
