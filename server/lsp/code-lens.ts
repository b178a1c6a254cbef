import type { CodeLens } from 'vscode-languageserver';
import { COST_KINDS, shownKinds, type CostKind, type LineCosts } from './line-costs';
import { inlineText } from './notes';
import type { Definition } from './source-text';
import { english, type ServerText } from './text';

const NOTHING: Readonly<Record<CostKind, number>> = {
  hold: 0,
  wait: 0,
  blocks: 0,
  lockWait: 0,
  lockHold: 0,
  lockBlocks: 0,
};

export interface FunctionCosts {
  /** 1-based line of the `def`, as profiled. */
  readonly line: number;
  readonly totals: Readonly<Record<CostKind, number>>;
}

/**
 * What each function of a file cost in all. A row belongs to the nearest `def` of its function's name at or above it;
 * code without such a `def` (a lambda, the module) is left out. On a stack a function has one line, so the totals of
 * its lines add up; where it calls itself they overlap, and `limits` (the same sums over the whole program) bound it.
 */
export function functionCosts(
  costs: readonly LineCosts[],
  definitions: readonly Definition[],
  limits: Readonly<Record<CostKind, number>>,
): FunctionCosts[] {
  const totals = new Map<number, Record<CostKind, number>>();
  for (const row of costs.flatMap((line) => line.rows)) {
    const line = definitionOf(row.function, row.line, definitions);
    if (line === undefined) continue;
    const sum = totals.get(line) ?? { ...NOTHING };
    for (const kind of COST_KINDS)
      sum[kind] = Math.min(limits[kind], sum[kind] + row[kind].totalNs);
    totals.set(line, sum);
  }
  return [...totals].map(([line, sum]) => ({ line, totals: sum })).sort((a, b) => a.line - b.line);
}

function definitionOf(
  qualifiedName: string,
  line: number,
  definitions: readonly Definition[],
): number | undefined {
  const name = qualifiedName.split('.').at(-1);
  return definitions.findLast((found) => found.name === name && found.line <= line)?.line;
}

/** @param lineMap Line as profiled → line now, 0-based; -1: gone. */
export function codeLenses(
  functions: readonly FunctionCosts[],
  lineMap: Int32Array,
  old: boolean,
  minimumNs: number,
  text: ServerText = english,
): CodeLens[] {
  return functions.flatMap(({ line, totals }) => {
    const now = lineMap[line - 1] ?? -1;
    const shown = shownKinds((kind) => totals[kind], minimumNs);
    if (now < 0 || shown.length === 0) return [];
    const costs = inlineText(
      shown.map((kind) => [kind, totals[kind]]),
      '',
      text,
    );
    const start = { line: now, character: 0 };
    // Without an id a lens is text, and does nothing when it is clicked.
    const ofLocks = shown.filter((kind) => kind.startsWith('lock')).length;
    const what =
      ofLocks === 0 ? text.lens.gil : ofLocks === shown.length ? text.lens.locks : text.lens.both;
    const title = text.lens.function(what, costs, old ? text.oldMark : '');
    const command = { title, command: '' };
    return [{ range: { start, end: start }, command }];
  });
}
