/** Entry of the worker thread that reads a run and computes its profile: the one edge of this room. */
import { parentPort, workerData } from 'node:worker_threads';
import { openRun } from '../trace/run-reader';
import { TraceError } from '../trace/trace-error';
import { RunAnalysis } from './run-analysis';
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
  port.on('message', ({ id, call }: WorkerRequest) => {
    let response: WorkerResponse;
    try {
      analysis ??= new RunAnalysis(openRun(options.path), options);
      response = { id, ok: true, answer: answerOf(analysis, call) };
    } catch (error) {
      response = { id, ok: false, message: messageOf(error, options.path) };
    }
    port.postMessage(response);
  });
}

function answerOf(analysis: RunAnalysis, call: WorkerCall): WorkerAnswers[keyof WorkerAnswers] {
  switch (call.kind) {
    case 'poll':
      return analysis.poll(call.final);
    case 'snapshot':
      return analysis.snapshot(call.run);
    case 'chart':
      return analysis.chart(call.request);
  }
}

function messageOf(error: unknown, path: string): string {
  if (error instanceof TraceError) return error.message;
  const what = error instanceof Error ? error.message : String(error);
  return `${path}: the profile cannot be computed (${what}). Please report this with the file.`;
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
