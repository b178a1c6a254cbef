import { inTerminalForeground } from '../interpreter/process-tree-linux';
import type { RunningProgram } from '../interpreter/run-program';

const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** The terminal sends these to the program itself, as a member of our process group. */
const OF_THE_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

export interface SignalForwarding {
  /** The program is there: it also gets what came before. */
  to(program: RunningProgram): void;
  stop(): void;
}

/** From now on signals are for the program, which is about to be started. */
export function forwardSignals(): SignalForwarding {
  const early: NodeJS.Signals[] = [];
  let send = (name: NodeJS.Signals): void => void early.push(name);
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const name of FORWARDED) handlers.set(name, () => send(name));
  for (const name of OF_THE_TERMINAL) {
    handlers.set(name, () => {
      if (!inTerminalForeground()) send(name);
    });
  }
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    to(program) {
      send = (name) => program.signal(name);
      early.forEach(send);
    },
    stop() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
