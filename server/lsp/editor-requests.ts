import type {
  CodeLens,
  Connection,
  Hover,
  InlayHint,
  InlayHintParams,
  Position,
} from 'vscode-languageserver';
import { isNoteOfAfter } from '../profile/compare/compare-profiles';
import type { HoverText } from '../protocol';
import { keyOfUri, profiledLine } from './document-views';
import { shownPath } from './file-paths';
import { hoverMarkdown, noLinesMarkdown, whyNoLines } from './hover';
import type { ServerState } from './server-state';

/** Answers what every LSP editor asks, from what was worked out when the text or the profile changed. */
export function answerEditor(connection: Connection, state: ServerState): void {
  connection.onHover(({ textDocument, position }) => hover(state, textDocument.uri, position));
  connection.languages.inlayHint.on((params) => hints(state, params));
  connection.languages.inlayHint.resolve((hint) => resolveHint(state, hint));
  connection.onCodeLens(({ textDocument }): CodeLens[] => [
    ...(state.views.get(textDocument.uri)?.lenses ?? []),
  ]);
}

function hover(state: ServerState, uri: string, { line }: Position): Hover | null {
  const view = state.views.get(uri);
  if (!view || state.settings.inlineMode === 'off') return null;
  const profiled = profiledLine(view, line);
  // A line that was changed says nothing; a text that is not known as a whole says why.
  if (profiled < 0 && view.lineMap.length > 0) return null;
  const found = markdownAt(state, view.key, profiled + 1, view.old);
  if (found === null) return null;
  const end = view.lines[line]?.length ?? 0;
  return {
    contents: { kind: 'markdown', value: found },
    range: { start: { line, character: 0 }, end: { line, character: end } },
  };
}

function hints(state: ServerState, { textDocument, range }: InlayHintParams): InlayHint[] {
  const all = state.views.get(textDocument.uri)?.hints ?? [];
  return all
    .filter(({ position }) => position.line >= range.start.line && position.line <= range.end.line)
    .map((hint) => ({ ...hint, data: { line: profiledLineOf(hint), uri: textDocument.uri } }));
}

function resolveHint(state: ServerState, hint: InlayHint): InlayHint {
  const data: unknown = hint.data;
  if (typeof data !== 'object' || data === null || !('uri' in data)) return hint;
  const view = typeof data.uri === 'string' ? state.views.get(data.uri) : null;
  const value = view ? markdownAt(state, view.key, profiledLineOf(hint), view.old) : null;
  return value === null ? hint : { ...hint, tooltip: { kind: 'markdown', value } };
}

function profiledLineOf(hint: InlayHint): number {
  const data: unknown = hint.data;
  if (typeof data !== 'object' || data === null || !('line' in data)) return 0;
  return typeof data.line === 'number' ? data.line : 0;
}

/** The hover of a line as profiled, 1-based: for a client that draws by itself. */
export function lineHover(state: ServerState, uri: string, line: number): HoverText | null {
  const view = state.views.get(uri);
  const key = view?.key ?? keyOfUri(uri);
  const markdown = key === null ? null : markdownAt(state, key, line, view?.old ?? false);
  return markdown === null ? null : { markdown };
}

function markdownAt(state: ServerState, key: string, line: number, old: boolean): string | null {
  const { loaded } = state.profile;
  if (!loaded) return null;
  const { index, live, sources, compared } = loaded;
  const { text } = state;
  const shown = (file: string): string => shownPath(file, state.folders);
  if (sources.sourceOf(key) !== null)
    return hoverMarkdown(index, key, line, {
      ...{ live, old, text, shownPath: shown },
      // The others are said of the profile itself.
      comparedNotes: (compared?.comparison.notes ?? []).filter((note) => !isNoteOfAfter(note)),
    });
  // Without the text as profiled nobody knows what stands on the line now.
  const unknown = (index.costsByFile.get(key) ?? []).length > 0;
  const whyUnknown = unknown ? noLinesMarkdown([text.profile.textUnknown(shown(key))], text) : null;
  return whyNoLines(index.profile, text) ?? whyUnknown;
}
