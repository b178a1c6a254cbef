import type { AwaitRow, Place, Serialisation } from '../protocol';
import type { StackTable } from '../trace/events';
import { Activities, type Awaited } from './activities';
import { type Ledger, SUM } from './ledger';
import type { LineIndex } from './line-index';
import { isOwnFile } from './report-places';

/** What the stacks say of processes and event loops. */
export interface ProcessCosts {
  readonly serialisation: Serialisation;
  /** Largest first. */
  readonly awaits: readonly AwaitRow[];
  /** Lines of tasks that block their event loop: time off the GIL inside of them. Largest first. */
  readonly loopBlocks: readonly { readonly where: Place; readonly ns: number }[];
}

/** Sums what stacks of a ledger are doing beyond their lines. */
export function processCostsOf(ledger: Ledger, lines: LineIndex, stacks: StackTable): ProcessCosts {
  const activities = new Activities(stacks);
  const awaits = new Map<string, AwaitRow>();
  const loopBlocks = new Map<number, number>();
  let pickleNs = 0;
  let pipeNs = 0;
  for (let node = 1; node < lines.nodeCount; node++) {
    const holdNs = ledger.nodes.get(node, SUM.holdNs);
    const offNs = ledger.nodes.get(node, SUM.offNs);
    const nativeNs = ledger.nodes.get(node, SUM.nativeNs);
    const cost = holdNs + nativeNs > 0 ? activities.costOf(node) : null;
    if (cost === 'pickle') pickleNs += holdNs;
    if (cost === 'pipe') pipeNs += holdNs + nativeNs;
    const blockedNs = offNs - nativeNs;
    if (blockedNs <= 0) continue;
    const awaited = activities.awaitedBy(node);
    if (awaited !== null)
      addAwait(awaits, awaited, lines.placeOf(ownLine(lines, stacks, node)), blockedNs);
    if (awaited !== 'events' && activities.isTask(node)) {
      const line = ownLine(lines, stacks, node);
      loopBlocks.set(line, (loopBlocks.get(line) ?? 0) + blockedNs);
    }
  }
  return {
    serialisation: { pickleNs, pipeNs },
    awaits: [...awaits.values()].sort((a, b) => b.ns - a.ns),
    loopBlocks: [...loopBlocks]
      .map(([line, ns]) => ({ where: lines.placeOf(line), ns }))
      .sort((a, b) => b.ns - a.ns),
  };
}

function addAwait(rows: Map<string, AwaitRow>, on: Awaited, where: Place, ns: number): void {
  const key = `${on} ${where.line} ${where.file}`;
  rows.set(key, { on, where, ns: (rows.get(key)?.ns ?? 0) + ns });
}

/** The innermost line of the user's own code, or of any. */
function ownLine(lines: LineIndex, stacks: StackTable, node: number): number {
  for (let at = node; at > 0; at = stacks.parentOf(at)) {
    const line = lines.lineOf(at);
    if (isOwnFile(lines.placeOf(line).file)) return line;
  }
  return lines.lineOf(node);
}
