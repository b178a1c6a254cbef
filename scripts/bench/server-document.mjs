// The server's part of docs/benchmarks.md.
import { median } from '../testing/kept-results.mjs';
import { markdownTable } from '../testing/load-support.mjs';

const READER_GOAL = 15e6;
const COMMAND_GOAL_S = 2;
const million = (value) => `${(value / 1e6).toFixed(1)} million`;
const mark = (met) => (met ? '✓' : '✗');

function commandLine(command) {
  if (command.length === 0) return '';
  const seconds = median(command.map((run) => run.seconds));
  const { events, keptBytes } = command[0];
  return `\n- From the program's last output to the end of \`gilscope run\`, with the profile kept and written as JSON, after ${million(events)}
  events of a pipe loop: ${seconds.toFixed(2)} s (goal: under ${COMMAND_GOAL_S} s for 10 million) ${mark(seconds < COMMAND_GOAL_S)}; the kept file has ${million(keptBytes)} bytes.`;
}

/** Empty where it was not measured. */
export function serverSection({ reader, command = [], memory = [] }) {
  if (reader === undefined) return '## Reader and profile\n\nNot measured.';
  const rows = memory.map((run) => [
    `${run.millions} million`,
    run.chart ? 'yes' : 'no',
    `${(run.maxRssBytes / 2 ** 20).toFixed(0)} MiB`,
    `${(run.cpuMs / 1000).toFixed(2)} s`,
  ]);
  const head = ['events', 'for the chart', 'largest memory', 'processor time'];
  return `## Reader and profile

An acquisition, its request and its release are three events. Processor time, one core.

- Reading a trace: ${million(reader.eventsPerSecond)} events/s (goal: at least ${million(READER_GOAL)}) ${mark(reader.eventsPerSecond >= READER_GOAL)};
  of a kept profile, which is compressed, ${million(reader.packedEventsPerSecond)}/s.${commandLine(command)}

A finished run read in the profile's worker, as the language server does: 16 threads that contend for a GIL, 200 stacks. What a profile needs follows threads, stacks and pairs of
stacks, not events. The chart alone keeps each cycle (about 18 bytes), up to 24 million of them; beyond that short neighbours become one.

${markdownTable(head, rows)}`;
}
