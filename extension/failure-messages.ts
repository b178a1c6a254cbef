import * as vscode from 'vscode';
import { RUN_ERROR } from '../server/protocol-run';
import { canSelectInterpreter } from './python-extension';
import { ServerUnavailableError } from './server-connection';

/** A button of a message and what it does. */
interface Remedy {
  readonly label: string;
  readonly command: string;
  readonly argument?: unknown;
}

function showLog(): Remedy {
  return { label: vscode.l10n.t('Show Log'), command: 'gilscope.showLog' };
}

function openSetting(id: string): Remedy {
  return {
    label: vscode.l10n.t('Open Setting'),
    command: 'workbench.action.openSettings',
    argument: `@id:${id}`,
  };
}

function selectInterpreter(): Remedy[] {
  if (!canSelectInterpreter()) return [];
  return [{ label: vscode.l10n.t('Select Interpreter'), command: 'python.setInterpreter' }];
}

function remediesOf(code: number): Remedy[] {
  switch (code) {
    case RUN_ERROR.noInterpreter:
    case RUN_ERROR.badInterpreter:
      return [...selectInterpreter(), openSetting('gilscope.python'), showLog()];
    case RUN_ERROR.traceFolder:
      return [openSetting('gilscope.trace.folder'), showLog()];
    case RUN_ERROR.alreadyRunning:
      return [{ label: vscode.l10n.t('Stop'), command: 'gilscope.stop' }];
    case RUN_ERROR.noScript:
    case RUN_ERROR.badProfile:
      return [];
    default:
      return [showLog()];
  }
}

/** Shows one message with what failed and buttons that help; the whole error goes to the log. */
export async function showFailure(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  log.error(error instanceof Error ? error : String(error));
  if (error instanceof ServerUnavailableError) {
    await offer(error.message, [restartServer(), showLog()]);
  } else if (isFromServer(error)) {
    await offer(error.message, remediesOf(error.code));
  } else {
    const reason = error instanceof Error ? error.message : String(error);
    await offer(vscode.l10n.t('GILscope failed: {0}', reason), [showLog()]);
  }
}

/** Told by its number: loading the class of it would load the whole language client before it is needed. */
function isFromServer(error: unknown): error is Error & { readonly code: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

/** The server went: what was measured in it is lost, the program is not. */
export async function showCrash(): Promise<void> {
  await offer(
    vscode.l10n.t(
      'The GILscope server stopped unexpectedly; the times it held are gone. A program that runs goes on.',
    ),
    [restartServer(), showLog()],
  );
}

export async function showRunFailure(message: string): Promise<void> {
  await offer(message, [showLog()]);
}

/** Running a program waits for the user's trust in the workspace. */
export async function showUntrusted(): Promise<void> {
  await offer(
    vscode.l10n.t(
      'GILscope runs the program that it profiles. Trust this workspace first; saved profiles can be opened without.',
    ),
    [
      {
        label: vscode.l10n.t('Manage Workspace Trust'),
        command: 'workbench.trust.manage',
      },
    ],
  );
}

function restartServer(): Remedy {
  return { label: vscode.l10n.t('Restart Server'), command: 'gilscope.restartServer' };
}

async function offer(message: string, remedies: readonly Remedy[]): Promise<void> {
  const label = await vscode.window.showErrorMessage(message, ...remedies.map((r) => r.label));
  const remedy = remedies.find((r) => r.label === label);
  if (remedy) await vscode.commands.executeCommand(remedy.command, remedy.argument);
}
