import type { Finding, LineRow, SelfTotal } from '../protocol';
import { parseBudgetComment, type BudgetMeasure, type BudgetTerm } from './budget-syntax';
import type { Doubts } from './doubts';
import { formatDuration } from './duration';
import { ENOUGH_SAMPLES } from './sampling-error';
import { endOfBlock, scanPython, type Comment, type LogicalLine } from './python-lines';

/** A budget and the code that it is about. */
export interface Budget extends BudgetTerm {
  /** Line of the comment, 1-based. */
  readonly line: number;
  /** The lines that it covers: a statement, or a whole function. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Name of the function where it covers one, else null. */
  readonly functionName: string | null;
}

/** A budget comment that cannot be understood, and so is not checked. */
export interface BudgetProblem {
  /** 1-based. */
  readonly line: number;
  /** 0-based; the end is exclusive. */
  readonly startColumn: number;
  readonly endColumn: number;
  readonly message: string;
}

export interface ParsedBudgets {
  readonly budgets: readonly Budget[];
  readonly problems: readonly BudgetProblem[];
}

const DEFINITION = /^(?:async\s+)?def\s+([^\s(:[]+)/;
const CLASS = /^class\b/;

/**
 * Every budget of a Python source. On a `def` (any line of its head, a decorator, or a comment line above) it covers
 * the function, else the statement on whose line it stands or which it stands above.
 */
export function parseBudgets(source: string): ParsedBudgets {
  const { logicalLines, comments } = scanPython(source);
  const budgets: Budget[] = [];
  const problems: BudgetProblem[] = [];
  for (const comment of comments) {
    const parsed = parseBudgetComment(comment.text);
    if (parsed === null) continue;
    const report = (start: number, end: number, message: string): unknown =>
      problems.push({
        line: comment.line,
        startColumn: comment.column + start,
        endColumn: comment.column + end,
        message,
      });
    for (const { start, end, message } of parsed.problems) report(start, end, message);
    if (parsed.terms.length === 0) continue;
    const scope = scopeOf(logicalLines, comment);
    if (typeof scope === 'string') report(0, comment.text.trimEnd().length, scope);
    else budgets.push(...parsed.terms.map((term) => ({ ...term, ...scope, line: comment.line })));
  }
  return { budgets, problems };
}

type Scope = Pick<Budget, 'firstLine' | 'lastLine' | 'functionName'>;

function scopeOf(lines: readonly LogicalLine[], comment: Comment): Scope | string {
  let index = comment.logicalLine;
  while (lines[index]?.text.startsWith('@')) index++;
  const target = lines[index];
  if (target === undefined) return 'No code follows this budget, so there is nothing to check.';
  if (CLASS.test(target.text)) {
    return 'A budget counts for a statement or a function; write it on the functions of this class.';
  }
  const functionName = DEFINITION.exec(target.text)?.[1] ?? null;
  const last = functionName === null ? target : lines[endOfBlock(lines, index)];
  return { firstLine: target.firstLine, lastLine: last?.lastLine ?? target.lastLine, functionName };
}

/**
 * The budgets of a file that a profile breaks, or of which it cannot tell.
 * @param rows All lines of the profile.
 * @param doubts What of the profile cannot be told.
 */
export function checkBudgets(
  file: string,
  budgets: readonly Budget[],
  rows: readonly LineRow[],
  doubts: Doubts,
): Finding[] {
  return budgets.flatMap((budget) => {
    if (doubts.untrusted !== null) return [uncheckedFinding(file, budget, doubts.untrusted)];
    const covered = rows.filter((row) => row.file === file && isCovered(row, budget));
    const actualNs = costOf(budget, covered);
    if (!isWithin(actualNs, budget))
      return [findingOf(file, budget, actualNs, samplesOf(budget, covered))];
    if (isUncertain(budget, covered, rows)) return [uncertainFinding(file, budget)];
    const reason = whyUnchecked(budget, rows, doubts);
    return reason === null ? [] : [uncheckedFinding(file, budget, reason)];
  });
}

/** Why nobody can tell that a budget is kept which seems to be; null: it is. */
function whyUnchecked(
  budget: Budget,
  rows: readonly LineRow[],
  { missing, noLines, split, blame }: Doubts,
): string | null {
  const ofBlocks = budget.measure === 'blocks' ? blame : null;
  const isSplitOpen =
    split !== null && isSampled(budget) && !isWithin(selfCostOf(budget, rows), budget);
  return missing ?? noLines ?? (isSplitOpen ? split : null) ?? ofBlocks;
}

function isCovered(row: LineRow, { firstLine, lastLine, functionName }: Budget): boolean {
  if (row.line < firstLine || row.line > lastLine) return false;
  return functionName === null || shortName(row.function) === functionName;
}

function isWithin(ns: number, { operator, limitNs }: Budget): boolean {
  return operator === '<' ? ns < limitNs : ns <= limitNs;
}

/**
 * What the covered lines cost. A thread is on one line of a function at a time, so the lines' totals add up within
 * a function; other functions with code on the same lines are called from it, or from elsewhere: the largest counts.
 */
function costOf(budget: Budget, covered: readonly LineRow[]): number {
  const byFunction = new Map<string, number>();
  for (const row of covered) {
    const cost = COSTS[budget.measure](row);
    const before = byFunction.get(row.function) ?? 0;
    const isLongest = budget.measure.startsWith('max');
    byFunction.set(row.function, isLongest ? Math.max(before, cost) : before + cost);
  }
  return Math.max(0, ...byFunction.values());
}

/**
 * The longest hold or wait is known of a line itself, not of what it calls: whether that keeps a `max` budget can be
 * told only where there was too little of it, or no line in the whole profile has so long a one.
 */
function isUncertain(
  budget: Budget,
  covered: readonly LineRow[],
  rows: readonly LineRow[],
): boolean {
  const times = NESTED.get(budget.measure);
  if (times === undefined) return false;
  const called = covered.reduce((ns, row) => ns + times(row).totalNs - times(row).selfNs, 0);
  return (
    !isWithin(called, budget) && rows.some((row) => !isWithin(COSTS[budget.measure](row), budget))
  );
}

const NESTED: ReadonlyMap<BudgetMeasure, (row: LineRow) => SelfTotal> = new Map([
  ['max hold', (row: LineRow) => row.hold],
  ['max wait', (row: LineRow) => row.wait],
]);

function uncertainFinding(file: string, budget: Budget): Finding {
  const simple = budget.measure.slice('max '.length);
  return warningOf(
    file,
    budget,
    `The budget “${budget.text}” cannot be checked here: the time passes in what is called, and the longest ` +
      `${simple} is known only of the line where it happens. Give a budget for “${simple}” instead, or put this one there.`,
  );
}

function uncheckedFinding(file: string, budget: Budget, reason: string): Finding {
  return warningOf(file, budget, `The budget “${budget.text}” could not be checked: ${reason}.`);
}

function warningOf(file: string, budget: Budget, message: string): Finding {
  return {
    rule: 'budget-broken',
    severity: 'warning',
    where: { file, line: budget.line },
    message,
    evidence: { budget: budget.text, measure: budget.measure, limitNs: budget.limitNs },
  };
}

/** Whether its time is divided among lines by samples. */
function isSampled({ measure }: Budget): boolean {
  return measure === 'hold' || measure === 'blocks';
}

/** What could at most be the cost of any of these lines, were it divided otherwise. */
function selfCostOf(budget: Budget, rows: readonly LineRow[]): number {
  const times = budget.measure === 'blocks' ? 'blocks' : 'hold';
  return rows.reduce((ns, row) => ns + row[times].selfNs, 0);
}

/** On how many samples its time rests; none where it is not split by samples. */
function samplesOf(budget: Budget, covered: readonly LineRow[]): number {
  if (!isSampled(budget)) return 0;
  return covered.reduce((sum, row) => sum + row.totalSamples, 0);
}

const COSTS: Readonly<Record<BudgetMeasure, (row: LineRow) => number>> = {
  hold: (row) => row.hold.totalNs,
  wait: (row) => row.wait.totalNs,
  blocks: (row) => row.blocks.totalNs,
  'max hold': (row) => row.maxHoldNs,
  'max wait': (row) => row.maxWaitNs,
};

function shortName(qualifiedName: string): string {
  return qualifiedName.slice(qualifiedName.lastIndexOf('.') + 1);
}

const WORDS: Readonly<Record<BudgetMeasure, readonly [what: string, advice: string]>> = {
  hold: [
    'held the GIL for %',
    'Do less here, or use code that releases the GIL, or another process.',
  ],
  wait: ['waited % for the GIL', 'See who blocked it, and shorten the holds there.'],
  blocks: [
    'kept other threads waiting for %',
    'Do less here while others want to run, or in another process.',
  ],
  'max hold': [
    'held the GIL for % at a stretch',
    'Split the work, or use code that releases the GIL.',
  ],
  'max wait': ['waited up to % for the GIL', 'See who blocked it, and shorten the holds there.'],
};

function findingOf(file: string, budget: Budget, actualNs: number, samples: number): Finding {
  const [what, advice] = WORDS[budget.measure];
  const subject = budget.functionName === null ? 'this line' : `${budget.functionName}()`;
  const few = samples > 0 && samples < ENOUGH_SAMPLES ? ` (few samples: ${samples})` : '';
  const did = what.replace('%', formatDuration(actualNs)) + few;
  const { text, measure, limitNs } = budget;
  return {
    rule: 'budget-broken',
    severity: 'error',
    where: { file, line: budget.line },
    message: `Over its budget “${text}”: ${subject} ${did}. ${advice}`,
    evidence: { budget: text, measure, limitNs, actualNs, ...(samples > 0 ? { samples } : {}) },
  };
}
