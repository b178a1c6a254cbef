import { realpathSync } from 'node:fs';
import type { CodeLens, InlayHint } from 'vscode-languageserver';
import type { ServerSettings } from '../protocol-run';
import type { Budget, BudgetProblem } from '../profile/budgets';
import { codeLenses } from './code-lens';
import { pathOfUri } from './file-paths';
import { inlayHints } from './inlay-hints';
import { mapLines } from '../profile/line-map';
import type { LoadedProfile } from './loaded-profile';
import { budgetsOf, hashLine, linesOf } from './source-text';

/** An open document against the profile: made when the text or the profile changes, so that requests only look up. */
export interface DocumentView {
  readonly uri: string;
  /** Real path: the key of the file in the profile. */
  readonly key: string;
  readonly lines: readonly string[];
  readonly lineHashes: readonly string[];
  /** Line as profiled → line now, 0-based; -1: changed or gone. Empty where the profile does not know the text. */
  readonly lineMap: Int32Array;
  /** The text is not that which was profiled. */
  readonly old: boolean;
  readonly hints: readonly InlayHint[];
  readonly lenses: readonly CodeLens[];
  /** Budget comments of the text as it is now that cannot be understood. */
  readonly budgetProblems: readonly BudgetProblem[];
  /** The others, also of the text as it is now. */
  readonly budgets: readonly Budget[];
}

/** The views of all open documents. */
export class DocumentViews {
  private readonly views = new Map<string, DocumentView>();

  /** Null for a document that is not open, or not a file. */
  get(uri: string): DocumentView | null {
    return this.views.get(uri) ?? null;
  }

  all(): DocumentView[] {
    return [...this.views.values()];
  }

  close(uri: string): void {
    this.views.delete(uri);
  }

  /** Takes a document's text, at its opening and after each edit. */
  change(
    uri: string,
    text: string,
    loaded: LoadedProfile | null,
    settings: ServerSettings,
  ): DocumentView | null {
    const before = this.views.get(uri);
    const key = before?.key ?? keyOfUri(uri);
    if (key === null) return null;
    const lines = linesOf(text);
    const lineHashes = rehash(lines, before);
    const { budgets, problems: budgetProblems } = budgetsOf(text);
    const view = viewOf({ uri, key, lines, lineHashes, budgetProblems, budgets }, loaded, settings);
    this.views.set(uri, view);
    return view;
  }

  /** After a change of the profile or of the settings. */
  refresh(loaded: LoadedProfile | null, settings: ServerSettings): void {
    for (const view of this.views.values()) {
      this.views.set(view.uri, viewOf(view, loaded, settings));
    }
  }
}

/** The line of the profiled text (0-based) that stands at a line of the document now; -1: none. */
export function profiledLine(view: DocumentView, line: number): number {
  return view.lineMap.indexOf(line);
}

/** The key of a file by its URI: the real path; null where it is no file. */
export function keyOfUri(uri: string): string | null {
  const path = pathOfUri(uri);
  return path === null ? null : keyOfPath(path);
}

export function keyOfPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

type DocumentText = Pick<
  DocumentView,
  'uri' | 'key' | 'lines' | 'lineHashes' | 'budgetProblems' | 'budgets'
>;

function viewOf(
  document: DocumentText,
  loaded: LoadedProfile | null,
  settings: ServerSettings,
): DocumentView {
  const { uri, key, lines, lineHashes, budgetProblems, budgets } = document;
  const text = { uri, key, lines, lineHashes, budgetProblems, budgets };
  const source = loaded?.sources.sourceOf(key) ?? null;
  if (!loaded || !source) {
    return { ...text, ...nothing() };
  }
  const lineMap = mapLines(source.lineHashes, lineHashes);
  const old = lineMap.length !== lineHashes.length || lineMap.some((line, at) => line !== at);
  const notes = loaded.notes.get(key) ?? [];
  const functions = loaded.functions.get(key) ?? [];
  const { minimumNs, text: words } = loaded;
  return {
    ...text,
    lineMap,
    old,
    hints:
      settings.inlineMode === 'inlayHint'
        ? inlayHints({ notes, lineMap, lines, old, minimumNs, text: words })
        : [],
    lenses: settings.codeLens ? codeLenses(functions, lineMap, old, minimumNs, words) : [],
  };
}

function nothing(): Pick<DocumentView, 'lineMap' | 'old' | 'hints' | 'lenses'> {
  return { lineMap: new Int32Array(0), old: false, hints: [], lenses: [] };
}

/** Hashes of the lines; those at both ends that an edit left alone are taken over. */
function rehash(
  lines: readonly string[],
  before: Pick<DocumentView, 'lines' | 'lineHashes'> | undefined,
): string[] {
  if (!before) return lines.map(hashLine);
  const shorter = Math.min(lines.length, before.lines.length);
  let head = 0;
  while (head < shorter && lines[head] === before.lines[head]) head++;
  let tail = 0;
  while (tail < shorter - head && lines.at(-1 - tail) === before.lines.at(-1 - tail)) tail++;
  return [
    ...before.lineHashes.slice(0, head),
    ...lines.slice(head, lines.length - tail).map(hashLine),
    ...before.lineHashes.slice(before.lineHashes.length - tail),
  ];
}
