import { homedir } from 'node:os';
import { basename, dirname, extname, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { Lookup } from './variables';

/** An input of launch.json or tasks.json, as far as it is used. */
interface Input {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly description?: unknown;
  readonly default?: unknown;
  readonly password?: unknown;
  readonly options?: unknown;
  readonly command?: unknown;
  readonly args?: unknown;
}

/** The user left a prompt. */
export class CancelledError extends Error {}

/**
 * The variables of launch.json and tasks.json. `${command:…}` runs that command, `${input:…}` asks the user.
 *
 * @param inputs `inputs` of the same file
 */
export function configurationVariables(
  folder: vscode.WorkspaceFolder | undefined,
  inputs: readonly unknown[],
): Lookup {
  return async (name, argument) => {
    switch (name) {
      case 'env':
        return process.env[argument ?? ''] ?? '';
      case 'config':
        return settingText(argument ?? '', folder);
      case 'command':
        return textOf(await vscode.commands.executeCommand(argument ?? ''));
      case 'input':
        return ask(inputs.find((input) => (input as Input | null)?.id === argument) as Input);
      case 'workspaceFolder':
      case 'workspaceFolderBasename':
        return folderText(name, argument, folder);
      default:
        return ofTheEditor(folder)[name];
    }
  };
}

function settingText(name: string, folder: vscode.WorkspaceFolder | undefined): string | undefined {
  return textOf(vscode.workspace.getConfiguration(undefined, folder ?? null).get(name));
}

function folderText(
  name: string,
  argument: string | null,
  folder: vscode.WorkspaceFolder | undefined,
): string | undefined {
  const named = vscode.workspace.workspaceFolders?.find((one) => one.name === argument);
  const path = (argument === null ? folder : named)?.uri.fsPath;
  return path === undefined || name === 'workspaceFolder' ? path : basename(path);
}

/** Empty without a file: such a variable is then unknown. */
function ofTheEditor(folder: vscode.WorkspaceFolder | undefined): Partial<Record<string, string>> {
  const editor = vscode.window.activeTextEditor;
  const always = {
    userHome: homedir(),
    pathSeparator: sep,
    cwd: folder?.uri.fsPath ?? process.cwd(),
  };
  if (editor?.document.uri.scheme !== 'file') return always;
  const file = editor.document.uri.fsPath;
  const root = vscode.workspace.getWorkspaceFolder(editor.document.uri)?.uri.fsPath ?? '';
  return {
    ...always,
    file,
    fileWorkspaceFolder: root,
    relativeFile: relative(root, file),
    relativeFileDirname: relative(root, dirname(file)),
    fileBasename: basename(file),
    fileBasenameNoExtension: basename(file, extname(file)),
    fileExtname: extname(file),
    fileDirname: dirname(file),
    fileDirnameBasename: basename(dirname(file)),
    lineNumber: String(editor.selection.active.line + 1),
    selectedText: editor.document.getText(editor.selection),
  };
}

async function ask(input: Input | undefined): Promise<string | undefined> {
  const prompt = textOf(input?.description) ?? '';
  const value = textOf(input?.default) ?? '';
  switch (input?.type) {
    case 'promptString':
      return answered(
        await vscode.window.showInputBox({
          prompt,
          value,
          password: input.password === true,
          ignoreFocusOut: true,
        }),
      );
    case 'pickString': {
      const options = (Array.isArray(input.options) ? input.options : []).map(pickOf);
      const picked = await vscode.window.showQuickPick(options, { placeHolder: prompt });
      return answered(picked?.value);
    }
    case 'command':
      return textOf(await vscode.commands.executeCommand(textOf(input.command) ?? '', input.args));
    default:
      return undefined;
  }
}

function pickOf(option: unknown): { label: string; value: string } {
  const { label, value } = option as { label?: unknown; value?: unknown };
  const text = textOf(value) ?? textOf(option) ?? '';
  return { label: textOf(label) ?? text, value: text };
}

function answered(text: string | undefined): string {
  if (text === undefined) throw new CancelledError();
  return text;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
