/** Settings of the server, and what starts a program and tells how it goes: part of protocol.ts, apart for its length. */

/** In `initializationOptions` of the client, and as `gilscope` section of `workspace/configuration`. */
export interface ServerSettings {
  /** Interpreter to use, empty: find one. */
  readonly python: string;
  /** The Python extension's choice, empty: none. The client fills it in, the server never asks that extension. */
  readonly pythonExtensionChoice: string;
  readonly inlineMode: 'decoration' | 'inlayHint' | 'off';
  readonly codeLens: boolean;
  /** Costs below this are not shown inline. */
  readonly minimumMicroseconds: number;
  readonly maxTraceMegabytes: number;
  readonly sampleMicroseconds: number;
  /** Folder for traces while they are recorded; empty: the system's temporary folder. */
  readonly traceFolder: string;
}

export interface RunParams {
  /** What to run. */
  readonly target:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'module'; readonly module: string };
  readonly args: readonly string[];
  /** Options of python itself, before the script. */
  readonly pythonArgs?: readonly string[];
  /** The interpreter of this run; absent: as the settings say. */
  readonly python?: string;
  /** Added to the program's environment; null removes. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd: string;
  /** Folder whose `.venv` and settings count; null for a single file without a folder. */
  readonly workspaceFolder: string | null;
  /**
   * `client`: the answer says what to start in a terminal, and the client does it and reports `gilscope/programEnded`.
   * `server`: the server starts it, without standard input; output arrives as `gilscope/output`.
   */
  readonly startedBy: 'client' | 'server';
}

/** What to start, as an argument vector; never a shell string. */
export interface Launch {
  readonly executable: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment; null removes. */
  readonly env: Readonly<Record<string, string | null>>;
}

export interface RunResult {
  readonly runId: string;
  readonly python: string;
  readonly pythonVersion: string;
  readonly launch: Launch;
}

/** Error codes of `gilscope/run` and `gilscope/openProfile`; the message says what failed, on what, what to do next. */
export const RUN_ERROR = {
  noInterpreter: 1001,
  badInterpreter: 1002,
  noScript: 1003,
  notSupported: 1004,
  traceFolder: 1005,
  badProfile: 1006,
  alreadyRunning: 1007,
} as const;

export interface RunStatus {
  readonly runId: string;
  readonly state: 'starting' | 'running' | 'finished' | 'failed';
  readonly elapsedMs: number;
  readonly events: number;
  /** Share of the last second in which a GIL was held, 0 … 1. */
  readonly gilLoad: number;
  /** When finished or failed: one sentence for the user, e.g. what signal ended it. */
  readonly message: string | null;
}
