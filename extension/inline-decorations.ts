import * as vscode from 'vscode';
import type { LineNote } from '../server/protocol';

/** A note with the line on which it is shown. */
export interface PlacedNote {
  /** 0-based, in the document as it is now. */
  readonly line: number;
  readonly note: LineNote;
  /** The file was edited since the run. */
  readonly stale: boolean;
}

export interface DrawOptions {
  /** Whether the text is drawn here; the server's inlay hints show it otherwise. */
  readonly withText: boolean;
}

const HEAT_LEVELS = [1, 2, 3, 4] as const;
const KINDS = ['hold', 'wait', 'blocks', 'lockWait', 'lockHold', 'lockBlocks'] as const;
const COLOR_OF_KIND = {
  hold: 'holding',
  wait: 'waiting',
  blocks: 'blocks',
  lockWait: 'lock',
  lockHold: 'lock',
  lockBlocks: 'lock',
} as const;
/** Below this share of the largest cost a line has no heat: warm everywhere says nothing. */
const LEAST_HEAT = 0.02;

const color = (name: string): vscode.ThemeColor => new vscode.ThemeColor(`gilscope.${name}`);

/** The decoration types, made once; what they show is replaced, never added to. */
export class InlineDecorations implements vscode.Disposable {
  private readonly heat = HEAT_LEVELS.map((level) =>
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: color(`heat${level}`),
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    }),
  );
  private readonly marks = KINDS.map((kind) =>
    vscode.window.createTextEditorDecorationType({
      overviewRulerColor: color(COLOR_OF_KIND[kind]),
      // Problems are in the right lane, changes in the left one.
      overviewRulerLane: vscode.OverviewRulerLane.Center,
    }),
  );
  private readonly text = textType('inlineForeground');
  private readonly staleText = textType('inlineStaleForeground', 'italic');

  /** Replaces what the editor shows. */
  draw(editor: vscode.TextEditor, notes: readonly PlacedNote[], options: DrawOptions): void {
    const texts = (stale: boolean): vscode.DecorationOptions[] =>
      notes
        .filter((placed) => options.withText && placed.stale === stale)
        .map((placed) => textAfter(editor.document, placed));
    const lines = (keep: (placed: PlacedNote) => boolean): vscode.DecorationOptions[] =>
      notes.filter(keep).map(({ line }) => ({ range: editor.document.lineAt(line).range }));
    const contents: [vscode.TextEditorDecorationType, vscode.DecorationOptions[]][] = [
      ...this.heat.map((type, i): [typeof type, vscode.DecorationOptions[]] => [
        type,
        lines((p) => !p.stale && heatLevel(p.note) === HEAT_LEVELS[i]),
      ]),
      ...this.marks.map((type, i): [typeof type, vscode.DecorationOptions[]] => [
        type,
        lines((p) => !p.stale && heatLevel(p.note) > 0 && p.note.kind === KINDS[i]),
      ]),
      [this.text, texts(false)],
      [this.staleText, texts(true)],
    ];
    // What is new first, so that nothing flickers when a line changes its type.
    contents.sort(([, a], [, b]) => Number(a.length === 0) - Number(b.length === 0));
    for (const [type, options] of contents) editor.setDecorations(type, options);
  }

  clear(editor: vscode.TextEditor): void {
    this.draw(editor, [], { withText: false });
  }

  dispose(): void {
    for (const type of [...this.heat, ...this.marks, this.text, this.staleText]) type.dispose();
  }
}

function textType(foreground: string, fontStyle = 'normal'): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    after: { color: color(foreground), margin: '0 0 0 3ch', fontStyle },
    rangeBehavior: vscode.DecorationRangeBehavior.OpenOpen,
  });
}

function textAfter(
  document: vscode.TextDocument,
  { line, note }: PlacedNote,
): vscode.DecorationOptions {
  const end = document.lineAt(line).range.end;
  return {
    range: new vscode.Range(end, end),
    renderOptions: { after: { contentText: note.text } },
  };
}

/** 0 … 4. A square root, since costs span several powers of ten. */
function heatLevel(note: LineNote): number {
  if (note.heat < LEAST_HEAT) return 0;
  return Math.min(HEAT_LEVELS.length, Math.ceil(Math.sqrt(note.heat) * HEAT_LEVELS.length));
}
