import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packRun } from '../../server/trace/container-writer';
import { openRunSource } from '../../server/trace/run-reader';
import { TraceWriter } from './trace-writer';

/** The program that the sample run claims to be of. */
export const SAMPLE_SOURCE = [
  'import threading', // 1
  'x = 0  # gilscope: hold < 5', // 2: no unit
  'def work():', // 3
  '    compute()  # gilscope: hold < 50ms', // 4
  '', // 5
  'def read():', // 6
  '    os.read(fd, 1)', // 7
  '', // 8
  'work()', // 9
  '',
].join('\n');

export const SAMPLE_START = '2026-01-01T00:00:00.000Z';
const MS = 1_000_000n;

export interface SampleRun {
  /** Temporary; {@link SampleRun.remove} removes it. */
  readonly folder: string;
  readonly script: string;
  readonly runFolder: string;
  remove(): void;
}

/**
 * A run folder of 200 ms, by hand. `read` (line 7) holds 0 … 10 ms and 110 … 115 ms, and waits 30 … 110 ms for
 * `work` (line 4, called from line 9), which holds 10 … 110 ms.
 * @param name Of the script's folder.
 */
export function sampleRun(name: string, sources?: Readonly<Record<string, string>>): SampleRun {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gilscope-sample-')));
  const script = join(folder, name, 'script.py');
  const runFolder = join(folder, 'run');
  mkdirSync(join(folder, name));
  mkdirSync(runFolder);
  writeFileSync(script, SAMPLE_SOURCE);
  writeFileSync(join(runFolder, '100.trace'), sampleTrace(script));
  const manifest = {
    format: 'gilscope-run',
    version: 1,
    command: [script],
    startedAt: SAMPLE_START,
    exit: { code: 0, signal: null },
    ...(sources ? { sources } : {}),
  };
  writeFileSync(join(runFolder, 'run.json'), JSON.stringify(manifest));
  return { folder, script, runFolder, remove: () => rmSync(folder, { recursive: true }) };
}

/** The same as a profile file. */
export async function packSample(run: SampleRun): Promise<string> {
  const file = join(run.folder, 'sample.gilscope');
  const source = openRunSource(run.runFolder);
  await packRun(source, file);
  source.close();
  return file;
}

function sampleTrace(file: string): Buffer {
  const end = 200n * MS;
  const writer = new TraceWriter({
    anchor0: [0n, 5_000_000_000n],
    anchor1: [end, 5_200_000_000n],
    anchorLatest: [end, 5_200_000_000n],
    heartbeatTicks: end,
    endTicks: end,
    exitCode: 0,
  });
  const gil = writer.addGil();
  const main = writer.addThread({ tid: 100, name: 'MainThread', endTicks: end });
  const reader = writer.addThread({ tid: 101, name: 'reader', endTicks: end });
  const read = writer.stack(gil, [{ file, line: 7, function: 'read' }]);
  const work = writer.stack(gil, [
    { file, line: 9, function: '<module>' },
    { file, line: 4, function: 'work' },
  ]);
  const cycle = (
    thread: number,
    stack: number,
    waitStart: number,
    from: number,
    to: number,
  ): void =>
    writer.cycle(gil, {
      thread,
      stack,
      waitStart: BigInt(waitStart) * MS,
      acquired: BigInt(from) * MS,
      released: BigInt(to) * MS,
      contended: waitStart < from,
    });
  cycle(reader, read, 0, 0, 10);
  cycle(main, work, 10, 10, 110);
  cycle(reader, read, 30, 110, 115);
  return writer.bytes();
}
