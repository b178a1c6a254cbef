import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Profile } from '../protocol';
import type { ChartRequest, ChartResponse } from '../protocol-chart';
import type { ExportParams, ExportResult } from '../protocol-export';
import type {
  PollResult,
  RunDescription,
  WorkerAnswers,
  WorkerCall,
  WorkerOptions,
  WorkerRequest,
  WorkerResponse,
} from './worker-protocol';

/** Beside server.js and cli.js in dist/. */
const WORKER_FILE = 'profile-worker.js';
/** The chart's columns lie outside this heap; books of millions of stack pairs lie inside. */
const MAX_HEAP_MEGABYTES = 4096;

/** Why a profile cannot be had; the message is for the user: what failed, on what, what to do next. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

/** A run that is read and analysed in a thread of its own. Calls are answered in their order. */
export interface ProfileWorker {
  /** Reads what is new. `final`: all processes are over, nothing more will be written. @throws ProfileError */
  poll(final: boolean): Promise<PollResult>;
  /**
   * The profile of what was read up to now, all of it if {@link poll} was never called. `run`: what `run.json` does
   * not say, or not yet. @throws ProfileError
   */
  snapshot(run?: Partial<RunDescription>): Promise<Profile>;
  /** Writes the last snapshot to a file for another tool; the file appears when it is whole. @throws ProfileError */
  export(params: ExportParams): Promise<ExportResult>;
  /** Answers the chart from the last snapshot. @throws ProfileError */
  chart(request: ChartRequest): Promise<ChartResponse>;
  /** Ends the thread; calls that are not answered yet fail. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Whether {@link ProfileWorker.chart} will be asked; default true. Without it memory does not grow with events. */
  readonly chart?: boolean;
  /** The worker's bundle; default: beside the running script. */
  readonly workerFile?: string;
}

/** Opens a run folder, a trace or a container; that it cannot be read is said by the first call. */
export function openProfileWorker(path: string, options: OpenOptions = {}): ProfileWorker {
  const file = options.workerFile ?? join(__dirname, WORKER_FILE);
  const client = new WorkerClient(path, file, { path, chart: options.chart ?? true });
  return {
    poll: (final) => client.call({ kind: 'poll', final }),
    snapshot: (run) =>
      client.call({
        kind: 'snapshot',
        run: { command: null, startedAt: null, exit: null, ...run },
      }),
    export: (params) => client.call({ kind: 'export', params }),
    chart: (request) => client.call({ kind: 'chart', request }),
    close: () => client.close(),
  };
}

interface Pending {
  resolve(answer: WorkerAnswers[keyof WorkerAnswers]): void;
  reject(error: ProfileError): void;
}

class WorkerClient {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended: ProfileError | null = null;

  constructor(path: string, file: string, options: WorkerOptions) {
    this.#path = path;
    this.#worker = new Worker(file, {
      workerData: options,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
    });
    this.#worker.on('message', (response: WorkerResponse) => this.#answer(response));
    this.#worker.on('error', (error) => this.#end(crashMessage(path, error)));
    this.#worker.on('exit', () =>
      this.#end(`${path}: the analysis ended before it was done. Open the profile again.`),
    );
    // Only a call that waits for its answer keeps the process alive.
    this.#worker.unref();
  }

  call<Call extends WorkerCall>(call: Call): Promise<WorkerAnswers[Call['kind']]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      const request: WorkerRequest = { id: this.#nextId++, call };
      this.#pending.set(request.id, {
        // The worker answers each kind of call with its kind of answer.
        resolve: (answer) => resolve(answer as WorkerAnswers[Call['kind']]),
        reject,
      });
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#end(`${this.#path}: the profile was closed.`);
    // Else a process that has nothing else to do would end before this does.
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #answer(response: WorkerResponse): void {
    const pending = this.#pending.get(response.id);
    if (!this.#pending.delete(response.id)) return;
    if (this.#pending.size === 0) this.#worker.unref();
    if (response.ok) pending?.resolve(response.answer);
    else pending?.reject(new ProfileError(response.message));
  }

  #end(message: string): void {
    if (this.#ended !== null) return;
    this.#ended = new ProfileError(message);
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}

function crashMessage(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return `${path}: the profile is too large for the memory of this machine. Record a shorter run.`;
  }
  if (code === 'MODULE_NOT_FOUND') {
    return `${path}: GILscope's ${WORKER_FILE} is missing. Install GILscope again, or run npm run build.`;
  }
  const what = error instanceof Error ? error.message : String(error);
  return `${path}: the analysis stopped (${what}). Open the profile again; if it happens again, please report it.`;
}
