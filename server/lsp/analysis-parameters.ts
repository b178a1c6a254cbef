import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import { FLAME_COSTS, type AnalysisQuestion, type Scope } from '../protocol-analysis';
import { countField, fieldsOf, textField, textsField } from './parameters';

type Fields = ReturnType<typeof fieldsOf>;

/** @throws ResponseError */
export function questionOf(fields: Fields): AnalysisQuestion {
  const count = (name: string): number => countField(fields, name);
  switch (fields['kind']) {
    case 'sums':
      return { kind: 'sums', scope: scopeOf(fields) };
    case 'flame': {
      const cost = FLAME_COSTS.find((name) => name === fields['cost']);
      const order = (['time', 'merged'] as const).find((name) => name === fields['order']);
      if (cost === undefined) throw invalid(`cost must be ${FLAME_COSTS.join(', ')}`);
      if (order === undefined) throw invalid('order must be time or merged');
      return { kind: 'flame', scope: scopeOf(fields), cost, order };
    }
    case 'curves':
      return { kind: 'curves', fromNs: count('fromNs'), toNs: count('toNs'), bins: count('bins') };
    case 'idle':
      return { kind: 'idle', leastNs: count('leastNs') };
    case 'lanesAt': {
      const [files, locks] = [textsField(fields, 'files'), textsField(fields, 'locks')];
      return { kind: 'lanesAt', files, locks };
    }
    case 'segments': {
      const span = { fromNs: count('fromNs'), toNs: count('toNs') };
      return { kind: 'segments', lane: count('lane'), ...span, limit: count('limit') };
    }
    case 'evidence':
      return { kind: 'evidence', finding: count('finding') };
    case 'longestAt':
      return { kind: 'longestAt', file: textField(fields, 'file'), line: count('line') };
    default:
      throw invalid('question.kind is not known');
  }
}

function scopeOf(fields: Fields): Scope {
  const scope = fieldsOf(fields['scope']);
  const lanes: unknown = scope['lanes'] ?? null;
  const areLanes = Array.isArray(lanes) && lanes.every((lane) => typeof lane === 'number');
  if (lanes !== null && !areLanes) throw invalid('scope.lanes must be a list of numbers, or null');
  return { fromNs: countField(scope, 'fromNs'), toNs: countField(scope, 'toNs'), lanes };
}

function invalid(what: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidParams, `Invalid parameters: ${what}.`);
}
