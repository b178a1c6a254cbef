import { formatDuration } from '../profile/duration';
import type { LineNote } from '../protocol';
import { isChanged, type Change, type ComparedLine } from '../protocol-comparison';
import { COST_KINDS, type CostKind } from './line-costs';
import { inlineText, INLINE_CHARACTERS } from './notes';
import { english, type ServerText } from './text';

const SEPARATOR = ' · ';

/**
 * What the editor shows on the lines of a file while two profiles are compared: `wait 310 ms → 40 ms`, or
 * `wait ≈ 40 ms` where the difference may be chance.
 * @param lines Those of the file, as the later run has it.
 * @param largestNs The largest cost of any line of the later profile: heat 1.
 */
export function comparedNotes(
  lines: readonly ComparedLine[],
  largestNs: number,
  minimumNs: number,
  text: ServerText = english,
): LineNote[] {
  return lines.flatMap((line) => {
    const kinds = COST_KINDS.filter((kind) => isWorthShowing(line.total[kind], minimumNs));
    const [kind] = kinds.toSorted((a, b) => weight(line.total[b]) - weight(line.total[a]));
    if (kind === undefined || line.after === null || line.after.line <= 0) return [];
    const after = (cost: CostKind): number => line.total[cost].after;
    const largest = Math.max(...COST_KINDS.map(after));
    return [
      {
        line: line.after.line,
        text: textOf(line, kinds, text),
        heat: largestNs > 0 ? Math.min(1, largest / largestNs) : 0,
        kind,
        holdNs: after('hold'),
        waitNs: after('wait'),
        blocksNs: after('blocks'),
        lockWaitNs: after('lockWait'),
        lockHoldNs: after('lockBlocks') > 0 ? after('lockHold') : 0,
        lockBlocksNs: after('lockBlocks'),
      },
    ];
  });
}

function textOf(line: ComparedLine, kinds: readonly CostKind[], text: ServerText): string {
  if (line.match === 'after') {
    const costs = kinds.map((kind) => [kind, line.total[kind].after] as const);
    return inlineText(
      costs.toSorted((a, b) => b[1] - a[1]),
      text.comparison.newMark,
      text,
    );
  }
  const sorted = kinds.toSorted((a, b) => weight(line.total[b]) - weight(line.total[a]));
  const parts = sorted.map((kind) => `${text.cost[kind]} ${changeText(line.total[kind])}`);
  while (parts.length > 1 && parts.join(SEPARATOR).length > INLINE_CHARACTERS) parts.pop();
  return parts.join(SEPARATOR);
}

function changeText(change: Change): string {
  const after = formatDuration(change.after);
  return isChanged(change) ? `${formatDuration(change.before)} → ${after}` : `≈ ${after}`;
}

function isWorthShowing({ before, after }: Change, minimumNs: number): boolean {
  const larger = Math.max(before, after);
  return larger > 0 && larger >= minimumNs;
}

/** What changed comes first, most of it before less. */
function weight(change: Change): number {
  const { before, after } = change;
  return isChanged(change) ? Math.abs(after - before) : after * 1e-9;
}
