import type { InlayHint } from 'vscode-languageserver';
import type { LineNote } from '../protocol';
import { staleText } from './notes';
import type { ServerText } from './text';

export interface HintSource {
  readonly notes: readonly LineNote[];
  /** Line as profiled → line of the document as it is now, both 0-based; -1: gone. */
  readonly lineMap: Int32Array;
  /** The lines of the document as it is now. */
  readonly lines: readonly string[];
  readonly old: boolean;
  readonly minimumNs: number;
  /** Default: English. */
  readonly text?: ServerText;
}

/** A hint at the end of each line that has a number, in the order of the lines of the document. */
export function inlayHints(source: HintSource): InlayHint[] {
  return source.notes
    .flatMap((note) => {
      const line = source.lineMap[note.line - 1] ?? -1;
      const lineText = source.lines[line];
      if (line < 0 || lineText === undefined) return [];
      return [
        {
          position: { line, character: lineText.length },
          label: source.old ? staleText(note, source.minimumNs, source.text) : note.text,
          paddingLeft: true,
          data: { line: note.line },
        },
      ];
    })
    .sort((a, b) => a.position.line - b.position.line);
}
