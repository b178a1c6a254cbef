import * as vscode from 'vscode';
import { configurationVariables } from './configuration-variables';
import { configuredProgram, type ProgramConfiguration } from './configured-program';
import type { ConfigurationRef, ConfiguredRun } from './run-request';
import { savedBeforeRun } from './save-before-run';

interface Found {
  readonly folder: vscode.WorkspaceFolder | undefined;
  readonly name: string;
  readonly configuration: ProgramConfiguration;
  readonly inputs: readonly unknown[];
}

const LAST = 'lastLaunchConfiguration';
/** Debug types of the Python extensions; `attach` has no program to start. */
const PYTHON_TYPES = new Set(['python', 'debugpy']);

/**
 * The program of a Python configuration of launch.json: the only one, or the one that the user picks, the last one first.
 * Undefined, with the user told why where that is not their own choice, if there is none.
 *
 * @param again the one to take without asking, if it is still there
 * @throws what configuredProgram() throws
 */
export async function programOfLaunchConfiguration(
  memory: vscode.Memento,
  again?: ConfigurationRef,
): Promise<ConfiguredRun | undefined> {
  const found = [undefined, ...(vscode.workspace.workspaceFolders ?? [])].flatMap(configurationsOf);
  if (found.length === 0) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        'There is no Python configuration in launch.json. Add one (Run and Debug: create a launch.json file), or profile the open file.',
      ),
    );
    return undefined;
  }
  const chosen = await choose(found, memory, again);
  if (!chosen) return undefined;
  await memory.update(LAST, keyOf(chosen));
  if (!(await savedBeforeRun())) return undefined;
  const { configuration, inputs } = chosen;
  const folder = chosen.folder ?? vscode.workspace.workspaceFolders?.[0];
  const file = again
    ? again.file
    : (vscode.window.activeTextEditor?.document.uri.toString() ?? null);
  const lookup = configurationVariables(folder, inputs, configuration, file);
  const request = await configuredProgram(configuration, folder, lookup);
  return { from: { configuration: keyOf(chosen), file }, request };
}

/** The only one is taken for any, but not for another that is gone. */
async function choose(
  found: readonly Found[],
  memory: vscode.Memento,
  again: ConfigurationRef | undefined,
): Promise<Found | undefined> {
  const same = found.find((one) => keyOf(one) === again?.configuration);
  if (same) return same;
  return found.length === 1 && !again ? found[0] : pick(found, memory);
}

async function pick(found: readonly Found[], memory: vscode.Memento): Promise<Found | undefined> {
  const last = memory.get<string>(LAST);
  const items = found
    .map((one) => ({ label: one.name, description: one.folder?.name ?? '', one }))
    .sort((a, b) => Number(keyOf(b.one) === last) - Number(keyOf(a.one) === last));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Profile Launch Configuration'),
    placeHolder: vscode.l10n.t('The configuration to run and profile'),
  });
  return picked?.one;
}

/** Those of a folder; without one, those of the workspace file and the user's settings. */
function configurationsOf(folder: vscode.WorkspaceFolder | undefined): Found[] {
  const section = vscode.workspace.getConfiguration('launch', folder ?? null);
  const configurations = listOf(section, 'configurations', folder);
  const inputs = listOf(section, 'inputs', folder);
  return configurations.flatMap((value) => {
    const { type, request, name } = value as Record<string, unknown>;
    if (typeof type !== 'string' || !PYTHON_TYPES.has(type) || request !== 'launch') return [];
    const label = typeof name === 'string' ? name : type;
    return [{ folder, name: label, configuration: value as ProgramConfiguration, inputs }];
  });
}

function listOf(
  section: vscode.WorkspaceConfiguration,
  key: string,
  folder: vscode.WorkspaceFolder | undefined,
): readonly unknown[] {
  const values = section.inspect<unknown[]>(key);
  const lists = folder
    ? [values?.workspaceFolderValue]
    : [isSingleFolder() ? undefined : values?.workspaceValue, values?.globalValue];
  return lists.flatMap((list) => (Array.isArray(list) ? list : []));
}

/** The workspace's values are then the folder's. */
function isSingleFolder(): boolean {
  return vscode.workspace.workspaceFile === undefined;
}

function keyOf({ folder, name }: Found): string {
  return `${folder?.uri.toString() ?? ''} ${name}`;
}
