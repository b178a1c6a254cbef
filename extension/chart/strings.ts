/**
 * Every text of the chart, in English. The host may replace them by a `strings` message with the same keys, so
 * an extension translates with `Object.entries(CHART_STRINGS)`.
 */
export const CHART_STRINGS = {
  'title.none': 'GILscope',
  'empty.title': 'No profile yet',
  'empty.run':
    'Open a Python file and run “GILscope: Profile Python File” from the Command Palette. The chart fills while the program runs.',
  'empty.open': 'To look at an earlier run, use “GILscope: Open Profile…”.',
  'empty.lanes': 'No thread has been seen so far.',
  'live.badge': 'Live',
  'live.label': 'The program is running; the chart follows it.',
  'summary.threads': '{0} threads',
  'summary.thread': '1 thread',
  'state.holding': 'holding',
  'state.waiting': 'waiting',
  'state.off': 'off',
  'state.lock': 'lock wait',
  'state.holding.help': 'The thread holds the GIL.',
  'state.waiting.help': 'The thread wants the GIL and does not have it.',
  'state.off.help': 'The thread gave the GIL up of its own accord: input, sleep, native code.',
  'state.lock.help': 'The thread is blocked on a Python lock.',
  'legend.label': 'States',
  'timeline.label': 'Timeline of threads, {0} lanes, {1}',
  'timeline.role': 'timeline',
  'timeline.help':
    'Left and right: the segment before or after. Up and down: another thread. Shift with left or right: move in time. Plus and minus: zoom, 0: the whole run. N and P: the next or previous longest wait. Enter: open the line. Escape: clear. The Threads tab has the same as a table.',
  'timeline.hint':
    'Drag to move, Ctrl+wheel to zoom, Shift+wheel to move in time, click to open the line',
  'timeline.process': 'Process {0}',
  'timeline.overview': 'The whole run; drag the window',
  'lane.tid': 'tid {0}',
  'lane.gil': 'GIL {0}',
  'lane.interpreter': 'interpreter {0}',
  'lane.unnamed': 'Thread {0}',
  'zoom.in': 'Zoom in (+)',
  'zoom.out': 'Zoom out (−)',
  'zoom.fit': 'Whole run (0)',
  'wait.next': 'Next longest wait (N)',
  'wait.previous': 'Previous longest wait (P)',
  'wait.rank': 'Longest wait no. {0}',
  'wait.none': 'No further wait.',
  'tip.at': 'at {0}',
  'tip.mixed': 'Within this pixel',
  'tip.holders': 'Meanwhile held by',
  'tip.handoff': 'nobody (hand-off)',
  'tip.unknown': 'unknown line',
  'tip.open': 'Click to open the line',
  'goto.open': 'Open {0}',
  'split.label': 'Height of the timeline',
  'tabs.label': 'Tables',
  'tab.lines': 'Lines',
  'tab.blame': 'Who blocked whom',
  'tab.findings': 'Findings',
  'tab.threads': 'Threads',
  'table.filter': 'Filter',
  'table.filter.hint': 'File or function',
  'table.none': 'Nothing to show.',
  'table.nomatch': 'No row matches the filter.',
  'table.count': '{0} rows',
  'lines.caption': 'Lines by cost',
  'lines.mode': 'Costs',
  'lines.self': 'Self',
  'lines.total': 'Total',
  'lines.self.help': 'Only where the line is the innermost Python frame',
  'lines.total.help': 'Where the line is anywhere on the stack, counted once',
  'col.line': 'Line',
  'col.function': 'Function',
  'col.hold': 'Hold',
  'col.wait': 'Wait',
  'col.blocks': 'Blocks',
  'col.off': 'Off',
  'col.lockWait': 'Lock wait',
  'col.acquires': 'Acquires',
  'col.contended': 'Contended',
  'col.forced': 'Forced',
  'col.maxWait': 'Longest wait',
  'col.maxHold': 'Longest hold',
  'col.thread': 'Thread',
  'col.pid': 'PID',
  'col.tid': 'TID',
  'col.gil': 'GIL',
  'col.lifetime': 'Lifetime',
  'col.waiter': 'Waiter',
  'col.holder': 'Holder',
  'col.time': 'Waited',
  'col.count': 'Count',
  'threads.caption': 'The timeline as a table: every thread with its time in each state',
  'threads.show': 'Show {0} in the timeline',
  'blame.caption': 'Rows waited for columns',
  'blame.list': 'Pairs by time',
  'blame.handoff': 'hand-off',
  'blame.handoff.long': 'hand-off: nobody held the lock, the waiter was being woken',
  'blame.others': 'others',
  'blame.cell': '{0} waited {1} for {2}, {3} times, at most {4}',
  'blame.cell.summed': '{0} waited {1} for {2}, {3} times',
  'blame.hover': 'Point at a cell to read it.',
  'blame.none': 'No thread waited for another.',
  'findings.none': 'No findings. Nothing in this run stands out.',
  'findings.live': 'No findings so far.',
  'severity.information': 'Information',
  'severity.warning': 'Warning',
  'severity.error': 'Error',
  'banner.lost': '{0} events and {1} samples are missing from this picture. {2}',
  'banner.frames.unknownVersion':
    'Process {0} runs Python {1}, whose stacks are not known: times are exact, lines are missing.',
  'banner.frames.selfTestFailed':
    'Process {0}: reading stacks of Python {1} failed its self-test: times are exact, lines are missing.',
  'banner.nogil':
    'Process {0} runs Python {1} without a GIL: there is nothing to hold or wait for.',
} as const;

export type StringKey = keyof typeof CHART_STRINGS;

/** Text of a key with `{0}`, `{1}` … filled in. */
export type Translate = (key: StringKey, ...values: readonly (string | number)[]) => string;

export function translator(replacements: Readonly<Record<string, string>>): Translate {
  return (key, ...values) =>
    (replacements[key] ?? CHART_STRINGS[key]).replace(/\{(\d)\}/g, (whole, index: string) => {
      const value = values[Number(index)];
      return value === undefined ? whole : String(value);
    });
}
