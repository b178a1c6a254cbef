import assert from 'node:assert/strict';
import type { ChartRequest, ChartResponse } from '../../server/protocol-chart';
import type { AnalysisQuestion, AnswerTo } from '../../server/protocol-analysis';

/** What a chart says to a question about a part of the run. */
export function askChart<K extends AnalysisQuestion['kind']>(
  chart: { answer(request: ChartRequest): ChartResponse },
  question: Extract<AnalysisQuestion, { kind: K }>,
): AnswerTo<K> {
  const response = chart.answer({ kind: 'analysis', question });
  assert.ok(response.kind === 'analysis' && response.answer?.kind === question.kind);
  return response.answer as AnswerTo<K>;
}
