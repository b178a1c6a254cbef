import * as vscode from 'vscode';
import { UnclosedQuoteError, joinArguments, splitArguments } from './split-arguments';

const LAST_MODULE = 'lastModule';

/** The arguments for a file, offered as they were the last time. Undefined: the user left. */
export async function askArguments(
  script: vscode.Uri,
  memory: vscode.Memento,
): Promise<readonly string[] | undefined> {
  const key = `lastArguments ${script.toString()}`;
  return ask(memory, key, {
    title: vscode.l10n.t('Profile with Arguments'),
    prompt: vscode.l10n.t('Arguments of {0}', vscode.workspace.asRelativePath(script)),
    placeHolder: vscode.l10n.t('--count 3 "a text with blanks"'),
  });
}

/** A module and its arguments, as after `python -m`. Undefined: the user left. */
export async function askModule(
  memory: vscode.Memento,
): Promise<{ readonly module: string; readonly args: readonly string[] } | undefined> {
  const words = await ask(
    memory,
    LAST_MODULE,
    {
      title: vscode.l10n.t('Profile Module'),
      prompt: vscode.l10n.t('Module and its arguments, as after "python -m"'),
      placeHolder: vscode.l10n.t('package.module --count 3'),
    },
    (given) => /^[^\s-][^\s/\\]*$/.test(given[0] ?? ''),
  );
  const [module, ...args] = words ?? [];
  return module === undefined ? undefined : { module, args };
}

async function ask(
  memory: vscode.Memento,
  key: string,
  texts: { readonly title: string; readonly prompt: string; readonly placeHolder: string },
  isModule: (words: readonly string[]) => boolean = () => true,
): Promise<readonly string[] | undefined> {
  const line = await vscode.window.showInputBox({
    ...texts,
    value: memory.get(key, ''),
    ignoreFocusOut: true,
    validateInput: (text) => problemOf(text, isModule),
  });
  if (line === undefined || problemOf(line, isModule) !== undefined) return undefined;
  const words = splitArguments(line);
  await memory.update(key, joinArguments(words));
  return words;
}

function problemOf(
  line: string,
  isModule: (words: readonly string[]) => boolean,
): string | undefined {
  try {
    if (isModule(splitArguments(line))) return undefined;
    return vscode.l10n.t('The first word must be the name of a module, such as package.module.');
  } catch (error) {
    if (!(error instanceof UnclosedQuoteError)) throw error;
    return vscode.l10n.t('A quote is not closed: {0}', error.quote);
  }
}
