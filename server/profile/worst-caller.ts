import type { LineRow } from '../protocol';
import type { LineIndex } from './line-index';
import { largest } from './report-headline';
import { isOwnFile } from './report-places';

/**
 * With `calledFrom` of the line that blocked most.
 * @param rows By line.
 * @param blocksNs By node.
 */
export function withCaller(
  rows: readonly LineRow[],
  lines: LineIndex,
  blocksNs: Float64Array,
): LineRow[] {
  const worst = largest(rows, (row) => row.blocks.selfNs);
  if (worst === undefined || worst.blocks.selfNs === 0 || isOwnFile(worst.file)) return [...rows];
  const line = rows.indexOf(worst);
  const byCaller = new Map<number, number>();
  for (const [node, ns] of blocksNs.entries()) {
    if (ns === 0 || lines.lineOf(node) !== line) continue;
    let at = node;
    while (at > 0 && !isOwnFile(lines.placeOf(lines.lineOf(at)).file)) at = lines.parentOf(at);
    if (at > 0) byCaller.set(lines.lineOf(at), (byCaller.get(lines.lineOf(at)) ?? 0) + ns);
  }
  const caller = largest([...byCaller], ([, ns]) => ns);
  if (caller === undefined || caller[1] < worst.blocks.selfNs / 2) return [...rows];
  return rows.with(line, { ...worst, calledFrom: lines.placeOf(caller[0]) });
}
