// Runs bundled node:test files, each in a process of its own, and tallies their tests.
import { run } from 'node:test';
import { bundledFile } from './bundle.mjs';
import { indent, Tally, twiceInCi, whyNoTime } from './tally.mjs';

/**
 * Runs the files, `concurrency` at a time; a file that takes longer than `timeoutMs` is killed and counts as failed, and
 * so does one that reports no test. One for which there is no time counts as not run.
 */
export async function runFiles(files, { concurrency, timeoutMs }) {
  const total = new Tally();
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const noTime = whyNoTime();
      if (noTime !== null) total.skip(file, noTime);
      else total.add(await twiceInCi(file, () => runFile(file, timeoutMs)));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return total;
}

async function runFile(file, timeoutMs) {
  const startedAt = Date.now();
  const tally = new Tally();
  const output = [];
  const bundle = bundledFile(file);
  const events = run({ files: [bundle], concurrency: 1, timeout: timeoutMs });
  events.on('test:stdout', ({ message }) => output.push(message));
  events.on('test:stderr', ({ message }) => output.push(message));
  events.on('test:pass', (event) => passed(event, bundle, file, tally));
  events.on('test:fail', (event) => failed(event, bundle, file, tally));
  for await (const event of events) void event;
  if (tally.passed + tally.failed + tally.skipped === 0) tally.fail(file, 'no test in this file');
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${tally.failed > 0 ? 'FAILED ' : 'ok     '}  ${file}: ${tally} (${seconds} s)`);
  if (tally.failed > 0 && output.length > 0) console.log(indent(`output:\n${output.join('')}`));
  return tally;
}

function passed(event, bundle, file, tally) {
  if (event.skip !== undefined) {
    tally.skip(`${file}: ${event.name}`, event.skip === true ? '' : event.skip);
    return;
  }
  // node:test reports a file that has no tests, or that left before them, as a passed test with the file's name.
  if (event.name !== bundle && event.details.type !== 'suite') tally.pass();
}

function failed(event, bundle, file, tally) {
  const error = event.details.error;
  // The tests below it were counted already.
  if (error?.failureType === 'subtestsFailed') return;
  const cause = error?.cause ?? error;
  const text = cause?.stack ?? cause?.message ?? String(cause);
  tally.fail(event.name === bundle ? file : `${file}: ${event.name}`, text);
}
