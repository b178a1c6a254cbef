import { basename } from 'node:path';
import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import { shellOpenFiles } from '../cli/shell-limits';
import { changedEnvironment } from '../interpreter/launch';
import { prepareRun, type PreparedRun } from '../interpreter/prepare-run';
import { messageOf, RunError } from '../interpreter/run-error';
import { type ExitStatus } from '../protocol';
import {
  RUN_ERROR,
  type RunParams,
  type RunResult,
  type RunStatus,
  type ServerSettings,
} from '../protocol-run';
import type { CurrentProfile } from './current-profile';
import { progressText, type ProgressDisplay } from './progress';
import { RunSession } from './run-session';
import type { ServerText } from './text';

/** Samples more often than this would cost more than they tell. */
const SHORTEST_PERIOD_US = 100;

export interface RunControlOptions {
  readonly profile: CurrentProfile;
  /** Folder of the C part. */
  readonly nativeFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly settingsFor: (workspaceFolder: string | null) => Promise<ServerSettings>;
  /** Shows the progress of a run; the user can cancel it there. */
  readonly showProgress: (title: string, onCancel: () => void) => Promise<ProgressDisplay>;
  readonly log: (message: string) => void;
  readonly text: () => ServerText;
}

/** Who wants to know of one run. */
export interface RunListener {
  status(status: RunStatus): void;
  output(runId: string, stream: 'stdout' | 'stderr', words: string): void;
}

/** Starts and stops runs, one at a time. */
export class RunControl {
  private session: RunSession | null = null;
  private preparing = false;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly options: RunControlOptions) {}

  get isBusy(): boolean {
    return this.preparing || this.session !== null;
  }

  /** @throws ResponseError with a code of RUN_ERROR and words for the user. */
  async run(params: RunParams, listener: RunListener): Promise<RunResult> {
    const title = titleOf(params.target);
    const text = this.options.text();
    if (this.isBusy) {
      throw new ResponseError(
        RUN_ERROR.alreadyRunning,
        text.run.alreadyRunning(this.session?.title ?? title),
      );
    }
    this.preparing = true;
    try {
      const session = await this.prepare(params, title, listener);
      this.session = session;
      this.following = this.follow(session);
      return session.result();
    } catch (error) {
      if (error instanceof RunError)
        throw new ResponseError(error.code, text.message(error.message));
      this.options.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      throw new ResponseError(ErrorCodes.InternalError, text.fault(messageOf(error)));
    } finally {
      this.preparing = false;
    }
  }

  /** The client's terminal saw the program end. */
  programEnded(runId: string, exit: ExitStatus): void {
    if (this.session?.runId === runId) this.session.programEnded(exit);
  }

  /** @param runId Null: whatever runs. @returns Whether there was something to stop. */
  async stop(runId: string | null): Promise<boolean> {
    const { session } = this;
    if (!session || (runId !== null && session.runId !== runId)) return false;
    this.options.log(this.options.text().run.stopping);
    await session.stop();
    return true;
  }

  /** At the end of the server: ends a program that it has started, and removes what is temporary. */
  async shutdown(): Promise<void> {
    const { session, following } = this;
    if (!session) return;
    await session.abandon();
    await following;
  }

  /** The same when there is no time left. */
  dispose(): void {
    this.session?.dispose();
  }

  private async prepare(
    params: RunParams,
    title: string,
    listener: RunListener,
  ): Promise<RunSession> {
    const { profile, env, log } = this.options;
    const text = this.options.text();
    const settings = await this.options.settingsFor(params.workspaceFolder);
    const prepared = await this.prepareRun(params, settings);
    const { interpreter, launch } = prepared;
    log(text.run.found(interpreter.executable, interpreter.version, interpreter.foundBy));
    log(text.run.command([launch.executable, ...launch.args].join(' '), launch.cwd));
    const progress = new RunProgress(listener, title, text, (name) =>
      this.options.showProgress(name, () => {
        log(text.run.stopping);
        void session.stop();
      }),
    );
    const session: RunSession = new RunSession({
      prepared,
      title,
      startedBy: params.startedBy,
      env,
      profile: profile.beginRun(prepared.runFolder, title),
      observer: {
        status: (status) => progress.status(status),
        output: (stream, words) => listener.output(session.runId, stream, words),
        log,
      },
      text,
    });
    try {
      await session.start();
    } catch (error) {
      progress.close();
      session.dispose();
      profile.clear();
      throw error;
    }
    return session;
  }

  private prepareRun(params: RunParams, settings: ServerSettings): Promise<PreparedRun> {
    const { cwd, workspaceFolder, target, args, pythonArgs = [] } = params;
    const { log, nativeFolder } = this.options;
    const { run: words } = this.options.text();
    const envChanges = params.env ?? {};
    const env = changedEnvironment(this.options.env, envChanges);
    return prepareRun({
      find: {
        choice: params.python ?? settings.python,
        choiceName: params.python === undefined ? words.settingName : words.configurationName,
        pythonExtensionChoice: settings.pythonExtensionChoice,
        workspaceFolder,
        cwd,
        env,
        log,
      },
      target,
      args,
      pythonArgs,
      envChanges,
      cwd,
      nativeFolder,
      traceFolder: settings.traceFolder,
      probe: {
        ...shellOpenFiles(),
        ...(settings.maxTraceMegabytes > 0
          ? { maxTraceBytes: settings.maxTraceMegabytes * 1024 * 1024 }
          : {}),
        ...(settings.sampleMicroseconds > 0
          ? { samplePeriodNs: Math.max(settings.sampleMicroseconds, SHORTEST_PERIOD_US) * 1000 }
          : {}),
      },
    });
  }

  private async follow(session: RunSession): Promise<void> {
    await session.follow();
    if (this.session === session) this.session = null;
  }
}

/** Hands each status on, and shows it as progress. */
class RunProgress {
  private display: ProgressDisplay | null = null;
  private closed = false;

  constructor(
    private readonly listener: RunListener,
    title: string,
    private readonly text: ServerText,
    show: (title: string) => Promise<ProgressDisplay>,
  ) {
    void show(text.run.progressTitle(title)).then((display) => {
      if (this.closed) display.done();
      else this.display = display;
    });
  }

  status(status: RunStatus): void {
    if (status.state === 'finished' || status.state === 'failed') this.close();
    else this.display?.report(progressText(status, this.text));
    this.listener.status(status);
  }

  close(): void {
    this.closed = true;
    this.display?.done();
    this.display = null;
  }
}

function titleOf(target: RunParams['target']): string {
  return target.kind === 'file' ? basename(target.path) : `-m ${target.module}`;
}
