/** Entry of the worker thread that reads a run and computes its profile: the one edge of this room. */
import { parentPort, workerData } from 'node:worker_threads';
import { openRun } from '../trace/run-reader';
import { systemReason, TraceError } from '../trace/trace-error';
import type { ExportParams } from '../protocol-export';
import { writeFileInPieces } from './export/export-file';
import { RunAnalysis } from './run-analysis';
import { inSlices } from './worker-slices';
import { readSourceFile } from './worker-sources';
import type {
  WorkerAnswers,
  WorkerCall,
  WorkerOptions,
  WorkerRequest,
  WorkerResponse,
} from './worker-protocol';

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
      const sliced = analysis.analyse(question);
      (sliced === null ? Promise.resolve(null) : inSlices(sliced, isStale)).then(
        (answer) => respond({ id, ok: true, answer: { kind: 'analysis', answer } }),
        fail,
      );
    } catch (error) {
      fail(error);
    }
  });
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
