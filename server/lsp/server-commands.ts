import { basename, dirname } from 'node:path';
import {
  ErrorCodes,
  MessageType,
  ResponseError,
  ShowMessageNotification,
  type Connection,
} from 'vscode-languageserver';
import type { RunParams, RunStatus } from '../protocol-run';
import { summaryOf } from './loaded-profile';
import { exportParamsOf, fieldsOf, textField, textOrNull, textsField } from './parameters';
import type { RunControl, RunListener } from './run-control';
import type { ServerState } from './server-state';

/** `workspace/executeCommand`, for editors without our client. Other names than the extension's own commands. */
export const SERVER_COMMAND = {
  /** `{ path | module, args?, cwd? }` → RunResult. */
  run: 'gilscope.server.run',
  stop: 'gilscope.server.stop',
  clear: 'gilscope.server.clear',
  /** `{ path }` → ProfileSummary. */
  openProfile: 'gilscope.server.openProfile',
  /** `{ path }`. */
  saveProfile: 'gilscope.server.saveProfile',
  /** ExportParams → ExportResult; `cost` and `table` may be absent. */
  exportProfile: 'gilscope.server.exportProfile',
  /** `{ path | null }` → Comparison | null. */
  compare: 'gilscope.server.compare',
  /** → the text report. */
  report: 'gilscope.server.report',
} as const;

export function answerCommands(connection: Connection, state: ServerState, runs: RunControl): void {
  const listener = loggingListener(connection, state);
  connection.onExecuteCommand(({ command, arguments: values }): unknown => {
    const given = (): Readonly<Record<string, unknown>> => fieldsOf(values?.[0]);
    switch (command) {
      case SERVER_COMMAND.run:
        return runs.run(runParams(given(), state), listener);
      case SERVER_COMMAND.stop:
        return runs.stop(null).then((stopped) => ({ stopped }));
      case SERVER_COMMAND.clear:
        state.profile.clear();
        return null;
      case SERVER_COMMAND.openProfile:
        return state.profile.open(textField(given(), 'path'), runs.isBusy).then(summaryOf);
      case SERVER_COMMAND.saveProfile:
        return state.profile.save(textField(given(), 'path')).then(() => null);
      case SERVER_COMMAND.exportProfile:
        return state.profile.exportTo(exportParamsOf(values?.[0]));
      case SERVER_COMMAND.compare:
        return state.profile.compareWith(textOrNull(given(), 'path'));
      case SERVER_COMMAND.report:
        return state.profile.report(state.folders[0] ?? null);
      default:
        throw new ResponseError(ErrorCodes.InvalidParams, state.text.command.unknown(command));
    }
  });
}

function runParams(
  fields: Readonly<Record<string, unknown>>,
  { folders, text }: Pick<ServerState, 'folders' | 'text'>,
): RunParams {
  const path = textOrNull(fields, 'path');
  const module = textOrNull(fields, 'module');
  if ((path === null) === (module === null)) {
    throw new ResponseError(
      ErrorCodes.InvalidParams,
      text.command.badArguments(SERVER_COMMAND.run),
    );
  }
  const folder = folders.find((root) => path?.startsWith(`${root}/`)) ?? folders[0] ?? null;
  const cwd = textOrNull(fields, 'cwd') ?? folder ?? (path === null ? '.' : dirname(path));
  const target: RunParams['target'] =
    path === null ? { kind: 'module', module: module ?? '' } : { kind: 'file', path };
  return {
    target,
    args: textsField(fields, 'args'),
    cwd,
    workspaceFolder: folder,
    startedBy: 'server',
  };
}

/** Puts a run into the editor's log: all of it a line at a time, and its end where the user sees it. */
function loggingListener(connection: Connection, state: ServerState): RunListener {
  const rests = { stdout: '', stderr: '' };
  const flush = (stream: 'stdout' | 'stderr', keep: string): void => {
    const lines = rests[stream].slice(0, rests[stream].length - keep.length);
    rests[stream] = keep;
    if (lines !== '') connection.console.log(lines.replace(/\n$/, ''));
  };
  return {
    output: (_runId, stream, words) => {
      rests[stream] += words;
      flush(stream, rests[stream].slice(rests[stream].lastIndexOf('\n') + 1));
    },
    status: (status: RunStatus) => {
      if (status.message === null) return;
      flush('stdout', '');
      flush('stderr', '');
      const type = status.state === 'failed' ? MessageType.Error : MessageType.Info;
      void connection.sendNotification(ShowMessageNotification.type, {
        type,
        message: status.message,
      });
      for (const finding of state.profile.loaded?.findings ?? []) {
        const { where, message } = finding;
        const place = where ? `${basename(where.file)}:${where.line}: ` : '';
        connection.console.info(state.text.profile.finding(place + state.text.message(message)));
      }
    },
  };
}
