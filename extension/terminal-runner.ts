/**
 * The first process in a terminal of this extension: starts the program with the terminal as its own, tells the
 * extension how it ended (a terminal alone tells no signals), and keeps the output readable until a key is pressed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import process, { argv, env, exit, stdin } from 'node:process';
import type { Launch } from '../server/protocol-run';
import { readMessages, type FromRunner, type RunnerTexts, type ToRunner } from './runner-messages';

/** What follows an interrupt when the program does not end. */
const STOP_STEPS = [
  { afterMs: 2000, signal: 'SIGTERM' },
  { afterMs: 5000, signal: 'SIGKILL' },
] as const;
/** Meant for the program, which has the same terminal; the runner must outlive it to tell how it ended. */
const SIGNALS_OF_THE_PROGRAM = ['SIGINT', 'SIGQUIT'] as const;
const SIGNALS_TO_PASS_ON = ['SIGHUP', 'SIGTERM'] as const;

function print(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // The terminal is closed; there is nobody to read it.
  }
}

function environmentOf(launch: Launch): NodeJS.ProcessEnv {
  const changed: Record<string, string | null | undefined> = {
    ...env,
    ELECTRON_RUN_AS_NODE: null,
    ...launch.env,
  };
  const kept = Object.entries(changed).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(kept);
}

function run(
  launch: Launch,
  texts: RunnerTexts,
  tell: (message: FromRunner) => void,
): ChildProcess {
  print(`\x1b[2m${texts.command}\x1b[0m\r\n`);
  const child = spawn(launch.executable, launch.args, {
    cwd: launch.cwd,
    env: environmentOf(launch),
    stdio: 'inherit',
  });
  child.once('spawn', () => {
    tell({ type: 'started', pid: child.pid ?? 0 });
  });
  child.once('error', (error) => {
    if (child.pid !== undefined) return;
    tell({ type: 'notStarted', message: error.message });
    waitForKey(`${texts.notStarted.replace('{0}', error.message)} ${texts.close}`);
  });
  child.once('exit', (code, signal) => {
    tell({ type: 'ended', code, signal });
    const how =
      signal === null
        ? texts.exited.replace('{0}', String(code))
        : texts.killed.replace('{0}', signal);
    waitForKey(`${how} ${texts.close}`);
  });
  return child;
}

function waitForKey(text: string): void {
  // The program may have left the terminal in any state: colours off, cursor on, main screen.
  print(`\x1b[0m\x1b[?25h\r\n\x1b[2m${text}\x1b[0m\r\n`);
  for (const signal of [...SIGNALS_OF_THE_PROGRAM, ...SIGNALS_TO_PASS_ON]) {
    process.on(signal, () => {
      exit(0);
    });
  }
  stdin.on('error', () => {
    exit(0);
  });
  try {
    if (stdin.isTTY) stdin.setRawMode(true);
  } catch {
    exit(0);
  }
  stdin.once('data', () => {
    exit(0);
  });
  stdin.once('end', () => {
    exit(0);
  });
}

function stop(child: ChildProcess): void {
  child.kill('SIGINT');
  for (const { afterMs, signal } of STOP_STEPS) {
    setTimeout(() => {
      child.kill(signal);
    }, afterMs).unref();
  }
}

function serve(socket: Socket): void {
  let child: ChildProcess | null = null;
  const tell = (message: FromRunner): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
  };
  readMessages(socket, (received) => {
    const message = received as ToRunner;
    switch (message.type) {
      case 'launch':
        child ??= run(message.launch, message.texts, tell);
        return;
      case 'stop':
        if (child) stop(child);
    }
  });
  // Without the extension the program still runs to its end.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (child === null) exit(1);
  });
  for (const signal of SIGNALS_OF_THE_PROGRAM) process.on(signal, () => undefined);
  for (const signal of SIGNALS_TO_PASS_ON) {
    process.on(signal, () => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) exit(0);
      child.kill(signal);
    });
  }
}

const path = argv[2];
if (path === undefined) exit(2);
serve(connect(path));
