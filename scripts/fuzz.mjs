// `npm run fuzz`: damages traces and profile files of real programs in every way and reads them as the product does. Each
// must end, soon and in bounded memory, with a profile that says what is missing, or with one clear error.
//   --count N        inputs, default 1,000,000          --seed S      which ones; the same seed gives the same inputs
//   --seconds N      go on for as long, then stop: the next call goes on from there
//   --from K --to L  only these, not kept               --again       forget what was done with this seed
//   --write          also docs/fuzz.md, from all inputs of this seed so far
// Traces to damage are recorded once into build/fuzz, for each version of the trace format. Blocks of inputs in which a fault was found are read again at
// the next call. What stands in build/fuzz stays until somebody removes it.
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { buildAll } from './build.mjs';
import { documentOf } from './fuzz/document.mjs';
import { root } from './testing/bundle.mjs';
import { bundleSupport, loadSupport, writeDocument } from './testing/load-support.mjs';
import { scriptOptions } from './testing/script-options.mjs';

const { values: options } = scriptOptions(
  {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  { numbers: ['count', 'seed', 'seconds', 'from', 'to'] },
);
const randomSeed = Number(options.seed);
const folder = join(root, 'build', 'fuzz');
/** What another version of the trace format gave says nothing of this one: both are kept by version. */
const { traceFormat } = await loadSupport('trace-format');
const version = `version-${traceFormat.TRACE_VERSION}`;
const seedsFolder = join(folder, `seeds-${version}`);
const resultsFile = join(folder, `${version}-seed-${randomSeed}.jsonl`);
/** Damaged profile files lie in memory where that can be: a disk would take as long as reading them. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const BLOCK = 500;
/** An input that takes longer hangs; a thousand times what they take. */
const HANG_MS = 20_000;
const HEAP_MB = 512;
/** Of the whole process, seeds included. */
const RSS_MAX_BYTES = 1 << 30;

/** Blocks that were read, in order; of one that was read again the latest. */
function results() {
  if (!existsSync(resultsFile)) return [];
  const lines = readFileSync(resultsFile, 'utf8').trim().split('\n').map(JSON.parse);
  const blocks = new Map(lines.map((row) => [row.from, row]));
  return [...blocks.values()].sort((one, other) => one.from - other.from);
}

const peakRss = () => process.resourceUsage().maxRSS * 1024;

/** Reads [from, to) in a worker; answers where it stopped and why. */
function readInputs(workerFile, scratch, from, to, untilMs, onReport) {
  return new Promise((done, fail) => {
    const at = new SharedArrayBuffer(4);
    const current = new Int32Array(at);
    current[0] = -1;
    let reached = from;
    const workerData = { folder: seedsFolder, scratch, randomSeed, from, to, block: BLOCK, at };
    const worker = new Worker(workerFile, {
      workerData,
      // Room for many inputs between two collections.
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 64 },
    });
    let [seen, sinceMs] = [-1, performance.now()];
    let fault = null;
    const stop = (why) => {
      clearInterval(timer);
      fault ??= why;
      void worker.terminate();
    };
    const timer = setInterval(() => {
      const index = Atomics.load(current, 0);
      if (index !== seen) [seen, sinceMs] = [index, performance.now()];
      else if (index >= 0 && performance.now() - sinceMs > HANG_MS)
        stop({ index, text: `no end in ${HANG_MS / 1000} s` });
    }, 500);
    worker.on('message', (report) => {
      reached = report.to;
      onReport(report);
      if (peakRss() > RSS_MAX_BYTES)
        stop({ index: report.slowest, text: `${peakRss()} bytes of memory` });
      else if (performance.now() > untilMs) stop(null);
    });
    worker.on('error', (error) => {
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') fail(error);
      else stop({ index: Atomics.load(current, 0), text: `more than ${HEAP_MB} MB of heap` });
    });
    worker.on('exit', () => {
      clearInterval(timer);
      done({ reached, fault });
    });
  });
}

const say = ({ index, kind = '', seed = '', text }) =>
  console.log(`FAULT at input ${index}${kind && `, ${kind} of “${seed}”`}: ${text}`);

/** Reads [from, to), past what hangs or takes too much memory. */
async function readAll(workerFile, scratch, from, to, untilMs, keep) {
  for (let next = from; next < to && performance.now() < untilMs;) {
    const { reached, fault } = await readInputs(workerFile, scratch, next, to, untilMs, keep);
    next = reached;
    if (fault === null) continue;
    const faults = [{ kind: '', seed: '', ...fault }];
    const lost = { counts: {}, slowestMs: 0, slowest: fault.index, faults };
    keep({ from: next, to: fault.index + 1, ...lost });
    next = fault.index + 1;
  }
}

async function main() {
  await buildAll();
  mkdirSync(folder, { recursive: true });
  if (options.again) rmSync(resultsFile, { force: true });
  const { recordSeeds, seedNames } = await loadSupport('fuzz-seeds');
  const { PROFILE_ONE_IN, EVERYTHING_ONE_IN } = await loadSupport('fuzz-inputs');
  for (const text of await recordSeeds(seedsFolder)) console.log(`not recorded: ${text}`);
  const workerFile = await bundleSupport('fuzz-worker');
  const scratch = mkdtempSync(join(SCRATCH, 'gilscope-fuzz-'));
  const untilMs = performance.now() + Number(options.seconds ?? Infinity) * 1000;
  const isPiece = options.from !== undefined;
  let faults = 0;
  const keep = (report) => {
    faults += report.faults.length;
    for (const fault of report.faults) say(fault);
    if (isPiece) return;
    appendFileSync(resultsFile, `${JSON.stringify({ ...report, peakRssBytes: peakRss() })}\n`);
    if (report.to % 10_000 === 0) console.log(`${report.to.toLocaleString('en')} inputs`);
  };
  try {
    const before = isPiece ? [] : results();
    // What had a fault is read again: it may be mended.
    for (const { from, to } of before.filter((row) => row.faults.length > 0))
      await readAll(workerFile, scratch, from, to, untilMs, keep);
    const from = Number(options.from ?? before.at(-1)?.to ?? 0);
    const to = isPiece ? Number(options.to ?? from + 1) : Number(options.count);
    await readAll(workerFile, scratch, from, to, untilMs, keep);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const parts = {
    profile: PROFILE_ONE_IN,
    everything: EVERYTHING_ONE_IN,
    version: traceFormat.TRACE_VERSION,
  };
  const all = results();
  if (options.write)
    await writeDocument('fuzz.md', documentOf(all, randomSeed, seedNames(seedsFolder), parts));
  if (!isPiece) faults = all.flatMap((row) => row.faults).length;
  console.log(
    `${(all.at(-1)?.to ?? 0).toLocaleString('en')} inputs of seed ${randomSeed} so far, ${faults} with a fault`,
  );
  process.exitCode = faults > 0 ? 1 : 0;
}

process.chdir(root);
await main();
