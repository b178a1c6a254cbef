import type { Finding, Lost } from '../protocol';
import type { ChartResponse } from '../protocol-chart';
import type { Comparison } from '../protocol-comparison';
import type { ServerText } from './text';

/** Findings as the user reads them; in saved files they are English. */
export function translatedFindings(findings: readonly Finding[], text: ServerText): Finding[] {
  return findings.map((finding) => ({ ...finding, message: text.message(finding.message) }));
}

export function translatedLost(lost: Lost, text: ServerText): Lost {
  return { ...lost, reason: lost.reason === null ? null : text.message(lost.reason) };
}

export function translatedComparison(comparison: Comparison, text: ServerText): Comparison {
  return { ...comparison, notes: comparison.notes.map(text.message) };
}

/** What the chart shows in words that are not its own. */
export function translatedChart(response: ChartResponse, text: ServerText): ChartResponse {
  if (response.kind === 'meta' && response.meta !== null) {
    const { meta } = response;
    const findings = translatedFindings(meta.findings, text);
    const processes = meta.processes.map((row) => ({
      ...row,
      messages: row.messages.map(text.message),
    }));
    const lost = translatedLost(meta.lost, text);
    return { kind: 'meta', meta: { ...meta, findings, processes, lost } };
  }
  if (response.kind === 'comparison' && response.view !== null) {
    const comparison = translatedComparison(response.view.comparison, text);
    return { kind: 'comparison', view: { ...response.view, comparison } };
  }
  return response;
}
