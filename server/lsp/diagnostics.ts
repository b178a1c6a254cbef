import { DiagnosticSeverity, type Diagnostic, type Range } from 'vscode-languageserver';
import type { BudgetProblem } from '../profile/budgets';
import type { Finding } from '../protocol';
import { english, type ServerText } from './text';

/** The document as it is now; null for a file that is not open. */
export interface DiagnosedDocument {
  /** Line as profiled → line now, 0-based; -1: gone. */
  readonly lineMap: Int32Array;
  readonly lines: readonly string[];
}

const SEVERITY: Readonly<Record<Finding['severity'], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};
/** Editors cut a range at the end of its line. */
const FAR = 10_000;

/** Findings of one file, where its lines are now; a finding whose line was changed is gone. */
export function findingDiagnostics(
  findings: readonly Finding[],
  document: DiagnosedDocument | null,
  text: ServerText = english,
): Diagnostic[] {
  return findings.flatMap(({ rule, severity, message, where }) => {
    const profiled = (where?.line ?? 0) - 1;
    const line = document ? (document.lineMap[profiled] ?? -1) : profiled;
    if (line < 0) return [];
    return [
      {
        range: lineRange(line, document?.lines[line]),
        severity: SEVERITY[severity],
        source: text.diagnosticSource,
        code: rule,
        message: text.message(message),
      },
    ];
  });
}

/** Budget comments that cannot be understood. */
export function budgetDiagnostics(
  problems: readonly BudgetProblem[],
  text: ServerText = english,
): Diagnostic[] {
  return problems.map(({ line, startColumn, endColumn, message }) => ({
    range: {
      start: { line: line - 1, character: startColumn },
      end: { line: line - 1, character: endColumn },
    },
    severity: DiagnosticSeverity.Warning,
    source: text.diagnosticSource,
    code: 'budget-malformed',
    message: text.message(message),
  }));
}

function lineRange(line: number, content: string | undefined): Range {
  if (content === undefined) {
    return { start: { line, character: 0 }, end: { line, character: FAR } };
  }
  const start = content.length - content.trimStart().length;
  return {
    start: { line, character: start },
    end: { line, character: Math.max(start, content.trimEnd().length) },
  };
}
