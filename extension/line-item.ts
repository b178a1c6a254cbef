import * as vscode from 'vscode';
import type { LineNote } from '../server/protocol';
import { formatDuration } from './chart/format';
import { cursorPlace } from './cursor-place';
import type { PlacedNote } from './inline-decorations';
import type { ShownNotes } from './inline-notes';

/** Moving the cursor through a file shows nothing before it rests. */
const REST_MS = 100;

/**
 * The times of the line with the cursor in the status bar, where a screen reader can read them too; all of its costs
 * in the tooltip. There only while that line has times; a click shows the line in the chart.
 */
export class LineItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    'gilscope.line',
    vscode.StatusBarAlignment.Right,
  );
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly shown: ShownNotes) {
    this.item.name = vscode.l10n.t('GILscope Times of the Line');
    this.item.command = 'gilscope.showLineInChart';
    const later = (): void => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.update(), REST_MS);
    };
    this.subscriptions = [
      this.item,
      vscode.window.onDidChangeActiveTextEditor(later),
      vscode.window.onDidChangeTextEditorSelection(later),
      shown.onDidDraw(later),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): void {
    const editor = vscode.window.activeTextEditor;
    const place = cursorPlace(editor);
    const placed =
      editor && place
        ? this.shown.notesOf(editor.document.uri).find(({ line }) => line === place.line - 1)
        : undefined;
    if (!placed) {
      this.item.hide();
      return;
    }
    const text = placed.stale
      ? vscode.l10n.t('{0} (before the last changes)', placed.note.text)
      : placed.note.text;
    this.item.text = `$(pulse) ${text}`;
    this.item.tooltip = tooltipOf(placed);
    this.item.accessibilityInformation = {
      label: vscode.l10n.t('GILscope, line {0}: {1}', placed.line + 1, text),
      role: 'button',
    };
    this.item.show();
  }
}

function tooltipOf({ line, note }: PlacedNote): vscode.MarkdownString {
  const costs = costsOf(note).filter(([, ns]) => ns > 0);
  const rows = costs.map(([name, ns]) => `- ${name}: ${formatDuration(ns)}`);
  const title = vscode.l10n.t('Line {0}, with what it calls', line + 1);
  return new vscode.MarkdownString([title, '', ...rows].join('\n'));
}

function costsOf(note: LineNote): readonly (readonly [string, number])[] {
  return [
    [vscode.l10n.t('Hold'), note.holdNs],
    [vscode.l10n.t('Wait'), note.waitNs],
    [vscode.l10n.t('Blocks'), note.blocksNs],
    [vscode.l10n.t('Lock wait'), note.lockWaitNs],
    [vscode.l10n.t('Lock hold'), note.lockHoldNs],
    [vscode.l10n.t('Lock blocks'), note.lockBlocksNs],
  ];
}
