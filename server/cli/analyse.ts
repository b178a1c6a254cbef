import type { Profile } from '../protocol';
import { RunAnalysis } from '../profile/run-analysis';
import { openProfileWorker } from '../profile/worker-client';
import { readSourceFile } from '../profile/worker-sources';
import { openRunSource, RunReader } from '../trace/run-reader';
import type { RunSource } from '../trace/run-source';
import type { Ask } from './html';

export interface AnalysedRun {
  readonly profile: Profile;
  /** Answers the chart's questions; without an answer where the chart was not asked for. */
  readonly chart: Ask;
}

/** One that was read in this thread. */
interface RunReadHere extends AnalysedRun {
  readonly chart: RunAnalysis['chart'];
}

/**
 * Reads a finished run (a run folder, a container or a single trace).
 * @param chart Whether the chart will be asked: that takes memory for each event.
 * @throws TraceError
 */
export function analyseRun(path: string, chart: boolean): RunReadHere {
  return analyseSource(openRunSource(path), chart);
}

/** As {@link analyseRun}; closes the source. */
export function analyseSource(source: RunSource, chart: boolean): RunReadHere {
  const reader = new RunReader(source);
  try {
    const analysis = new RunAnalysis(reader, { chart }, readSourceFile);
    const profile = analysis.snapshot({ command: null, startedAt: null, exit: null });
    return { profile, chart: (request) => analysis.chart(request) };
  } finally {
    reader.close();
  }
}

/** As {@link analyseRun}, in a thread of its own, which ends with the process. @throws ProfileError */
export async function analyseBeside(path: string, chart: boolean): Promise<AnalysedRun> {
  const worker = openProfileWorker(path, { chart });
  const profile = await worker.snapshot();
  return { profile, chart: (request) => worker.chart(request) };
}
