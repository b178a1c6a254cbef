import type { Profile } from '../protocol';
import { RunAnalysis } from '../profile/run-analysis';
import { readSourceFile } from '../profile/worker-sources';
import { openRunSource, RunReader } from '../trace/run-reader';
import type { RunSource } from '../trace/run-source';

export interface AnalysedRun {
  readonly profile: Profile;
  /** Answers the chart's questions; without an answer where the chart was not asked for. */
  readonly chart: RunAnalysis['chart'];
}

/**
 * Reads a finished run (a run folder, a container or a single trace).
 * @param chart Whether the chart will be asked: that takes memory for each event.
 * @throws TraceError
 */
export function analyseRun(path: string, chart: boolean): AnalysedRun {
  return analyseSource(openRunSource(path), chart);
}

/** As {@link analyseRun}; closes the source. */
export function analyseSource(source: RunSource, chart: boolean): AnalysedRun {
  const reader = new RunReader(source);
  try {
    const analysis = new RunAnalysis(reader, { chart }, readSourceFile);
    const profile = analysis.snapshot({ command: null, startedAt: null, exit: null });
    return { profile, chart: (request) => analysis.chart(request) };
  } finally {
    reader.close();
  }
}
