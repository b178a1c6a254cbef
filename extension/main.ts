import * as vscode from 'vscode';
import type { ProfileSummary } from '../server/protocol';
import type { RunStatus } from '../server/protocol-run';
import { ChartPanels } from './chart-panels';
import { registerCommands } from './commands';
import { CONTEXT_AT_START } from './context-keys';
import { showCrash } from './failure-messages';
import { InlineNotes, type ShownNotes } from './inline-notes';
import { LineItem } from './line-item';
import { PlaceOpener } from './place-opener';
import { ProfileEditor } from './profile-editor';
import { ProfileTasks, TASK_TYPE } from './profile-tasks';
import { ProgramRun } from './program-run';
import { RecentProfiles } from './recent-profiles';
import { RecentTree } from './recent-tree';
import { ReportView } from './report-view';
import { ServerConnection } from './server-connection';
import { StatusItem } from './status-item';

/** What the editor tests look at; nobody else gets it. */
export interface TestView {
  readonly shown: ShownNotes;
  readonly onStatus: vscode.Event<RunStatus>;
  readonly onProfileChanged: vscode.Event<ProfileSummary | null>;
  readonly onRunning: vscode.Event<boolean>;
  readonly recent: Pick<RecentProfiles, 'all' | 'settled' | 'onDidChange'>;
  /** What this workspace remembers. */
  readonly remembered: Pick<vscode.Memento, 'keys' | 'get'>;
}

/** Called by VS Code when a Python file is opened or a command runs. Starts nothing by itself. */
export function activate(context: vscode.ExtensionContext): TestView | undefined {
  for (const [name, value] of Object.entries(CONTEXT_AT_START)) setContext(name, value);
  const log = vscode.window.createOutputChannel('GILscope', { log: true });
  const server = new ServerConnection(context.asAbsolutePath('dist/server.js'), log);
  const run = new ProgramRun(server, context.asAbsolutePath('dist/terminal-runner.js'), log);
  const notes = new InlineNotes(server, log);
  const opener = new PlaceOpener(notes, log);
  const chart = new ChartPanels(context.extensionUri, server, opener, log);
  const report = new ReportView(opener);
  const recent = new RecentProfiles(context, server, log);
  const { globalState, workspaceState } = context;

  context.subscriptions.push(
    ...registerCommands({
      ...{ server, run, chart, report, recent, log, globalState, workspaceState },
      example: vscode.Uri.joinPath(context.extensionUri, 'examples', 'contention.py'),
      storage: context.globalStorageUri,
    }),
    new ProfileEditor(context.extensionUri, server, opener, run, log),
    new RecentTree(recent),
    vscode.tasks.registerTaskProvider(TASK_TYPE, new ProfileTasks(run)),
    new StatusItem(server, run),
    new LineItem(notes),
    run.onRunning((running) => setContext('running', running)),
    server.onProfileChanged((summary) => {
      setContext('hasProfile', summary !== null);
      setContext('comparing', summary !== null && summary.comparedWith !== null);
    }),
    server.onGone(({ asked }) => {
      if (!asked) void showCrash();
    }),
    ...[run, notes, chart, report, recent, server, log],
  );
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  const { onStatus, onProfileChanged } = server;
  const { onRunning } = run;
  return {
    shown: notes,
    onStatus,
    onProfileChanged,
    onRunning,
    recent,
    remembered: workspaceState,
  };
}

function setContext(name: string, value: boolean): void {
  void vscode.commands.executeCommand('setContext', `gilscope.${name}`, value);
}
