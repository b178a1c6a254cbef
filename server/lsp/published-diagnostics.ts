import type { Diagnostic } from 'vscode-languageserver';
import { checkBudgets } from '../profile/budgets';
import { doubtsOf } from '../profile/doubts';
import type { Finding } from '../protocol';
import { budgetDiagnostics, findingDiagnostics } from './diagnostics';
import type { DocumentView, DocumentViews } from './document-views';
import { uriOfPath } from './file-paths';
import type { LoadedProfile } from './loaded-profile';
import type { ServerText } from './text';

/** Keeps the client's problem list in step with the profile and the open documents. */
export class PublishedDiagnostics {
  /** What was sent, by URI; only documents with something. */
  private readonly sent = new Map<string, string>();

  constructor(private readonly publish: (uri: string, diagnostics: Diagnostic[]) => void) {}

  /** Works out all diagnostics and sends those that changed. While a program runs there are none of findings. */
  update(loaded: LoadedProfile | null, views: DocumentViews, text: ServerText): void {
    const findings = loaded && !loaded.live ? findingsByKey(loaded) : new Map<string, Finding[]>();
    const wanted = new Map<string, Diagnostic[]>();
    for (const view of views.all()) {
      const own = findings.get(view.key) ?? [];
      wanted.set(view.uri, [
        ...findingDiagnostics(own, view, text),
        ...findingDiagnostics(uncheckedIn(view, loaded), null, text),
        ...budgetDiagnostics(view.budgetProblems, text),
      ]);
    }
    const open = new Set(views.all().map((view) => view.key));
    for (const file of loaded && !loaded.live ? loaded.sources.known() : []) {
      const key = loaded?.sources.keyOf(file) ?? file;
      if (open.has(key)) continue;
      const problems = loaded?.sources.sourceOf(key)?.budgets.problems ?? [];
      wanted.set(uriOfPath(file), [
        ...findingDiagnostics(findings.get(key) ?? [], null, text),
        ...budgetDiagnostics(problems, text),
      ]);
    }
    this.send(wanted);
  }

  private send(wanted: ReadonlyMap<string, Diagnostic[]>): void {
    for (const uri of [...this.sent.keys()]) {
      if ((wanted.get(uri)?.length ?? 0) > 0) continue;
      this.sent.delete(uri);
      this.publish(uri, []);
    }
    for (const [uri, diagnostics] of wanted) {
      const content = JSON.stringify(diagnostics);
      if (diagnostics.length === 0 || this.sent.get(uri) === content) continue;
      this.sent.set(uri, content);
      this.publish(uri, diagnostics);
    }
  }
}

/** Budgets of a file that no line of the profile names, where the profile does not have all lines. */
function uncheckedIn({ key, budgets }: DocumentView, loaded: LoadedProfile | null): Finding[] {
  if (!loaded || loaded.live || loaded.index.costsByFile.has(key)) return [];
  const { profile } = loaded.index;
  return checkBudgets(key, budgets, profile.lines, { ...doubtsOf(profile), blame: null });
}

/** Findings of lines in files whose text is known. */
function findingsByKey(loaded: LoadedProfile): Map<string, Finding[]> {
  const byKey = new Map<string, Finding[]>();
  for (const finding of loaded.findings) {
    if (!finding.where || finding.where.line <= 0) continue;
    const key = loaded.sources.keyOf(finding.where.file);
    if (loaded.sources.sourceOf(key) === null) continue;
    const found = byKey.get(key);
    if (found) found.push(finding);
    else byKey.set(key, [finding]);
  }
  return byKey;
}
