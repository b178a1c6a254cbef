import { formatDuration } from '../profile/duration';
import type { ExitStatus } from '../protocol';
import { english, type ServerText } from './text';

/** How a run ended, as far as it was seen. */
export interface RunEnd {
  readonly exit: ExitStatus;
  /** The user asked for it. */
  readonly stopped: boolean;
}

/** One sentence for the user, and another where processes of the program go on. */
export function endMessage(
  title: string,
  end: RunEnd,
  elapsedMs: number,
  childrenLeft: number,
  text: ServerText = english,
): string {
  const sentence = endSentence(title, end, formatDuration(elapsedMs * 1e6), text);
  return childrenLeft > 0 ? `${sentence} ${text.run.childrenLeft(childrenLeft)}` : sentence;
}

function endSentence(
  title: string,
  { exit, stopped }: RunEnd,
  elapsed: string,
  text: ServerText,
): string {
  if (stopped) return text.run.stopped(title, elapsed);
  if (exit.signal !== null) return text.run.killed(title, exit.signal, elapsed);
  if (exit.code === null) return text.run.vanished(title, elapsed);
  if (exit.code === 0) return text.run.finished(title, elapsed);
  return text.run.endedWithStatus(title, exit.code, elapsed);
}
