import { createHash } from 'node:crypto';
import { parseBudgets, type ParsedBudgets } from '../profile/budgets';

/** What is kept of a file's text as it was profiled, to tell later which of its lines are still the same. */
export interface SourceText {
  /** SHA-256 hex of each line, trimmed at its end. */
  readonly lineHashes: readonly string[];
  /** Every `def` of the text, by line. */
  readonly definitions: readonly Definition[];
  readonly budgets: ParsedBudgets;
}

export interface Definition {
  /** 1-based line of the `def`. */
  readonly line: number;
  readonly name: string;
}

const LINE_END = /\r\n|\n|\r/;
const DEFINITION = /^\s*(?:async\s+)?def\s+([\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*)/u;

/** The lines of a text as LSP counts them; a byte order mark is not part of the first. */
export function linesOf(text: string): string[] {
  return (text.startsWith('\uFEFF') ? text.slice(1) : text).split(LINE_END);
}

/** SHA-256 hex of a line; white space at its end does not count. */
export function hashLine(line: string): string {
  return createHash('sha256').update(line.trimEnd()).digest('hex');
}

export function sourceTextOf(text: string): SourceText {
  const lines = linesOf(text);
  return {
    lineHashes: lines.map(hashLine),
    definitions: definitionsOf(lines),
    budgets: budgetsOf(text),
  };
}

/** The budgets of a text; one that never names us is not looked through. */
export function budgetsOf(text: string): ParsedBudgets {
  return /gilscope/i.test(text) ? parseBudgets(text) : { budgets: [], problems: [] };
}

/** The `def` lines of a text. Found by the look of a line: one inside a string counts too, and no row refers to it. */
export function definitionsOf(lines: readonly string[]): Definition[] {
  return lines.flatMap((text, index) => {
    const name = DEFINITION.exec(text)?.[1];
    return name === undefined ? [] : [{ line: index + 1, name }];
  });
}
