/** Between the extension and the runner in the terminal: one JSON text a line, over a socket of this user. */

import type { Launch } from '../server/protocol-run';

/** Extension → runner. */
export type ToRunner =
  | { readonly type: 'launch'; readonly launch: Launch; readonly texts: RunnerTexts }
  | { readonly type: 'stop' };

/** What the runner prints; `{0}` is the exit code, the signal or the error. */
export interface RunnerTexts {
  readonly command: string;
  readonly exited: string;
  readonly killed: string;
  readonly notStarted: string;
  readonly close: string;
}

/** Runner → extension. */
export type FromRunner =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'notStarted'; readonly message: string }
  | { readonly type: 'ended'; readonly code: number | null; readonly signal: string | null };

/** Calls back with each message of a socket, a text of JSON; what is none ends the socket. */
export function readMessages(
  socket: NodeJS.ReadableStream & { destroy(error?: Error): unknown },
  receive: (message: unknown) => void,
): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string | Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        receive(JSON.parse(line) as unknown);
      } catch {
        socket.destroy();
      }
    }
  });
}
