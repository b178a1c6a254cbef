import * as vscode from 'vscode';
import type { PlaceOpener } from './place-opener';
import { reportPlaces } from './report-places';

const SCHEME = 'gilscope-report';
/** Of the links alone: follows edits, which the address of a line cannot. Arguments: file, line. */
const OPEN_PLACE = '_gilscope.openPlace';
const URI = vscode.Uri.from({ scheme: SCHEME, path: '/GILscope.gilscope-report' });

/** The text report of a profile, in a read-only editor with links to the lines it names. */
export class ReportView
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, vscode.Disposable
{
  private readonly changeEmitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private text = '';
  private files: readonly string[] = [];

  readonly onDidChange = this.changeEmitter.event;

  constructor(opener: Pick<PlaceOpener, 'open'>) {
    this.subscriptions = [
      this.changeEmitter,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, this),
      vscode.commands.registerCommand(OPEN_PLACE, (file: string, line: number) =>
        opener.open(file, line),
      ),
    ];
  }

  /** @param files the files of the profile, absolute */
  async show(text: string, files: readonly string[]): Promise<void> {
    this.text = text;
    this.files = files;
    this.changeEmitter.fire(URI);
    // The ending of its name gives it its language.
    const document = await vscode.workspace.openTextDocument(URI);
    await vscode.window.showTextDocument(document, { preview: false });
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    return reportPlaces(document.getText(), this.files, folders).map((place) => {
      const range = new vscode.Range(
        document.positionAt(place.start),
        document.positionAt(place.start + place.length),
      );
      const query = encodeURIComponent(JSON.stringify([place.file, place.line]));
      const link = new vscode.DocumentLink(
        range,
        vscode.Uri.from({ scheme: 'command', path: OPEN_PLACE, query }),
      );
      link.tooltip = `${vscode.workspace.asRelativePath(place.file)}:${place.line}`;
      return link;
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
