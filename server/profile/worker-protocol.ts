import type { ExitStatus, Profile } from '../protocol';
import type { ChartRequest, ChartResponse } from '../protocol-chart';
import type { ExportParams, ExportResult } from '../protocol-export';

/** What the worker is started with. */
export interface WorkerOptions {
  /** A run folder, a trace, or a `*.gilscope` container. */
  readonly path: string;
  /** Keep what the chart needs: about 18 bytes for each GIL cycle. */
  readonly chart: boolean;
}

/** What is known of a run beside its traces; where null, what its `run.json` says. */
export interface RunDescription {
  readonly command: readonly string[] | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly exit: ExitStatus | null;
  /** Why what was read is all there is although there was more, a sentence; absent: nothing is known to be missing. */
  readonly cut?: string;
}

/** How far the reading has come. */
export interface PollResult {
  /** GIL events read so far: three for each cycle. */
  readonly events: number;
  readonly processes: number;
  /** The last moment known of the run. */
  readonly wallNs: number;
  /** Share of the last second (or of all before it) in which the busiest GIL was held, 0 … 1. */
  readonly gilLoad: number;
  /** Threads that wait for each other in circles: worth showing at once. */
  readonly stuckThreads: number;
}

export type WorkerCall =
  /** Reads what is new. `final`: all processes are over. */
  | { readonly kind: 'poll'; readonly final: boolean }
  /** The profile of what was read. */
  | { readonly kind: 'snapshot'; readonly run: RunDescription }
  /** Writes the last snapshot to a file for another tool. */
  | { readonly kind: 'export'; readonly params: ExportParams }
  /** About the last snapshot. */
  | { readonly kind: 'chart'; readonly request: ChartRequest };

export interface WorkerAnswers {
  readonly poll: PollResult;
  readonly snapshot: Profile;
  readonly export: ExportResult;
  readonly chart: ChartResponse;
}

export interface WorkerRequest {
  readonly id: number;
  readonly call: WorkerCall;
}

export type WorkerResponse =
  | { readonly id: number; readonly ok: true; readonly answer: WorkerAnswers[keyof WorkerAnswers] }
  /** `message`: for the user; what failed, on what, what to do next. */
  | { readonly id: number; readonly ok: false; readonly message: string };
