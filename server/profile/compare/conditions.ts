import {
  type Change,
  COMPARED_METRICS,
  type ComparedMetric,
  type Comparison,
  COUNT_METRICS,
} from '../../protocol-comparison';
import { formatDuration } from '../duration';
import { formatCount } from '../report-table';

/** What must not be: `wait>+10%` (a change), `max-wait > 20ms` (the number after). */
export interface Condition {
  readonly text: string;
  readonly metric: ComparedMetric;
  readonly operator: '>' | '>=' | '<' | '<=';
  /** `after`: the number itself; `change`: the difference; `percent`: the difference in hundredths of the number before. */
  readonly of: 'after' | 'change' | 'percent';
  /** Nanoseconds, a count, or percent. */
  readonly limit: number;
}

/** A condition that cannot be understood; the message says why. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

const SHAPE = /^\s*([a-z-]+)\s*(>=|<=|>|<)\s*([+-]?)\s*(\d+(?:\.\d+)?)\s*(%|[a-zµμ]*)\s*$/iu;
const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['min', 60e9],
]);
const EXAMPLES = 'Write it as wait>+10%, hold>+50ms or max-wait>20ms.';

/** Reads `METRIC OPERATOR LIMIT`. @throws ConditionError */
export function parseCondition(text: string): Condition {
  const [, name = '', operator = '', sign = '', digits = '', unit = ''] = SHAPE.exec(text) ?? [];
  if (operator === '')
    throw new ConditionError(`The condition “${text}” is not understood. ${EXAMPLES}`);
  const metric = COMPARED_METRICS.find((known) => known === name.toLowerCase());
  if (metric === undefined) {
    throw new ConditionError(
      `The condition “${text}” is about ${name}, which is not compared; there are ${COMPARED_METRICS.join(', ')}.`,
    );
  }
  const number = Number(digits) * (sign === '-' ? -1 : 1);
  const common = { text: text.trim(), metric, operator: operator as Condition['operator'] };
  if (unit === '%') return { ...common, of: 'percent', limit: number };
  const of = sign === '' ? 'after' : 'change';
  if (COUNT_METRICS.includes(metric)) {
    if (unit === '') return { ...common, of, limit: number };
    throw new ConditionError(
      `In “${text}”, ${metric} is a count: it has no unit, or %. ${EXAMPLES}`,
    );
  }
  const factor = UNITS.get(unit.toLowerCase());
  if (factor === undefined) {
    throw new ConditionError(
      `In “${text}”, the limit needs a unit: %, ns, us, ms, s or min. ${EXAMPLES}`,
    );
  }
  return { ...common, of, limit: number * factor };
}

export interface ConditionResult {
  readonly condition: Condition;
  readonly change: Change;
  /** It is as the condition says, or may be. */
  readonly met: boolean;
  /** Why nobody can tell; null: it can be told. */
  readonly unknown: string | null;
  /** The difference may be chance: it is within the spread of the counts. Null where that is not known. */
  readonly withinSpread: boolean | null;
}

export function checkCondition(condition: Condition, comparison: Comparison): ConditionResult {
  const change = comparison.totals[condition.metric];
  const unknown = comparison.unknown[condition.metric];
  const { before, after, spread } = change;
  return {
    condition,
    change,
    met: unknown !== null || isMet(condition, valueOf(condition, change)),
    unknown,
    withinSpread: spread === null ? null : Math.abs(after - before) <= spread,
  };
}

function valueOf({ of }: Condition, { before, after }: Change): number {
  if (of === 'after') return after;
  if (of === 'change') return after - before;
  if (after === before) return 0;
  // From nothing to something is more than any share.
  return before === 0 ? Infinity : ((after - before) / before) * 100;
}

function isMet({ operator, limit }: Condition, value: number): boolean {
  switch (operator) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
  }
}

/** One line for a person: what is so, and how sure that is. */
export function conditionText(result: ConditionResult): string {
  const { condition, change, met, unknown, withinSpread } = result;
  const { metric, text } = condition;
  const { before, after } = change;
  const show = (value: number): string => formatMetric(metric, value);
  const percent = changePercent(change);
  const by = percent === null ? '' : ` (${percent})`;
  const numbers = `${metric} ${show(before)} → ${show(after)}${by}`;
  if (unknown !== null) return `???   ${text}: cannot be told, for ${unknown} (${numbers})`;
  const unsure = withinSpread === true ? '; so small a difference may be chance' : '';
  return `${met ? 'FAIL' : 'ok  '}  ${text}: ${numbers}${unsure}`;
}

export function formatMetric(metric: ComparedMetric, value: number): string {
  return COUNT_METRICS.includes(metric) ? formatCount(value) : formatDuration(value);
}

/** `+12 %`; null where there was nothing before. */
export function changePercent({ before, after }: Change): string | null {
  if (before === 0) return null;
  const percent = ((after - before) / before) * 100;
  const rounded = Math.abs(percent) < 10 ? percent.toFixed(1) : percent.toFixed(0);
  const plain = rounded.replace('-', '−').replace(/\.0$/, '');
  return `${percent > 0 ? '+' : ''}${plain} %`;
}
