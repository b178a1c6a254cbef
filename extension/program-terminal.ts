import { createServer, type Server, type Socket } from 'node:net';
import * as vscode from 'vscode';
import type { Launch } from '../server/protocol-run';
import { readMessages, type FromRunner, type RunnerTexts, type ToRunner } from './runner-messages';
import { socketAddress } from './socket-address';
import { joinArguments } from './split-arguments';

/** How a program ended. Both null: its terminal went first. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it was not started at all. */
  readonly notStarted: string | null;
}

export interface TerminalProgram {
  readonly launch: Launch;
  /** Name of the terminal. */
  readonly title: string;
  /** What the user would have typed; the terminal's first line. */
  readonly command: readonly string[];
}

/**
 * One program in a terminal of its own, which stays readable after the end. A task would save the user's other files
 * before it starts, could be run again without its trace, and tells a signal as exit code 0; a pseudoterminal is no
 * terminal to the program.
 */
export class ProgramTerminal implements vscode.Disposable {
  private readonly startEmitter = new vscode.EventEmitter<void>();
  private readonly endEmitter = new vscode.EventEmitter<ProgramExit>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[] = [
    this.startEmitter,
    this.endEmitter,
  ];
  private socket: Socket | null = null;
  private ended = false;

  /** Fires once, when the program is there; not at all if it could not be started. */
  readonly onStart = this.startEmitter.event;
  /** Fires once. */
  readonly onEnd = this.endEmitter.event;

  private constructor(
    private readonly server: Server,
    private readonly terminal: vscode.Terminal,
    program: TerminalProgram,
  ) {
    server.on('connection', (socket) => {
      this.accept(socket, program);
    });
    this.subscriptions.push(
      vscode.window.onDidCloseTerminal((closed) => {
        // The runner passes the hang-up on and may still tell how the program took it.
        if (closed === terminal && this.socket === null) this.finish(null, null, null);
      }),
    );
  }

  /** @param runner absolute path of dist/terminal-runner.js */
  static async open(runner: string, program: TerminalProgram): Promise<ProgramTerminal> {
    const address = socketAddress();
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(address, resolve);
    });
    const terminal = vscode.window.createTerminal({
      name: program.title,
      iconPath: new vscode.ThemeIcon('pulse'),
      shellPath: process.execPath,
      shellArgs: [runner, address],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      cwd: program.launch.cwd,
      isTransient: true,
    });
    terminal.show(true);
    return new ProgramTerminal(server, terminal, program);
  }

  get isRunning(): boolean {
    return !this.ended;
  }

  /** Whether the program has been started, or is about to be. Before that, disposing of this keeps it from starting. */
  get isStarted(): boolean {
    return this.socket !== null;
  }

  show(): void {
    this.terminal.show(true);
  }

  /** Interrupts the program as Ctrl-C does; what does not end is terminated, then killed. */
  stop(): void {
    this.send({ type: 'stop' });
  }

  dispose(): void {
    this.terminal.dispose();
    this.finish(null, null, null);
  }

  private accept(socket: Socket, program: TerminalProgram): void {
    if (this.socket || this.ended) {
      socket.destroy();
      return;
    }
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.finish(null, null, null);
    });
    readMessages(socket, (received) => {
      const message = received as FromRunner;
      if (message.type === 'started') this.startEmitter.fire();
      if (message.type === 'ended') this.finish(message.code, message.signal, null);
      if (message.type === 'notStarted') this.finish(null, null, message.message);
    });
    this.send({ type: 'launch', launch: program.launch, texts: runnerTexts(program.command) });
  }

  private send(message: ToRunner): void {
    this.socket?.write(`${JSON.stringify(message)}\n`);
  }

  private finish(code: number | null, signal: string | null, notStarted: string | null): void {
    if (this.ended) return;
    this.ended = true;
    this.endEmitter.fire({ code, signal, notStarted });
    for (const subscription of this.subscriptions) subscription.dispose();
    this.server.close();
    this.socket?.destroy();
  }
}

function runnerTexts(command: readonly string[]): RunnerTexts {
  return {
    command: joinArguments(command),
    exited: vscode.l10n.t('The program ended with exit code {0}.', '{0}'),
    killed: vscode.l10n.t('The program was ended by {0}.', '{0}'),
    notStarted: vscode.l10n.t('The program could not be started: {0}.', '{0}'),
    close: vscode.l10n.t('Press any key to close the terminal.'),
  };
}
