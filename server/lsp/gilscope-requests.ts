import type { Connection } from 'vscode-languageserver';
import { METHOD } from '../protocol';
import { answerChart } from './chart-lines';
import { keyOfUri } from './document-views';
import { lineHover } from './editor-requests';
import { fileNotes, summaryOf } from './loaded-profile';
import {
  chartRequestOf,
  countField,
  exitOf,
  exportParamsOf,
  fieldsOf,
  runParamsOf,
  textField,
  textOrNull,
} from './parameters';
import type { RunControl, RunListener } from './run-control';
import type { ServerState } from './server-state';
import { translatedChart, translatedComparison } from './translated';

export interface GilscopeHandlers {
  readonly state: ServerState;
  readonly runs: RunControl;
  /** The client has used one of our own requests: it knows our notifications too. */
  readonly onKnown: () => void;
}

/** Answers the requests of our own client, and of any other that knows the protocol. */
export function answerGilscope(connection: Connection, handlers: GilscopeHandlers): void {
  const { state, runs } = handlers;
  const on = (method: string, handle: (params: unknown) => unknown): void => {
    connection.onRequest(method, (params: unknown) => {
      handlers.onKnown();
      return handle(params);
    });
  };
  const listener: RunListener = {
    status: (status) => void connection.sendNotification(METHOD.status, status),
    output: (runId, stream, text) =>
      void connection.sendNotification(METHOD.output, { runId, stream, text }),
  };
  on(METHOD.run, (params) => runs.run(runParamsOf(params), listener));
  on(METHOD.stop, async (params) => ({
    stopped: await runs.stop(textOrNull(fieldsOf(params), 'runId')),
  }));
  connection.onNotification(METHOD.programEnded, (params: unknown) => {
    const fields = fieldsOf(params);
    runs.programEnded(textField(fields, 'runId'), exitOf(fields));
  });
  on(METHOD.clear, () => {
    state.profile.clear();
    return null;
  });
  on(METHOD.openProfile, async (params) =>
    summaryOf(await state.profile.open(textField(fieldsOf(params), 'path'), runs.isBusy)),
  );
  on(METHOD.saveProfile, async (params) => {
    await state.profile.save(textField(fieldsOf(params), 'path'));
    return null;
  });
  on(METHOD.exportProfile, (params) => state.profile.exportTo(exportParamsOf(params)));
  on(METHOD.compare, async (params) => {
    const comparison = await state.profile.compareWith(textOrNull(fieldsOf(params), 'path'));
    return comparison && translatedComparison(comparison, state.text);
  });
  on(METHOD.report, () => ({ text: state.profile.report(state.folders[0] ?? null) }));
  on(METHOD.fileNotes, (params) => {
    const uri = textField(fieldsOf(params), 'uri');
    const { loaded } = state.profile;
    const key = keyOfUri(uri);
    return loaded && key !== null ? fileNotes(loaded, key, uri) : null;
  });
  on(METHOD.lineHover, (params) => {
    const fields = fieldsOf(params);
    return lineHover(state, textField(fields, 'uri'), countField(fields, 'line'));
  });
  on(METHOD.chart, async (params) =>
    translatedChart(await answerChart(state, chartRequestOf(params)), state.text),
  );
}
