// The parts of docs/benchmarks.md about a cycle's time and about the server.
import { median } from '../testing/kept-results.mjs';
import { markdownTable } from '../testing/load-support.mjs';

const READER_GOAL = 15e6;
const COMMAND_GOAL_S = 2;
const million = (value) => `${(value / 1e6).toFixed(1)} million`;
const mark = (met) => (met ? '✓' : '✗');

function commandLine(command) {
  if (command.length === 0)
    return '\n- From the end of the program to the finished profile: not measured, the machine was too busy.';
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

${rows.length === 0 ? 'Not measured.' : markdownTable(head, rows)}`;
}

const partNames = {
  kernel: 'the kernel: the write and the read of the pipe',
  Python: 'the interpreter',
  'C library': 'the C library: mutexes, conditions, system calls',
  'probe: clock': 'probe: reading the counter',
  'probe: stack': 'probe: reading the stack',
  'probe: store': 'probe: making and storing the record',
  'probe: hooks': 'probe: telling the calls apart, the rest',
  "probe's own thread":
    "probe: its own thread, which samples long holds (mostly the kernel's work)",
};

/** Empty where it was not measured. */
export function partsSection({ plain, probed, cost, python }) {
  if (probed === undefined) return '## Where the time of a cycle goes\n\nNot measured.';
  const names = Object.keys(partNames).filter((name) => plain[name] || probed[name]);
  const ns = (value) => (value ?? 0).toFixed(0);
  const sum = (of, isCounted = () => true) =>
    names.filter(isCounted).reduce((total, name) => total + (of[name] ?? 0), 0);
  const rows = names.map((name) => [partNames[name], ns(plain[name]), ns(probed[name])]);
  const own = (name) => name.startsWith('probe:');
  rows.push(['all', ns(sum(plain)), ns(sum(probed))]);
  return `## Where the time of a cycle goes

Processor time of a cycle of the pipe loop beside the main thread, ns, CPython ${python}: samples of \`perf\` by the CPU clock; the probe's own are put
to the source files of its functions. In the threads of the program the probe takes ${ns(sum(probed, own))} ns. The rest of the difference is what the
processor's caches and predictors hold for two instead of one, and noise.

${markdownTable(['', 'plain', 'GILscope'], rows)}

The physical limit: one reading of the processor's counter takes ${cost.counterNs.toFixed(1)} ns on this machine (\`CLOCK_MONOTONIC\`:
${cost.monotonicNs.toFixed(1)} ns), in a loop that does nothing else. A cycle has three moments (asked, acquired, released); two readings tell acquired and
released, and no record of exact times can do with fewer.`;
}
