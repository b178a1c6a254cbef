import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import { askArguments, askModule } from './argument-prompts';
import type { ChartPanels } from './chart-panels';
import { CancelledError } from './configuration-variables';
import { cursorPlace } from './cursor-place';
import { askExport, exportParamsIn } from './export-prompts';
import { showFailure, showUntrusted } from './failure-messages';
import { toggleInlineTimes } from './inline-toggle';
import { programOfLaunchConfiguration } from './launch-configurations';
import { askProfileToOpen, askWhereToSave } from './profile-files';
import type { ProgramRun } from './program-run';
import type { RecentProfile, RecentProfiles } from './recent-profiles';
import type { ReportView } from './report-view';
import { lastRun, rememberRun, type ConfiguredRun, type RunRequest } from './run-request';
import { savedBeforeRun } from './save-before-run';
import { scriptToRun } from './script-to-run';
import type { ServerConnection } from './server-connection';
import { currentFolder } from './settings';
import { testToRun } from './test-to-run';
import { UnknownVariableError } from './variables';

/** What the commands act on. */
export interface CommandContext {
  readonly server: ServerConnection;
  readonly run: ProgramRun;
  readonly chart: ChartPanels;
  readonly report: ReportView;
  readonly recent: RecentProfiles;
  readonly log: vscode.LogOutputChannel;
  /** A program that shows contention. */
  readonly example: vscode.Uri;
  /** A folder of this extension's own. */
  readonly storage: vscode.Uri;
  readonly globalState: vscode.Memento;
  readonly workspaceState: vscode.Memento;
}

type Handler = (argument?: unknown) => unknown;

/** Registers every command of the manifest. What a handler throws is shown, never lost. */
export function registerCommands(context: CommandContext): vscode.Disposable[] {
  return Object.entries(handlers(context)).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      try {
        await handler(argument);
      } catch (error) {
        void showFailure(error, context.log);
      }
    }),
  );
}

function handlers(context: CommandContext): Readonly<Record<string, Handler>> {
  const { server, run, chart, log } = context;
  return {
    'gilscope.profileFile': (argument) => profileFile(context, argument, false),
    'gilscope.profileFileWithArguments': (argument) => profileFile(context, argument, true),
    'gilscope.profileModule': () => profileModule(context),
    'gilscope.profileLaunchConfiguration': () =>
      profileRequest(context, () => programOfLaunchConfiguration(context.workspaceState)),
    'gilscope.profileTestAtCursor': () => profileRequest(context, testToRun),
    'gilscope.profileAgain': () => profileAgain(context),
    'gilscope.stop': () => run.stop(),
    'gilscope.openChart': () => {
      chart.open();
    },
    'gilscope.showLineInChart': () => showLineInChart(context),
    'gilscope.toggleInlineTimes': () => toggleInlineTimes(context.globalState),
    'gilscope.clearResults': () => server.profile && server.request(METHOD.clear, {}),
    'gilscope.openProfile': (argument) => openProfile(context, argument),
    'gilscope.saveProfileAs': (argument) => saveProfile(context, argument),
    'gilscope.exportProfile': (argument) => exportProfile(context, argument),
    'gilscope.compareProfiles': (argument) => compareProfiles(context, argument),
    'gilscope.endComparison': () =>
      server.profile && server.request(METHOD.compare, { path: null }),
    'gilscope.showReport': () => showReport(context),
    'gilscope.removeRecent': (argument) =>
      argument === undefined ? undefined : context.recent.remove(argument as RecentProfile),
    'gilscope.clearRecent': () => clearRecent(context.recent),
    'gilscope.openExample': () => openExample(context),
    'gilscope.restartServer': () => server.restart(),
    'gilscope.showLog': () => {
      log.show();
    },
  };
}

async function profileFile(
  context: CommandContext,
  argument: unknown,
  asksArguments: boolean,
): Promise<void> {
  await profileRequest(context, async () => {
    const script = await scriptToRun(argument instanceof vscode.Uri ? argument : undefined);
    if (!script) return undefined;
    const args = asksArguments ? await askArguments(script, context.workspaceState) : [];
    if (!args) return undefined;
    return { target: { kind: 'file', path: script.fsPath }, args, resource: script.toString() };
  });
}

async function profileModule(context: CommandContext): Promise<void> {
  await profileRequest(context, async () => {
    const chosen = await askModule(context.workspaceState);
    if (!chosen) return undefined;
    if (!(await savedBeforeRun())) return undefined;
    const { module, args } = chosen;
    const resource = currentFolder()?.uri ?? vscode.window.activeTextEditor?.document.uri;
    return { target: { kind: 'module', module }, args, resource: resource?.toString() ?? null };
  });
}

/**
 * The same program with the same arguments, those of a launch configuration as it is now. Before the first one, what is to be
 * profiled is asked for as ever.
 */
async function profileAgain(context: CommandContext): Promise<void> {
  const last = lastRun(context.workspaceState);
  if (!last) return profileFile(context, undefined, false);
  const open = vscode.workspace.textDocuments.filter((d) => d.isDirty && d.languageId === 'python');
  await profileRequest(context, async () => {
    if ('configuration' in last) return programOfLaunchConfiguration(context.workspaceState, last);
    await Promise.all(open.filter((d) => !d.isUntitled).map((d) => d.save()));
    return last;
  });
}

type Ask = () => Promise<RunRequest | ConfiguredRun | undefined>;

/** Runs what is asked for; without a request the user has left, or knows why. */
async function profileRequest({ run, workspaceState }: CommandContext, ask: Ask): Promise<void> {
  if (!mayRun(run)) return;
  const asked = await requestOf(ask);
  if (!asked) return;
  const isConfigured = 'from' in asked;
  await rememberRun(workspaceState, isConfigured ? asked.from : asked);
  await run.start(isConfigured ? asked.request : asked);
}

async function requestOf(ask: Ask): ReturnType<Ask> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CancelledError) return undefined;
    if (!(error instanceof UnknownVariableError)) throw error;
    void vscode.window.showErrorMessage(
      vscode.l10n.t('The variable {0} of the configuration is not known here.', error.variable),
    );
    return undefined;
  }
}

/** A command can be called even where no menu shows it. */
function mayRun(run: ProgramRun): boolean {
  if (!vscode.workspace.isTrusted) {
    void showUntrusted();
    return false;
  }
  if (run.isActive) run.showTerminal();
  return !run.isActive;
}

/** What is longest at the line of the cursor. */
function showLineInChart(context: CommandContext): void {
  if (!hasProfile(context)) return;
  const place = cursorPlace(vscode.window.activeTextEditor);
  if (place) context.chart.showLine(place);
  else void vscode.window.showInformationMessage(vscode.l10n.t('Put the cursor on a line first.'));
}

async function openProfile({ server, chart }: CommandContext, argument: unknown): Promise<void> {
  const file = argument instanceof vscode.Uri ? argument : await askProfileToOpen();
  if (!file) return;
  await server.request(METHOD.openProfile, { path: file.fsPath });
  chart.open();
}

async function saveProfile(context: CommandContext, argument: unknown): Promise<void> {
  if (!hasProfile(context)) return;
  const title = context.server.profile?.title ?? '';
  const file = argument instanceof vscode.Uri ? argument : await askWhereToSave(title);
  if (file) await context.server.request(METHOD.saveProfile, { path: file.fsPath });
}

async function exportProfile(context: CommandContext, argument: unknown): Promise<void> {
  if (!hasProfile(context)) return;
  const { server } = context;
  const params = exportParamsIn(argument) ?? (await askExport(server.profile?.title ?? ''));
  if (!params) return;
  const { notes } = await server.request(METHOD.exportProfile, params);
  const message = [vscode.l10n.t('{0} is written.', params.path), ...notes].join(' ');
  void vscode.window.showInformationMessage(message);
}

/** With the current profile as the one from after; without one it is asked for too. */
async function compareProfiles(context: CommandContext, argument: unknown): Promise<void> {
  const { server } = context;
  const title = vscode.l10n.t('Compare: the Profile from Before');
  const before = argument instanceof vscode.Uri ? argument : await askProfileToOpen(title);
  if (!before) return;
  if (!server.profile) {
    const after = await askProfileToOpen(vscode.l10n.t('Compare: the Profile from After'));
    if (!after) return;
    await server.request(METHOD.openProfile, { path: after.fsPath });
  }
  const comparison = await server.request(METHOD.compare, { path: before.fsPath });
  if (comparison) await showReport(context);
}

/** Of the profile, or of its comparison. */
async function showReport(context: CommandContext): Promise<void> {
  if (!hasProfile(context)) return;
  const { server, report } = context;
  const { text } = await server.request(METHOD.report, {});
  await report.show(text, server.profile?.files ?? []);
}

function hasProfile({ server }: CommandContext): boolean {
  if (server.profile) return true;
  void vscode.window.showInformationMessage(
    vscode.l10n.t('There is no profile yet. Run "GILscope: Profile Python File" first.'),
  );
  return false;
}

async function clearRecent(recent: RecentProfiles): Promise<void> {
  const remove = vscode.l10n.t('Delete');
  const message = vscode.l10n.t('Delete all recent profiles of this workspace?');
  const answer = await vscode.window.showWarningMessage(message, { modal: true }, remove);
  if (answer === remove) await recent.clear();
}

/** A copy on disk, which can be run and edited: the extension's own folder is not the user's to write in. */
async function openExample({ example, storage }: CommandContext): Promise<void> {
  const copy = vscode.Uri.joinPath(storage, 'contention.py');
  await vscode.workspace.fs.createDirectory(storage);
  await vscode.workspace.fs.copy(example, copy, { overwrite: true });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(copy));
}
