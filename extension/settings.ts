import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { ServerSettings } from '../server/protocol-run';

export type InlineMode = ServerSettings['inlineMode'];

/** The section of all settings of this extension. */
export const SECTION = 'gilscope';

/** What the server is told, for a file (its folder's settings count) or for the window. */
export function serverSettings(
  resource: vscode.Uri | undefined,
  pythonExtensionChoice: string,
): ServerSettings {
  const values = vscode.workspace.getConfiguration(SECTION, resource ?? null);
  const folder = folderOf(resource)?.uri.fsPath ?? null;
  return {
    python: resolvePath(values.get('python', ''), folder),
    pythonExtensionChoice,
    inlineMode: values.get<InlineMode>('inline.mode', 'decoration'),
    codeLens: values.get('codeLens.enabled', false),
    minimumMicroseconds: values.get('inline.minimumMicroseconds', 100),
    maxTraceMegabytes: values.get('trace.maxMegabytes', 1024),
    sampleMicroseconds: values.get('sampling.periodMicroseconds', 0),
    traceFolder: resolvePath(values.get('trace.folder', ''), folder),
  };
}

/** After so many seconds a run is stopped; 0: it goes on to its end. */
export function mostSeconds(resource: vscode.Uri | undefined): number {
  return vscode.workspace.getConfiguration(SECTION, resource ?? null).get('run.maximumSeconds', 0);
}

/** How many profiles of earlier runs are kept. */
export function keptProfiles(): number {
  return vscode.workspace.getConfiguration(SECTION).get('recent.maximum', 20);
}

export function inlineMode(): InlineMode {
  return vscode.workspace.getConfiguration(SECTION).get<InlineMode>('inline.mode', 'decoration');
}

/** The workspace folder of a file; of no file, the only folder of the window. */
export function folderOf(resource: vscode.Uri | undefined): vscode.WorkspaceFolder | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (resource) return vscode.workspace.getWorkspaceFolder(resource);
  return folders.length === 1 ? folders[0] : undefined;
}

/** The workspace folder that the user works in: that of the active file, else the first. */
export function currentFolder(): vscode.WorkspaceFolder | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  return folderOf(active) ?? vscode.workspace.workspaceFolders?.[0];
}

/** `~`, `${workspaceFolder}`, `${env:NAME}` and paths relative to the folder; a bare name is left for the `PATH`. */
function resolvePath(setting: string, folder: string | null): string {
  const path = setting
    .trim()
    .replaceAll('${workspaceFolder}', folder ?? '${workspaceFolder}')
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => process.env[name] ?? '')
    .replace(/^~(?=$|[\\/])/, homedir());
  const isBareName = !/[\\/]/.test(path);
  if (isBareName || isAbsolute(path) || folder === null) return path;
  return join(folder, path);
}
