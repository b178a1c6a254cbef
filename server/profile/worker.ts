/** Entry of the worker thread that reads a run and computes its profile: the one edge of this room. */
import { parentPort, workerData } from 'node:worker_threads';
import { openRun } from '../trace/run-reader';
import { systemReason, TraceError } from '../trace/trace-error';
import type { ExportParams } from '../protocol-export';
import { writeFileInPieces } from './export/export-file';
import { RunAnalysis } from './run-analysis';
import type { AnalysisAnswer } from '../protocol-analysis';
import type { Sliced } from './stretches';
import { readSourceFile } from './worker-sources';
import type {
  WorkerAnswers,
  WorkerCall,
  WorkerOptions,
  WorkerRequest,
  WorkerResponse,
} from './worker-protocol';

/** So long a tile may have to wait behind a long computation. */
const SLICE_MS = 4;

function serve(port: NonNullable<typeof parentPort>, options: WorkerOptions): void {
  // Opened by the first call, whose answer then carries the error.
  let analysis: RunAnalysis | null = null;
  const latest = new Map<string, number>();
  const respond = (response: WorkerResponse): void => port.postMessage(response);
  port.on('message', ({ id, call }: WorkerRequest) => {
    const fail = (error: unknown): void =>
      respond({ id, ok: false, message: messageOf(error, options.path) });
    try {
      analysis ??= new RunAnalysis(openRun(options.path), options, readSourceFile);
      if (call.kind !== 'chart' || call.request.kind !== 'analysis') {
        respond({ id, ok: true, answer: answerOf(analysis, call) });
        return;
      }
      const { question } = call.request;
      latest.set(question.kind, id);
      const isStale = (): boolean => latest.get(question.kind) !== id;
      inSlices(analysis.analyse(question), isStale).then(
        (answer) => respond({ id, ok: true, answer: { kind: 'analysis', answer } }),
        fail,
      );
    } catch (error) {
      fail(error);
    }
  });
}

/** Goes on between other calls; null where there is no profile, or a newer question of the kind has come. */
async function inSlices(
  sliced: Sliced<AnalysisAnswer> | null,
  isStale: () => boolean,
): Promise<AnalysisAnswer | null> {
  if (sliced === null) return null;
  for (let until = performance.now() + SLICE_MS; ;) {
    const { done, value } = sliced.next();
    if (done === true) return value;
    if (performance.now() < until) continue;
    await new Promise(setImmediate);
    if (isStale()) return null;
    until = performance.now() + SLICE_MS;
  }
}

function answerOf(analysis: RunAnalysis, call: WorkerCall): WorkerAnswers[keyof WorkerAnswers] {
  switch (call.kind) {
    case 'poll':
      return analysis.poll(call.final);
    case 'snapshot':
      return analysis.snapshot(call.run);
    case 'export':
      return { notes: exportTo(analysis, call.params) };
    case 'chart':
      return analysis.chart(call.request);
  }
}

function exportTo(analysis: RunAnalysis, params: ExportParams): string[] {
  return writeFileInPieces(params.path, (sink) => analysis.export(params, sink));
}

function messageOf(error: unknown, path: string): string {
  if (error instanceof TraceError) return error.message;
  if (error instanceof Error && 'syscall' in error) {
    return `${'path' in error ? String(error.path) : path}: ${systemReason(error)}`;
  }
  const what = error instanceof Error ? error.message : String(error);
  return `${path}: the profile cannot be computed (${what}). Please report this with the file.`;
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
