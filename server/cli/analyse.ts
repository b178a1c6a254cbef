import type { Profile } from '../protocol';
import { createEngine } from '../profile/engine';
import { openRun } from '../trace/run-reader';

/**
 * Reads a finished run (a run folder, a container or a single trace) into a profile.
 * @throws TraceError
 */
export function analyseRun(path: string): Profile {
  const reader = openRun(path);
  try {
    const engine = createEngine();
    const state = reader.read(engine, true);
    const { command, startedAt, exit } = reader.manifest();
    const facts = {
      command,
      startedAt,
      exit: exit ?? { code: null, signal: null },
      live: false,
    };
    return engine.snapshot(state, facts).profile;
  } finally {
    reader.close();
  }
}
