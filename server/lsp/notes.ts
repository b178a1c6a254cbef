import type { LineNote } from '../protocol';
import { formatDuration } from '../profile/duration';
import { largestCostNs, shownKinds, type CostKind, type LineCosts } from './line-costs';
import { english, type ServerText } from './text';

/** VS Code cuts what stands at the end of a line after so many characters. */
export const INLINE_CHARACTERS = 43;
const SEPARATOR = ' · ';

/**
 * What the editor shows on the lines of a file. The numbers are totals: a line shows its cost also where the time
 * went in library code that it calls.
 * @param largestNs The largest such cost of any line of the profile: heat 1.
 * @param minimumNs Costs below this are not shown.
 */
export function lineNotes(
  costs: readonly LineCosts[],
  largestNs: number,
  minimumNs: number,
  text: ServerText = english,
): LineNote[] {
  return costs.flatMap((line) => {
    const shown = shownKinds((name) => line[name].totalNs, minimumNs);
    const kind = shown[0];
    if (kind === undefined) return [];
    return [
      {
        line: line.line,
        text: inlineText(
          shown.map((name) => [name, line[name].totalNs]),
          '',
          text,
        ),
        heat: largestNs > 0 ? Math.min(1, largestCostNs(line) / largestNs) : 0,
        kind,
        holdNs: line.hold.totalNs,
        waitNs: line.wait.totalNs,
        blocksNs: line.blocks.totalNs,
        lockWaitNs: line.lockWait.totalNs,
        lockHoldNs: line.lockBlocks.totalNs > 0 ? line.lockHold.totalNs : 0,
        lockBlocksNs: line.lockBlocks.totalNs,
      },
    ];
  });
}

/**
 * Costs, largest first, as one text of at most {@link INLINE_CHARACTERS}: what does not fit is left out from the end.
 * @param mark Stands at the end, for instance that the number is old.
 */
export function inlineText(
  costs: readonly (readonly [CostKind, number])[],
  mark = '',
  text: ServerText = english,
): string {
  const parts = costs.map(([kind, ns]) => `${text.cost[kind]} ${formatDuration(ns)}`);
  while (parts.length > 1 && parts.join(SEPARATOR).length + mark.length > INLINE_CHARACTERS) {
    parts.pop();
  }
  return parts.join(SEPARATOR) + mark;
}

/** The text of a note whose file was edited since. */
export function staleText(note: LineNote, minimumNs: number, text: ServerText = english): string {
  const costs: [CostKind, number][] = [
    ['hold', note.holdNs],
    ['wait', note.waitNs],
    ['blocks', note.blocksNs],
    ['lockWait', note.lockWaitNs],
    ['lockHold', note.lockHoldNs],
    ['lockBlocks', note.lockBlocksNs],
  ];
  const shown = costs.filter(([, ns]) => ns > 0 && ns >= minimumNs).sort((a, b) => b[1] - a[1]);
  return inlineText(shown, text.oldMark, text);
}
