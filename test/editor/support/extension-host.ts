/** For tests inside VS Code's extension host: the extension under test, programs to profile, answers to dialogs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import type { PlacedNote } from '../../../extension/inline-decorations';

/** The extension, active, with what it shows to tests. */
export async function activated(): Promise<TestView> {
  const extension = vscode.extensions.getExtension<TestView>('gilscope.gilscope');
  if (!extension) throw new Error('the extension under test is not there');
  return extension.activate();
}

/** Resolves with the first value of an event that is wanted. Ask before the cause: what went by is gone. */
export function once<T>(
  event: vscode.Event<T>,
  wanted: (value: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const subscription = event((value) => {
      if (!wanted(value)) return;
      subscription.dispose();
      resolve(value);
    });
  });
}

/** The shown report, once it is that of the profile that names this: an open one takes its new text a moment later. */
export async function shownReport(name: string): Promise<vscode.TextDocument> {
  const report = vscode.window.activeTextEditor?.document;
  if (report?.languageId !== 'gilscope-report') throw new Error('no report is shown');
  while (!report.getText().includes(name)) {
    await once(vscode.workspace.onDidChangeTextDocument, ({ document }) => document === report);
  }
  return report;
}

/** Resolves when a file's notes, as drawn, are wanted; looks first at those that are drawn already. */
export async function notesOf(
  view: TestView,
  uri: vscode.Uri,
  wanted: (notes: readonly PlacedNote[]) => boolean,
): Promise<readonly PlacedNote[]> {
  while (!wanted(view.shown.notesOf(uri))) {
    await once(view.shown.onDidDraw, (drawn) => drawn.toString() === uri.toString());
  }
  return view.shown.notesOf(uri);
}

/** A new folder with a space and letters beyond ASCII in its name. */
export class Programs {
  private readonly root = mkdtempSync(join(tmpdir(), 'gilscope-suite-'));
  readonly folder = mkdtempSync(join(this.root, 'work space ü '));

  /** Writes a program and opens it. */
  async open(name: string, source: string): Promise<vscode.TextEditor> {
    const file = join(this.folder, name);
    writeFileSync(file, source);
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file), {
      preview: false,
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** 0-based line of a document that has this text. */
export function lineWith(document: vscode.TextDocument, text: string): number {
  for (let line = 0; line < document.lineCount; line++) {
    if (document.lineAt(line).text.includes(text)) return line;
  }
  throw new Error(`no line with ${text}`);
}

/** Lets the window have these folders while something happens: to change them really restarts the tests as well. */
export async function withFolders(
  folders: readonly vscode.Uri[],
  happen: () => PromiseLike<unknown>,
): Promise<void> {
  const { workspace } = vscode;
  const all = folders.map((uri, index) => ({ uri, index, name: basename(uri.fsPath) }));
  const own = {
    workspaceFolders: all,
    getWorkspaceFolder: ({ scheme, path }: vscode.Uri) =>
      all.find(({ uri }) => scheme === uri.scheme && `${path}/`.startsWith(`${uri.path}/`)),
  };
  const before = Object.keys(own).map(
    (name) => [name, Object.getOwnPropertyDescriptor(workspace, name) ?? {}] as const,
  );
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(workspace, name, { value, configurable: true });
  }
  try {
    await happen();
  } finally {
    for (const [name, descriptor] of before) Object.defineProperty(workspace, name, descriptor);
  }
}

type Dialog = 'showErrorMessage' | 'showWarningMessage' | 'showInformationMessage' | 'showInputBox';

/** A message that was shown, and its buttons. */
export interface ShownMessage {
  readonly text: string;
  readonly buttons: readonly string[];
  /** Of an input box: what stood there. */
  readonly value: string | undefined;
}

/**
 * Answers one kind of dialog while something happens, as nobody is there to click.
 *
 * @returns what was shown; resolves when both that and the first dialog have happened
 */
export async function answering(
  dialog: Dialog,
  answer: string | undefined,
  happen: () => PromiseLike<unknown>,
): Promise<ShownMessage> {
  const window = vscode.window as unknown as Record<Dialog, unknown>;
  const original = window[dialog];
  try {
    return await new Promise<ShownMessage>((resolve, reject) => {
      window[dialog] = (text: unknown, ...rest: unknown[]) => {
        const buttons = rest.filter((button) => typeof button === 'string');
        const { value } = (typeof text === 'object' ? text : {}) as { value?: string };
        const shown = { text: typeof text === 'string' ? text : '', buttons, value };
        // The caller goes on with the answer before the test does.
        setImmediate(() => resolve(shown));
        return Promise.resolve(answer);
      };
      Promise.resolve(happen()).catch(reject);
    });
  } finally {
    window[dialog] = original;
  }
}

/** What is shown as an error while something happens; nobody clicks. */
export async function errorsShown(happen: () => PromiseLike<unknown>): Promise<readonly string[]> {
  const window = vscode.window as unknown as { showErrorMessage: unknown };
  const original = window.showErrorMessage;
  const shown: string[] = [];
  window.showErrorMessage = (text: string) => {
    shown.push(text);
    return Promise.resolve(undefined);
  };
  try {
    await happen();
    return shown;
  } finally {
    window.showErrorMessage = original;
  }
}

/** Sets a setting of the user for the tests that follow. */
export async function setSetting(id: string, value: unknown): Promise<void> {
  const settings = vscode.workspace.getConfiguration('gilscope');
  await settings.update(id, value, vscode.ConfigurationTarget.Global);
}
