import { inTerminalForeground } from '../interpreter/process-tree-linux';
import type { RunningProgram } from '../interpreter/run-program';

const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** The terminal sends these to the program itself, as a member of our process group. */
const OF_THE_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/** While the program lives, signals are for it. Returns what undoes that. */
export function forwardSignals(program: RunningProgram): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const name of FORWARDED) handlers.set(name, () => program.signal(name));
  for (const name of OF_THE_TERMINAL) {
    handlers.set(name, () => {
      if (!inTerminalForeground()) program.signal(name);
    });
  }
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}
