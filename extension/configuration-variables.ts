import { homedir } from 'node:os';
import { basename, dirname, extname, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { ProgramConfiguration } from './configured-program';
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

/** What is used of an extension's manifest. */
interface Manifest {
  readonly contributes?: {
    readonly debuggers?: readonly {
      readonly type?: unknown;
      readonly variables?: Readonly<Record<string, string>>;
    }[];
  };
}

/** The user left a prompt. */
export class CancelledError extends Error {}

/**
 * The variables of a configuration of launch.json. `${command:…}` runs that command, `${input:…}` asks the user: once each,
 * wherever they stand.
 *
 * @param inputs `inputs` of the same file
 * @param file what `${file}` stands for, as a URI
 * @throws CancelledError from a look-up: the user left, as a command tells by no result
 */
export function configurationVariables(
  folder: vscode.WorkspaceFolder | undefined,
  inputs: readonly unknown[],
  configuration: ProgramConfiguration,
  file: string | null,
): Lookup {
  const answers = new Map<string, string | undefined>();
  const asked: Lookup = async (name, argument) => {
    const key = `${name}:${argument}`;
    if (!answers.has(key)) {
      const input = inputs.find((one) => (one as Input | null)?.id === argument) as Input;
      const answer = name === 'input' ? ask(input) : resultOf(argument ?? '', configuration);
      answers.set(key, await answer);
    }
    return answers.get(key);
  };
  return async (name, argument) => {
    switch (name) {
      case 'env':
        return process.env[argument ?? ''] ?? '';
      case 'config':
        return settingText(argument ?? '', folder);
      case 'command':
      case 'input':
        return asked(name, argument);
      case 'workspaceFolder':
      case 'workspaceFolderBasename':
        return folderText(name, argument, folder);
      default:
        return ofTheEditor(folder, file)[name];
    }
  };
}

/** Of a command by its id, or by the name that the configuration's debugger has for it. */
async function resultOf(
  name: string,
  configuration: ProgramConfiguration,
): Promise<string | undefined> {
  const command = debuggerCommand(name, configuration.type) ?? name;
  return textOf(answered(await vscode.commands.executeCommand(command, configuration)));
}

function debuggerCommand(name: string, type: unknown): string | undefined {
  for (const { packageJSON } of vscode.extensions.all) {
    const { contributes } = packageJSON as Manifest;
    for (const contributed of contributes?.debuggers ?? []) {
      const command = contributed.type === type ? contributed.variables?.[name] : undefined;
      if (command !== undefined) return command;
    }
  }
  return undefined;
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
function ofTheEditor(
  folder: vscode.WorkspaceFolder | undefined,
  resource: string | null,
): Partial<Record<string, string>> {
  const always = {
    userHome: homedir(),
    pathSeparator: sep,
    cwd: folder?.uri.fsPath ?? process.cwd(),
  };
  const uri = resource === null ? null : vscode.Uri.parse(resource, true);
  if (uri?.scheme !== 'file') return always;
  const file = uri.fsPath;
  const root = vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? '';
  return {
    ...always,
    ...ofTheSelection(uri),
    file,
    fileWorkspaceFolder: root,
    relativeFile: relative(root, file),
    relativeFileDirname: relative(root, dirname(file)),
    fileBasename: basename(file),
    fileBasenameNoExtension: basename(file, extname(file)),
    fileExtname: extname(file),
    fileDirname: dirname(file),
    fileDirnameBasename: basename(dirname(file)),
  };
}

/** Empty where another file is in front. */
function ofTheSelection(uri: vscode.Uri): Partial<Record<string, string>> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.toString() !== uri.toString()) return {};
  return {
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
      return textOf(
        answered(await vscode.commands.executeCommand(textOf(input.command) ?? '', input.args)),
      );
    default:
      return undefined;
  }
}

function pickOf(option: unknown): { label: string; value: string } {
  const { label, value } = option as { label?: unknown; value?: unknown };
  const text = textOf(value) ?? textOf(option) ?? '';
  return { label: textOf(label) ?? text, value: text };
}

function answered<T>(answer: T): NonNullable<T> {
  if (answer === undefined || answer === null) throw new CancelledError();
  return answer;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
