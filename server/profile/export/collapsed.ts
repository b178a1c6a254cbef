import type { ExportCost } from '../../protocol-export';
import { type ExportData, frameNames } from './export-data';
import { type ByteSink, TextSink } from './sinks';

/** Collapsed stacks for flame graphs: `outer;inner 1234`, a line for each stack, nanoseconds of one cost. */
export function writeCollapsed(data: ExportData, cost: ExportCost, sink: ByteSink): void {
  const { stacks } = data;
  const text = new TextSink(sink);
  const names = frameNames(stacks.frames).map(oneName);
  for (let stack = 0; stack < stacks.count; stack++) {
    const ns = stacks.cost(stack, cost);
    if (ns <= 0) continue;
    const path = stacks.path(stack).map((frame) => names[frame] ?? '');
    text.write(`${path.join(';')} ${ns}\n`);
  }
  text.flush();
}

/** A semicolon separates frames, a line break stacks. */
function oneName(name: string): string {
  return name.replaceAll(';', ',').replace(/[\r\n]+/g, ' ');
}
