import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { PreparedRun } from '../interpreter/prepare-run';
import { isAlive, processTree, type ProcessId } from '../interpreter/process-tree-linux';
import { messageOf } from '../interpreter/run-error';
import { writeExit } from '../interpreter/run-folder';
import { otherProcesses } from '../interpreter/other-processes';
import { runProgram, type RunningProgram } from '../interpreter/run-program';
import { stopProcesses, type StopOptions } from '../interpreter/stop-processes';
import { stopTraced } from '../interpreter/stop-traced';
import { formatDuration } from '../profile/duration';
import type { ExitStatus, Profile } from '../protocol';
import type { RunResult, RunStatus } from '../protocol-run';
import { Pace } from './pace';
import { endMessage } from './run-end';
import { english, type ServerText } from './text';
import { Wakeup } from './wakeup';

/** What is known after a read of the run folder. */
export interface Reading {
  readonly events: number;
  readonly processes: number;
  /** Share of the last second in which a GIL was held, 0 … 1. */
  readonly gilLoad: number;
  readonly stuckThreads: number;
}

/** The profile that grows while the program runs. */
export interface GrowingProfile {
  /** Reads what is new. @param final Nothing will be written any more. */
  read(final: boolean): Promise<Reading>;
  /** Shows the profile as of the last read, while the program runs. */
  show(): Promise<Profile['processes']>;
  /** After the last read: keeps all that is needed of the run folder, which may go then, and shows the profile. */
  finish(): Promise<Profile>;
  /**
   * Where the end cannot be read: shows what was read until then as the profile of a run that is over. Never rejects.
   * @param why A sentence in English: the profile keeps it.
   */
  abandon(exit: ExitStatus, why: string): Promise<void>;
}

export interface RunObserver {
  status(status: RunStatus): void;
  output(stream: 'stdout' | 'stderr', text: string): void;
  log(message: string): void;
}

export interface SessionOptions {
  readonly prepared: PreparedRun;
  /** What the user calls it: the script's name. */
  readonly title: string;
  readonly startedBy: 'client' | 'server';
  readonly env: NodeJS.ProcessEnv;
  readonly profile: GrowingProfile;
  readonly observer: RunObserver;
  readonly text: ServerText;
  /** How long a program that is to be stopped has to appear. Absent: 5 s. */
  readonly startGraceMs?: number;
}

const POLL_MS = 250;
const SHOW_MS = 500;
/** How long the client's word on the exit status is waited for once the process is gone. */
const STATUS_GRACE_MS = 1500;

const START_GRACE_MS = 5000;
const LOOK_MS = 50;

/** An editor that closes does not wait long. */
const ABANDON_GRACE_MS = 400;

const UNSEEN: ExitStatus = { code: null, signal: null };

/** One run: from the start of the program to the finished profile. */
export class RunSession {
  readonly runId = randomUUID();
  private readonly wakeup = new Wakeup();
  private readonly pace = new Pace(POLL_MS, SHOW_MS);
  /** Threads in a deadlock, as far as shown. */
  private shownStuck = 0;
  private program: RunningProgram | null = null;
  private reading: Reading = { events: 0, processes: 0, gilLoad: 0, stuckThreads: 0 };
  private root: ProcessId | null = null;
  private goneSinceMs: number | null = null;
  private exit: ExitStatus | null = null;
  private stopping = false;
  /** Settles when all that was to be stopped is gone. */
  private stopped: Promise<void> = Promise.resolve();
  /** By pid, the strongest signal that stopping has sent. */
  private readonly sent = new Map<number, NodeJS.Signals>();
  /** Nothing appeared that could have been stopped. */
  private unseen = false;
  private startedMs = performance.now();
  private disposed = false;
  private lastLogged = '';

  constructor(private readonly options: SessionOptions) {}

  get title(): string {
    return this.options.title;
  }

  /** The answer to the client. */
  result(): RunResult {
    const { interpreter, launch } = this.options.prepared;
    const { executable, version } = interpreter;
    return { runId: this.runId, python: executable, pythonVersion: version, launch };
  }

  /**
   * Starts the program where that is the server's part.
   * @throws RunError
   */
  async start(): Promise<void> {
    const { prepared, startedBy, env, observer } = this.options;
    this.report('starting', null);
    if (startedBy === 'client') return;
    const onOutput = (stream: 'stdout' | 'stderr', words: string): void =>
      observer.output(stream, words);
    this.program = await runProgram(prepared.launch, { env, onOutput });
    this.startedMs = performance.now();
    void this.program.ended.then((exit) => this.programEnded(exit));
  }

  /** The program has ended, as its terminal or the system says. */
  programEnded(exit: ExitStatus): void {
    this.exit ??= exit;
    this.wakeup.wake();
  }

  /** Follows the program to its end and shows what it does. Never rejects: a failure is a status. */
  async follow(): Promise<void> {
    try {
      while (!(await this.hasEnded())) {
        await this.step();
        if (!this.knowsEnd()) await this.wakeup.wait(this.pace.pauseMs());
      }
      // It may have come at the last moment; without the folder, one that comes later does not run.
      if (this.stopping && !this.program && !this.root) await this.stopFound();
      if (!this.disposed) await this.finish();
    } catch (error) {
      if (!this.disposed) await this.failedToRead(messageOf(error));
    } finally {
      this.removeFolder();
    }
  }

  /**
   * Ends the program, politely first; what was measured is kept. One that is not there yet is ended as soon as it is;
   * a second call does not wait for it. Resolves when it has ended.
   */
  async stop(): Promise<void> {
    if (this.stopping) {
      if (!this.program && !this.root) this.programEnded(UNSEEN);
      return;
    }
    this.stopping = true;
    this.stopped = this.stopAll();
    await this.stopped;
    this.wakeup.wake();
  }

  private async stopAll(): Promise<void> {
    if (this.program) await this.program.stop(this.noteSignals);
    else if (this.root) await stopProcesses(this.root.pid, this.noteSignals);
    else await this.stopOnceStarted();
  }

  private get noteSignals(): StopOptions {
    return { onSignal: (pid, signal) => void this.sent.set(pid, signal) };
  }

  /** At the end of the server: ends a program that the server has started, and shows nothing any more. */
  async abandon(): Promise<void> {
    this.disposed = true;
    if (this.program && this.exit === null) await this.program.stop({ graceMs: ABANDON_GRACE_MS });
    this.programEnded(UNSEEN);
  }

  /** At the end of the server, when there is no time left: kills what the server itself has started. */
  dispose(): void {
    this.disposed = true;
    if (this.program && this.exit === null) {
      for (const { pid } of processTree(this.program.pid)) kill(pid);
    }
    this.programEnded(UNSEEN);
    this.removeFolder();
  }

  /** The terminal may be starting the program just now, or the server itself. */
  private async stopOnceStarted(): Promise<void> {
    const { startGraceMs = START_GRACE_MS, observer, text } = this.options;
    observer.log(text.run.stopsOnceStarted);
    const untilMs = performance.now() + startGraceMs;
    while (this.exit === null) {
      if (this.program) {
        await this.program.stop(this.noteSignals);
        return;
      }
      if (await this.stopFound()) return;
      if (performance.now() >= untilMs) {
        this.unseen = true;
        this.programEnded(UNSEEN);
      } else {
        await delay(LOOK_MS);
      }
    }
  }

  private async stopFound(): Promise<boolean> {
    const [first] = await stopTraced(this.options.prepared.runFolder, this.noteSignals);
    this.root ??= first ?? null;
    return first !== undefined;
  }

  private async step(): Promise<void> {
    try {
      this.reading = await this.pace.read(() => this.options.profile.read(false));
      const { processes, stuckThreads } = this.reading;
      const isUrgent = stuckThreads > 0 && stuckThreads !== this.shownStuck;
      if (processes > 0 && (isUrgent || this.pace.isTimeToShow())) {
        this.shownStuck = stuckThreads;
        this.findRoot(await this.pace.show(() => this.options.profile.show()));
      }
    } catch (error) {
      // The program goes on; what cannot be read now is read at its end, which then says what is wrong.
      this.logOnce(messageOf(error));
    }
    this.report(this.root === null ? 'starting' : 'running', null);
  }

  private findRoot(processes: Profile['processes']): void {
    if (this.root) return;
    const pids = new Set(processes.map(({ pid }) => pid));
    const top = processes.find(({ parentPid }) => !pids.has(parentPid))?.pid;
    const root = this.program?.pid ?? top;
    if (root === undefined) return;
    // Gone already: then a process that cannot be alive stands for it.
    this.root = processTree(root).find(({ pid }) => pid === root) ?? { pid: root, startTicks: '' };
    if (!this.program) this.startedMs = performance.now();
  }

  private logOnce(message: string): void {
    if (message !== this.lastLogged) this.options.observer.log(message);
    this.lastLogged = message;
  }

  private knowsEnd(): boolean {
    return this.exit !== null;
  }

  /** Whoever sees it first: the system, the client, or a look at the process. */
  private async hasEnded(): Promise<boolean> {
    if (this.exit !== null) return true;
    if (this.program || !this.root || isAlive(this.root)) return false;
    this.goneSinceMs ??= performance.now();
    if (performance.now() - this.goneSinceMs < STATUS_GRACE_MS) {
      await this.wakeup.wait(POLL_MS);
    } else {
      this.exit = UNSEEN;
    }
    return this.knowsEnd();
  }

  private async finish(): Promise<void> {
    const { prepared, profile, title, text } = this.options;
    const exit = this.exit ?? UNSEEN;
    // Workers may take longer than the program that started them.
    await this.stopped;
    const elapsedMs = performance.now() - this.startedMs;
    if (!hasTrace(prepared.runFolder)) {
      await this.fail((words) => this.whyNoTrace(words));
      return;
    }
    await this.noteExit(exit);
    this.reading = await profile.read(true);
    const finished = await profile.finish();
    const seen = exit.code === null && exit.signal === null ? finished.exit : exit;
    const children = this.childrenLeft(finished.processes);
    const message = endMessage(
      title,
      { exit: seen, stopped: this.stopping },
      elapsedMs,
      children,
      text,
    );
    this.report('finished', message, elapsedMs);
  }

  private whyNoTrace(text: ServerText): string {
    const { prepared, startGraceMs = START_GRACE_MS } = this.options;
    if (this.reading.processes > 0) return text.run.traceGone(prepared.runFolder);
    if (this.unseen) return text.run.notSeen(formatDuration(startGraceMs * 1e6));
    if (this.stopping && !this.program) return text.run.neverStarted;
    if (!existsSync(prepared.runFolder)) return text.run.traceGone(prepared.runFolder);
    return text.run.noTrace(prepared.interpreter.executable);
  }

  private async noteExit(exit: ExitStatus): Promise<void> {
    const { runFolder } = this.options.prepared;
    try {
      const stopped = this.stopping ? { stopped: Object.fromEntries(this.sent) } : {};
      writeExit(runFolder, exit, { ...(await otherProcesses(runFolder)), ...stopped });
    } catch (error) {
      this.options.observer.log(messageOf(error));
    }
  }

  private childrenLeft(processes: Profile['processes']): number {
    const others = processes.filter(
      ({ pid, exit }) => pid !== this.root?.pid && exit.code === null && exit.signal === null,
    );
    return others.filter(({ pid }) => processTree(pid).length > 0).length;
  }

  private async failedToRead(reason: string): Promise<void> {
    const wasRead = this.reading.processes > 0;
    await this.fail(({ run, message }) =>
      wasRead ? run.endUnread(message(reason)) : run.readFailed(message(reason)),
    );
  }

  /** What was read until then stays. */
  private async fail(why: (text: ServerText) => string): Promise<void> {
    const { profile, text } = this.options;
    await profile.abandon(this.exit ?? UNSEEN, why(english));
    this.report('failed', why(text));
  }

  private report(
    state: RunStatus['state'],
    message: string | null,
    elapsedMs = performance.now() - this.startedMs,
  ): void {
    const { events, gilLoad } = this.reading;
    const elapsed = Math.round(elapsedMs);
    const { runId } = this;
    this.options.observer.status({ runId, state, elapsedMs: elapsed, events, gilLoad, message });
  }

  private removeFolder(): void {
    rmSync(this.options.prepared.runFolder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function hasTrace(runFolder: string): boolean {
  try {
    return readdirSync(runFolder).some((name) => name.endsWith('.trace'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone by itself.
  }
}
