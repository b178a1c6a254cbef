/** The words of a budget comment: `# gilscope: hold < 5ms, max wait <= 1ms`. */

export const BUDGET_MEASURES = ['hold', 'wait', 'blocks', 'max hold', 'max wait'] as const;
export type BudgetMeasure = (typeof BUDGET_MEASURES)[number];

export interface BudgetTerm {
  readonly measure: BudgetMeasure;
  readonly operator: '<' | '<=';
  readonly limitNs: number;
  /** As written. */
  readonly text: string;
}

export interface TermProblem {
  /** Within the comment, 0-based; the end is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

export interface CommentBudgets {
  readonly terms: readonly BudgetTerm[];
  readonly problems: readonly TermProblem[];
}

const UNIT_NS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3], // micro sign
  ['μs', 1e3], // Greek mu
  ['ms', 1e6],
  ['s', 1e9],
]);

const OPENING = /^#+\s*gilscope\s*:/i;
/** Meant as a budget, but the colon is missing. */
const NEARLY = /^#+\s*gilscope\s+(?:max\s+)?(?:hold|wait|blocks)\b[^#]*[<>=]/i;
const TERM = /^(.*?)\s*(<=|>=|==|<|>|=)\s*(.*)$/;
const AMOUNT = /^(\d+(?:\.\d*)?|\.\d+)\s*(.*)$/;
const MEASURES = 'hold, wait, blocks, max hold or max wait';
const EXAMPLE = 'for example “# gilscope: hold < 5ms, wait < 1ms”';

/** Reads one comment; null where it is none of ours. */
export function parseBudgetComment(comment: string): CommentBudgets | null {
  const opening = OPENING.exec(comment)?.[0];
  if (opening === undefined) return NEARLY.test(comment) ? missingColon(comment) : null;
  // A second `#` begins an ordinary remark.
  const body = comment.slice(opening.length).split('#', 1)[0] ?? '';
  const terms: BudgetTerm[] = [];
  const problems: TermProblem[] = [];
  let start = opening.length;
  for (const part of body.split(',')) {
    const text = part.trim();
    const term = parseTerm(text);
    if (typeof term === 'string') {
      const from = text === '' ? 0 : start + part.indexOf(text);
      const end = text === '' ? comment.length : from + text.length;
      problems.push({ start: from, end, message: term });
    } else {
      terms.push(term);
    }
    start += part.length + 1;
  }
  return { terms, problems };
}

function missingColon(comment: string): CommentBudgets {
  const message = `A budget begins with “gilscope:”; the colon is missing, so this is not checked: ${EXAMPLE}.`;
  return { terms: [], problems: [{ start: 0, end: comment.trimEnd().length, message }] };
}

function parseTerm(text: string): BudgetTerm | string {
  if (text === '') return `A budget is missing here: ${EXAMPLE}.`;
  const [, left, operator, right] = TERM.exec(text) ?? [];
  if (left === undefined || operator === undefined || right === undefined) {
    return `“${text}” is not a budget: ${EXAMPLE}.`;
  }
  const measure = measureOf(left);
  if (measure === undefined) {
    return `“${left}” cannot have a budget; give one for ${MEASURES}.`;
  }
  if (operator !== '<' && operator !== '<=') {
    return `A budget is an upper limit: write “<” or “<=” instead of “${operator}”.`;
  }
  const limitNs = parseLimit(right);
  if (typeof limitNs === 'string') return limitNs;
  if (limitNs === 0 && operator === '<') {
    return `Nothing is below zero; write “${measure} <= 0ns” where there must be none.`;
  }
  return { measure, operator, limitNs, text };
}

function measureOf(words: string): BudgetMeasure | undefined {
  const name = words.trim().toLowerCase().split(/\s+/).join(' ');
  return BUDGET_MEASURES.find((measure) => measure === name);
}

function parseLimit(text: string): number | string {
  const [, amount, unit] = AMOUNT.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    return `“${text}” is not a time; write a number and one of ns, us, µs, ms, s.`;
  }
  const unitNs = UNIT_NS.get(unit.trim());
  if (unitNs === undefined) {
    return unit === ''
      ? `“${text}” has no unit; write one of ns, us, µs, ms, s after the number.`
      : `“${unit}” is not a unit of time; use ns, us, µs, ms or s.`;
  }
  return Math.round(Number(amount) * unitNs);
}
