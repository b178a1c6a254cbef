// docs/sanitizers.md, from what `npm run sanitize` kept.
import { markdownTable } from '../testing/load-support.mjs';

const titles = {
  asan: 'AddressSanitizer',
  ubsan: 'UndefinedBehaviorSanitizer',
  tsan: 'ThreadSanitizer',
};

function cell(row) {
  if (row === undefined) return '–';
  const notes = [
    row.failed > 0 ? `**${row.failed} failed**` : '',
    row.reports > 0 ? `**${row.reports} reports**` : '',
  ];
  return [String(row.passed), ...notes.filter(Boolean)].join(', ');
}

function section(variant, rows) {
  const own = rows.filter((row) => row.variant === variant);
  if (own.length === 0) return `## ${titles[variant]}\n\nNot run yet.`;
  const pythons = [...new Set(own.map(({ python }) => python))];
  const names = [...new Set(own.map(({ name }) => name))].sort();
  const body = names.map((name) => [
    name,
    ...pythons.map((python) => cell(own.find((row) => row.name === name && row.python === python))),
  ]);
  const sum = (value) => own.reduce((total, row) => total + value(row), 0);
  const said =
    `${sum((row) => row.passed)} tests passed, ${sum((row) => row.failed)} failed; ` +
    `${sum((row) => row.reports)} reports.`;
  return `## ${titles[variant]}\n\n${said}\n\n${markdownTable(['', ...pythons], body)}`;
}

/** @param rows `{variant, name, python, passed, failed, skipped, reports}` */
export function documentOf(rows) {
  return `# The C side under sanitizers

Made by \`npm run sanitize -- --write\`: the probe and the host, built with each sanitizer of the C compiler, run the tests
that drive them (\`test/interpreters\`). Numbers are tests that passed; a report is whatever the sanitizer said in any
process of them, children that were forked or executed included. \`–\`: not run, or nothing for that interpreter.

${Object.keys(titles)
  .map((variant) => section(variant, rows))
  .join('\n\n')}

## What they cannot see

- A checked probe is many times slower. A test that compares times with the recorder, or waits for children on a busy
  machine, can fail there without any report: it is counted as failed, and does not say that memory was misused.
- The interpreter itself is not instrumented: reads and writes are checked where the probe makes them, memory of the
  interpreter that was freed is known where the host loads a libpython (its \`malloc\` is the sanitizer's then), not in a
  static interpreter.
- In a static interpreter libc's \`pthread_create\` comes before AddressSanitizer's, so nobody wipes the marks of an earlier
  thread from a stack that libc uses again. A thread that returns leaves none; one that a fork ended in the middle of a
  function does, in the child. The first threads there wrote “outside” of variables that were another thread's. A checked
  build wipes the stack at the start of each thread (\`checked_stack.h\`).
- ThreadSanitizer must be loaded before all else, which only the host can see to: shared interpreters only, and without
  the recorder, which hands waits to libc past it. \`scripts/tsan-suppressions.txt\` names what is CPython's own.
  Programs that a program executes have the probe by preloading. Where libpython has a constructor that asks for
  thread-local memory (3.15, some builds of 3.13), that comes before ThreadSanitizer's own, which reads a null pointer:
  tests that need such children are not run there under 3.15, and fail under the others, without a report.
`;
}
