import { existsSync } from 'node:fs';
import * as vscode from 'vscode';

const SCHEME = 'gilscope-report';
const URI = vscode.Uri.from({ scheme: SCHEME, path: '/GILscope.gilscope-report' });
/** `/a/b.py:12`, `C:\a\b.py:12`, at the start of a word. */
const PLACE = /(?<=^|[\s("'])((?:[A-Za-z]:)?[\\/][^:*?"<>|\n]+?):(\d+)(?=$|[\s,;:)"'])/g;

/** The text report of the current profile, in a read-only editor with links to the lines it names. */
export class ReportView
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, vscode.Disposable
{
  private readonly changeEmitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private text = '';

  readonly onDidChange = this.changeEmitter.event;

  constructor() {
    this.subscriptions = [
      this.changeEmitter,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, this),
    ];
  }

  async show(text: string): Promise<void> {
    this.text = text;
    this.changeEmitter.fire(URI);
    const document = await vscode.workspace.openTextDocument(URI);
    await vscode.languages.setTextDocumentLanguage(document, SCHEME);
    await vscode.window.showTextDocument(document, { preview: false });
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    return [...document.getText().matchAll(PLACE)].flatMap((match) => {
      const [whole, file = '', line = ''] = match;
      if (!existsSync(file)) return [];
      const from = document.positionAt(match.index);
      const range = new vscode.Range(from, document.positionAt(match.index + whole.length));
      return [new vscode.DocumentLink(range, vscode.Uri.file(file).with({ fragment: `L${line}` }))];
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
