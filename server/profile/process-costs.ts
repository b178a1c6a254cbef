import type { Place, Serialisation } from '../protocol';
import type { AwaitRow } from '../protocol-awaits';
import type { StackTable } from '../trace/events';
import { apportion } from './apportion';
import type { AwaitSum } from './await-links';
import type { Activities, Awaited } from './activities';
import { type Ledger, SUM } from './ledger';
import type { LineIndex } from './line-index';
import { isOwnFile } from './report-places';

/** What the stacks say of processes and event loops. */
export interface ProcessCosts {
  readonly serialisation: Serialisation;
  /** Largest first. */
  readonly awaits: readonly AwaitRow[];
  /** Lines of tasks that block their event loop: long times off the GIL inside of them. Largest first. */
  readonly loopBlocks: readonly { readonly where: Place; readonly ns: number }[];
}

/** Sums what stacks of a ledger are doing beyond their lines. `loopBlockNs`: by stack, long times off inside of tasks. */
export function processCostsOf(
  ledger: Ledger,
  lines: LineIndex,
  stacks: StackTable,
  activities: Activities,
  links: Iterable<AwaitSum>,
  loopBlockNs: ReadonlyMap<number, number>,
): ProcessCosts {
  const awaits = new Map<string, AwaitSums>();
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
    const loopNs = awaited === 'events' ? 0 : Math.min(blockedNs, loopBlockNs.get(node) ?? 0);
    if (loopNs <= 0) continue;
    const line = ownLine(lines, stacks, node);
    loopBlocks.set(line, (loopBlocks.get(line) ?? 0) + loopNs);
  }
  for (const { stack, on, pid, ns } of links) {
    const where = lines.placeOf(ownLine(lines, stacks, stack));
    const known = activities.awaitedBy(stack);
    // A call of the user's own that learnt the end of a child is no function of the library.
    if (known === null) addAwait(awaits, on, where, ns);
    const { byPid } = addAwait(awaits, known ?? on, where, 0);
    byPid.set(pid, (byPid.get(pid) ?? 0) + ns);
  }
  return {
    serialisation: { pickleNs, pipeNs },
    awaits: [...awaits.values()].map(awaitRowOf).sort((a, b) => b.ns - a.ns),
    loopBlocks: [...loopBlocks]
      .map(([line, ns]) => ({ where: lines.placeOf(line), ns }))
      .sort((a, b) => b.ns - a.ns),
  };
}

interface AwaitSums {
  readonly on: Awaited;
  readonly where: Place;
  ns: number;
  readonly byPid: Map<number, number>;
}

function addAwait(rows: Map<string, AwaitSums>, on: Awaited, where: Place, ns: number): AwaitSums {
  const key = `${on} ${where.line} ${where.file}`;
  const row = rows.get(key) ?? { on, where, ns: 0, byPid: new Map<number, number>() };
  rows.set(key, row);
  row.ns += ns;
  return row;
}

/** What a thread did on a CPU within its waits is no part of them: the processes share the rest. */
function awaitRowOf({ on, where, ns, byPid }: AwaitSums): AwaitRow {
  const linkedNs = [...byPid.values()].reduce((sum, part) => sum + part, 0);
  const parts = linkedNs > ns ? apportion(ns, [...byPid.values()]) : [...byPid.values()];
  const processes = [...byPid.keys()].map((pid, index) => ({ pid, ns: parts[index] ?? 0 }));
  return { on, where, ns, processes: processes.sort((a, b) => b.ns - a.ns) };
}

/** The innermost line of the user's own code, or of any. */
export function ownLine(lines: LineIndex, stacks: StackTable, node: number): number {
  for (let at = node; at > 0; at = stacks.parentOf(at)) {
    const line = lines.lineOf(at);
    if (isOwnFile(lines.placeOf(line).file)) return line;
  }
  return lines.lineOf(node);
}
