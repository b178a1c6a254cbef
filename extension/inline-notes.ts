import * as vscode from 'vscode';
import { METHOD, type LineNote } from '../server/protocol';
import { InlineDecorations, type PlacedNote } from './inline-decorations';
import { lineState } from './line-state';
import { LineTracking, type CurrentLine } from './line-tracking';
import type { LinePositions } from './place-opener';
import type { ProfileServer } from './requests';
import { SECTION, inlineMode } from './settings';

/** Typing is faster than this; the editor itself moves what is drawn until then. */
const REDRAW_DELAY_MS = 50;

interface FileState {
  readonly notes: readonly LineNote[];
  readonly tracking: LineTracking;
}

/** What a test may look at, as an editor does not tell its decorations. */
export interface ShownNotes {
  notesOf(document: vscode.Uri): readonly PlacedNote[];
  readonly onDidDraw: vscode.Event<vscode.Uri>;
}

/** Shows the notes of the current profile on the lines of visible editors, and keeps them there through edits. */
export class InlineNotes implements ShownNotes, LinePositions, vscode.Disposable {
  private readonly decorations = new InlineDecorations();
  private readonly drawEmitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private readonly files = new Map<string, FileState>();
  private readonly fetching = new Map<string, { again: boolean }>();
  private readonly redraws = new Map<string, NodeJS.Timeout>();

  readonly onDidDraw = this.drawEmitter.event;

  constructor(
    private readonly server: ProfileServer,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      this.decorations,
      this.drawEmitter,
      server.onProfileChanged((summary) => {
        if (summary) this.fetchVisible();
        else this.forget();
      }),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) this.refresh(editor.document);
      }),
      vscode.workspace.onDidChangeTextDocument((change) => {
        this.edited(change);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.files.delete(document.uri.toString());
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(`${SECTION}.inline`)) this.fetchVisible();
      }),
    ];
  }

  notesOf(document: vscode.Uri): readonly PlacedNote[] {
    return inlineMode() === 'off' ? [] : place(this.files.get(document.toString()));
  }

  /** Where the text as profiled is not known, a line is taken to be where it was. */
  async lineNow(document: vscode.TextDocument, line: number): Promise<CurrentLine> {
    const uri = document.uri.toString();
    // What is about to be replaced may be of another profile.
    const shown = this.fetching.has(uri) ? undefined : this.files.get(uri);
    if (shown) return shown.tracking.lineNow(line);
    const notes = await this.server.request(METHOD.fileNotes, { uri });
    return notes ? trackingOf(document, notes.lineHashes).lineNow(line) : { line, isThere: true };
  }

  dispose(): void {
    for (const timer of this.redraws.values()) clearTimeout(timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private forget(): void {
    this.files.clear();
    for (const editor of visibleEditors()) this.draw(editor);
  }

  /** What nobody sees is forgotten, and fetched when it comes into view; what is on its way may be old. */
  private fetchVisible(): void {
    const visible = new Set(vscode.window.visibleTextEditors.map(({ document }) => document));
    const uris = new Set([...visible].map(({ uri }) => uri.toString()));
    for (const uri of this.files.keys()) if (!uris.has(uri)) this.files.delete(uri);
    for (const request of this.fetching.values()) request.again = true;
    for (const document of visible) void this.fetch(document);
  }

  private refresh(document: vscode.TextDocument): void {
    if (this.files.has(document.uri.toString())) this.redraw(document);
    else void this.fetch(document);
  }

  /** Asks the server, once at a time for each file; what came in between is asked for again. */
  private async fetch(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    if (!this.isWanted(document)) return;
    const underWay = this.fetching.get(uri);
    if (underWay) {
      underWay.again = true;
      return;
    }
    const request = { again: false };
    this.fetching.set(uri, request);
    try {
      const notes = await this.server.request(METHOD.fileNotes, { uri });
      if (!this.isWanted(document)) return;
      if (notes) {
        const tracking = trackingOf(document, notes.lineHashes);
        this.files.set(uri, { notes: notes.notes, tracking });
      } else this.files.delete(uri);
      this.redraw(document);
    } catch (error) {
      this.log.warn(`No times for ${uri}: ${String(error)}`);
    } finally {
      this.fetching.delete(uri);
      if (request.again) void this.fetch(document);
    }
  }

  private isWanted(document: vscode.TextDocument): boolean {
    return this.server.profile !== null && !document.isClosed && isShown(document);
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const uri = document.uri.toString();
    const state = this.files.get(uri);
    if (!state || contentChanges.length === 0) return;
    state.tracking.edit(
      contentChanges.map(({ range, text }) => ({
        startLine: range.start.line,
        startCharacter: range.start.character,
        endLine: range.end.line,
        endCharacter: range.end.character,
        text,
      })),
      (line) => lineState(document.lineAt(line).text),
    );
    clearTimeout(this.redraws.get(uri));
    this.redraws.set(
      uri,
      setTimeout(() => {
        this.redraws.delete(uri);
        if (!document.isClosed) this.redraw(document);
      }, REDRAW_DELAY_MS),
    );
  }

  private redraw(document: vscode.TextDocument): void {
    for (const editor of visibleEditors()) if (editor.document === document) this.draw(editor);
  }

  private draw(editor: vscode.TextEditor): void {
    const { document } = editor;
    const notes = this.notesOf(document.uri).filter(({ line }) => line < document.lineCount);
    this.decorations.draw(editor, notes, { withText: inlineMode() === 'decoration' });
    this.drawEmitter.fire(document.uri);
  }
}

function trackingOf(document: vscode.TextDocument, profiled: readonly string[]): LineTracking {
  const lines = Array.from({ length: document.lineCount }, (_, i) =>
    lineState(document.lineAt(i).text),
  );
  return new LineTracking(profiled, lines);
}

function place(state: FileState | undefined): PlacedNote[] {
  if (!state) return [];
  const positions = state.tracking.positions();
  const stale = state.tracking.isEdited();
  return state.notes.flatMap((note) => {
    const line = positions.get(note.line - 1);
    return line === undefined ? [] : [{ line, note, stale }];
  });
}

/** Files on this disk only: no diff with another version, no output, no notebook. */
function isShown(document: vscode.TextDocument): boolean {
  return document.uri.scheme === 'file' && document.languageId === 'python';
}

/** Editors inside a diff or a peek view have no column of their own. */
function visibleEditors(): vscode.TextEditor[] {
  return vscode.window.visibleTextEditors.filter(
    (editor) => editor.viewColumn !== undefined && isShown(editor.document),
  );
}
