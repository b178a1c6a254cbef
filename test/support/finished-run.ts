/**
 * Started as a process of its own by the benchmark: reads a finished run in the profile's worker, as the language
 * server does, and says what it cost. Arguments: run folder, whether the chart is kept, the worker's bundle.
 */
import { cpuUsage } from 'node:process';
import { openProfileWorker } from '../../server/profile/worker-client';

export interface FinishedRun {
  readonly events: number;
  readonly stacks: number;
  readonly wallMs: number;
  /** Processor time, which a busy machine disturbs less. */
  readonly cpuMs: number;
  /** Largest memory of the whole process. */
  readonly maxRssBytes: number;
}

async function main(path: string, chart: boolean, workerFile: string): Promise<FinishedRun> {
  const before = performance.now();
  const cpuBefore = cpuUsage();
  const worker = openProfileWorker(path, { chart, workerFile });
  const { events } = await worker.poll(true);
  const profile = await worker.snapshot();
  const wallMs = performance.now() - before;
  const cpu = cpuUsage(cpuBefore);
  await worker.close();
  return {
    events,
    stacks: profile.lines.length,
    wallMs,
    cpuMs: (cpu.user + cpu.system) / 1000,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const [, , path, chart, workerFile] = process.argv;
if (path !== undefined && workerFile !== undefined) {
  void main(path, chart === 'true', workerFile).then((done) => console.log(JSON.stringify(done)));
}
