// Measures the trace reader on a synthetic trace: events a second, where a cycle is three events (request, acquired,
// released), and the cost of packing and of reading the packed profile. `node scripts/bench-reader.mjs [EVENTS]`.
import { build } from 'esbuild';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { cpuUsage } from 'node:process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { writeSyntheticRun } from './bench/synthetic-trace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const EVENTS_PER_CYCLE = 3;

async function loadReader(folder) {
  const outfile = join(folder, 'reader.cjs');
  const source = (name) => JSON.stringify(join(root, 'server', 'trace', name));
  const contents = `
    export * from ${source('run-reader.ts')};
    export * from ${source('container-writer.ts')};
    export * from ${source('format.ts')};`;
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile,
  });
  return createRequire(import.meta.url)(outfile);
}

/** Seconds of processor time so far: a loaded machine does not disturb it as much as the time of day. */
function cpuSeconds() {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** The best of some readings of a run, in seconds of processor time. */
function timeRead(reader, path, cycles, times) {
  let best = Infinity;
  for (let i = 0; i < times; i++) {
    let seen = 0;
    const before = cpuSeconds();
    const run = reader.openRun(path);
    run.read({ samples() {}, cycles: (batch) => (seen += batch.count) }, true);
    best = Math.min(best, cpuSeconds() - before);
    run.close();
    if (seen !== cycles) throw new Error(`read ${seen} cycles instead of ${cycles}`);
  }
  return best;
}

/**
 * @param {number} events
 * @returns rates in events a second of one core, sizes in bytes, times in seconds of processor time
 */
export async function benchReader(events = 10_000_000) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-bench-reader-'));
  try {
    const reader = await loadReader(folder);
    const cycles = Math.ceil(events / EVENTS_PER_CYCLE);
    const trace = join(folder, '1000.trace');
    const packed = join(folder, 'packed.gilscope');
    writeSyntheticRun(folder, cycles, reader);
    const readS = timeRead(reader, folder, cycles, 5);
    const before = cpuSeconds();
    await reader.packRun(reader.openRunSource(folder), packed);
    const packS = cpuSeconds() - before;
    const readPackedS = timeRead(reader, packed, cycles, 3);
    const traceBytes = statSync(trace).size;
    return {
      events: cycles * EVENTS_PER_CYCLE,
      traceBytes,
      bytesPerCycle: traceBytes / cycles,
      readS,
      eventsPerSecond: (cycles * EVENTS_PER_CYCLE) / readS,
      packS,
      packedBytes: statSync(packed).size,
      readPackedS,
      packedEventsPerSecond: (cycles * EVENTS_PER_CYCLE) / readPackedS,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await benchReader(Number(process.argv[2] ?? 10_000_000));
  const million = (value) => `${(value / 1e6).toFixed(1)} million`;
  const lines = [
    `${million(result.events)} events, ${million(result.traceBytes)} bytes, ${result.bytesPerCycle.toFixed(1)} bytes a cycle`,
    `read: ${result.readS.toFixed(3)} s, ${million(result.eventsPerSecond)} events/s`,
    `pack: ${result.packS.toFixed(2)} s, ${million(result.packedBytes)} bytes`,
    `read packed: ${result.readPackedS.toFixed(3)} s, ${million(result.packedEventsPerSecond)} events/s`,
  ];
  console.log(lines.join('\n'));
}
