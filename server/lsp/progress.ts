import { formatDuration } from '../profile/duration';
import type { RunStatus } from '../protocol-run';
import { english, type ServerText } from './text';

/** `12.3 s · 1,234,567 events · GIL held 87 %` */
export function progressText(
  status: Pick<RunStatus, 'state' | 'elapsedMs' | 'events' | 'gilLoad'>,
  text: ServerText = english,
): string {
  if (status.state === 'starting') return text.run.starting;
  // Whole tenths: a number that changes its length at each step is hard to read.
  const elapsed =
    status.elapsedMs < 60_000
      ? `${(status.elapsedMs / 1000).toFixed(1)} s`
      : formatDuration(status.elapsedMs * 1e6);
  const percent = Math.round(Math.min(1, Math.max(0, status.gilLoad)) * 100);
  return text.run.progress(elapsed, status.events, percent);
}

/** Where the progress of a run is shown. */
export interface ProgressDisplay {
  report(message: string): void;
  done(): void;
}

export const NO_PROGRESS: ProgressDisplay = { report: () => undefined, done: () => undefined };
