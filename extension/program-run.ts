import { constants } from 'node:os';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import type { RunParams, RunResult, RunStatus } from '../server/protocol-run';
import { showFailure, showRunFailure } from './failure-messages';
import { ProgramTerminal, type ProgramExit } from './program-terminal';
import { runParams, type RunRequest } from './run-request';
import type { ServerConnection } from './server-connection';
import { mostSeconds } from './settings';

const UNSEEN = { code: null, signal: null };

/** The run in progress, from the request to the end of its analysis; at most one. */
export class ProgramRun implements vscode.Disposable {
  private readonly runningEmitter = new vscode.EventEmitter<boolean>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private terminal: ProgramTerminal | null = null;
  private runId: string | null = null;
  private active = false;
  /** Asked for, and not in its terminal yet. */
  private starting = false;
  /** Stopped before that. */
  private stopAsked = false;
  private exit: ProgramExit | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** The server has seen the program's trace. */
  private traced = false;
  /** The user knows already why nothing was measured. */
  private explained = false;

  /** Whether a run is in progress, when that changes. */
  readonly onRunning = this.runningEmitter.event;

  /** @param runner absolute path of dist/terminal-runner.js */
  constructor(
    private readonly server: ServerConnection,
    private readonly runner: string,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      this.runningEmitter,
      server.onStatus((status) => {
        this.follow(status);
      }),
      // The program goes on in its terminal; nobody measures it any more.
      server.onGone(() => {
        this.setActive(false);
      }),
    ];
  }

  get isActive(): boolean {
    return this.active;
  }

  showTerminal(): void {
    this.terminal?.show();
  }

  /** Runs and profiles; the returned promise settles when the program has been started. Failures are shown. */
  async start(request: RunRequest): Promise<void> {
    if (this.active) return;
    this.exit = null;
    this.setActive(true);
    this.starting = true;
    try {
      const params = runParams(request);
      const result = await this.server.request(METHOD.run, params);
      this.runId = result.runId;
      this.log.info(`Run ${result.runId} with ${result.python} (Python ${result.pythonVersion})`);
      await this.openTerminal(params, result);
      this.starting = false;
      if (this.stopAsked) await this.stop();
    } catch (error) {
      this.explained = true;
      void showFailure(error, this.log);
      // The server, which would wait for the program, says the end.
      if (this.runId !== null) await this.tellEnd(this.runId, UNSEEN);
      else this.setActive(false);
    }
  }

  /** As {@link start}, to the end. @returns the exit status as a shell would have it; 1 if nothing ran */
  async toEnd(request: RunRequest): Promise<number> {
    const ended = new Promise<void>((resolve) => {
      const subscription = this.onRunning((running) => {
        if (running) return;
        subscription.dispose();
        resolve();
      });
    });
    await this.start(request);
    await ended;
    return exitStatus(this.exit);
  }

  /** Stops the program; what it measured until then is kept. */
  async stop(): Promise<void> {
    if (!this.active) return;
    if (this.starting) {
      this.stopAsked = true;
      return;
    }
    const { terminal } = this;
    // The server knows only a program that has come as far as its trace; with it, it stops the children too.
    if (!this.traced && terminal?.isStarted) {
      terminal.stop();
      if (terminal.isRunning) return;
    }
    try {
      const stopped = this.server.request(METHOD.stop, { runId: this.runId });
      if (terminal?.isStarted === false) terminal.dispose();
      await stopped;
    } catch (error) {
      this.terminal?.stop();
      void showFailure(error, this.log);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.terminal?.dispose();
  }

  private async openTerminal(params: RunParams, result: RunResult): Promise<void> {
    const { target } = params;
    const name = target.kind === 'file' ? basename(target.path) : target.module;
    const program = target.kind === 'file' ? [target.path] : ['-m', target.module];
    const words = [result.python, ...(params.pythonArgs ?? []), ...program, ...params.args];
    // After a crash of the server the program before may still be running.
    if (this.terminal?.isRunning === false) this.terminal.dispose();
    this.terminal = await ProgramTerminal.open(this.runner, {
      launch: result.launch,
      title: `GILscope: ${name}`,
      command: words,
    });
    this.terminal.onStart(() => {
      this.stopInTime(params.workspaceFolder);
    });
    this.terminal.onEnd((end) => void this.ended(result, end));
  }

  private async ended({ runId, python }: RunResult, end: ProgramExit): Promise<void> {
    this.exit = end;
    this.log.info(`Run ${runId} ended with code ${end.code}, signal ${end.signal}`);
    if (end.notStarted !== null) {
      this.explained = true;
      void showRunFailure(vscode.l10n.t('{0} could not be started: {1}', python, end.notStarted));
    }
    await this.tellEnd(runId, end);
  }

  private async tellEnd(
    runId: string,
    { code, signal }: Pick<ProgramExit, 'code' | 'signal'>,
  ): Promise<void> {
    try {
      await this.server.programEnded({ runId, code, signal });
    } catch (error) {
      this.log.warn(`The server was not told the end of the program: ${String(error)}`);
      this.setActive(false);
    }
  }

  private follow(status: RunStatus): void {
    if (status.message !== null) this.log.info(status.message);
    if (status.state === 'running') this.traced = true;
    if (status.state === 'starting' || status.state === 'running') return;
    const { explained } = this;
    this.setActive(false);
    if (status.state === 'failed' && status.message !== null && !explained) {
      void showRunFailure(status.message);
    }
  }

  private stopInTime(folder: string | null): void {
    const seconds = mostSeconds(folder === null ? undefined : vscode.Uri.file(folder));
    if (seconds > 0) this.timer = setTimeout(() => void this.stop(), seconds * 1000);
  }

  private setActive(active: boolean): void {
    if (this.active === active) return;
    clearTimeout(this.timer);
    this.active = active;
    this.starting = false;
    this.stopAsked = false;
    if (!active) this.runId = null;
    this.traced = false;
    this.explained = false;
    this.runningEmitter.fire(active);
  }
}

/** As a shell has it; 1 where nothing ran. */
function exitStatus(exit: ProgramExit | null): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  const signal = exit?.signal ?? null;
  return signal === null ? (exit?.code ?? 1) : 128 + (signals[signal] ?? 0);
}
