import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import { askArguments, askModule } from './argument-prompts';
import type { ChartPanels } from './chart-panels';
import { askExport, exportParamsIn } from './export-prompts';
import { showFailure, showUntrusted } from './failure-messages';
import { toggleInlineTimes } from './inline-toggle';
import { askProfileToOpen, askWhereToSave } from './profile-files';
import type { ProgramRun } from './program-run';
import type { ReportView } from './report-view';
import { scriptToRun } from './script-to-run';
import type { ServerConnection } from './server-connection';

/** What the commands act on. */
export interface CommandContext {
  readonly server: ServerConnection;
  readonly run: ProgramRun;
  readonly chart: ChartPanels;
  readonly report: ReportView;
  readonly log: vscode.LogOutputChannel;
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
    'gilscope.stop': () => run.stop(),
    'gilscope.openChart': () => {
      chart.open();
    },
    'gilscope.toggleInlineTimes': () => toggleInlineTimes(context.globalState),
    'gilscope.clearResults': () => server.profile && server.request(METHOD.clear, {}),
    'gilscope.openProfile': (argument) => openProfile(context, argument),
    'gilscope.saveProfileAs': (argument) => saveProfile(context, argument),
    'gilscope.exportProfile': (argument) => exportProfile(context, argument),
    'gilscope.compareProfiles': (argument) => compareProfiles(context, argument),
    'gilscope.endComparison': () =>
      server.profile && server.request(METHOD.compare, { path: null }),
    'gilscope.showReport': () => showReport(context),
    'gilscope.restartServer': () => server.restart(),
    'gilscope.showLog': () => {
      log.show();
    },
  };
}

async function profileFile(
  { run, workspaceState }: CommandContext,
  argument: unknown,
  asksArguments: boolean,
): Promise<void> {
  if (!mayRun(run)) return;
  const script = await scriptToRun(argument instanceof vscode.Uri ? argument : undefined);
  if (!script) return;
  const args = asksArguments ? await askArguments(script, workspaceState) : [];
  if (args) await run.start({ kind: 'file', path: script.fsPath }, args, script);
}

async function profileModule({ run, workspaceState }: CommandContext): Promise<void> {
  if (!mayRun(run)) return;
  const chosen = await askModule(workspaceState);
  if (!chosen) return;
  await run.start(
    { kind: 'module', module: chosen.module },
    chosen.args,
    vscode.window.activeTextEditor?.document.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri,
  );
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
