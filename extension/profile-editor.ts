import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import { ChartPanel } from './chart-panel';
import { showFailure } from './failure-messages';
import type { PlaceOpener } from './place-opener';
import type { ProgramRun } from './program-run';
import type { ProfileServer } from './requests';

export const PROFILE_EDITOR = 'gilscope.profile';

/** Opens *.gilscope as the chart. The profile is the current one while its editor is the active one. */
export class ProfileEditor implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  private readonly dist: vscode.Uri;
  private readonly registration: vscode.Disposable;

  constructor(
    extensionUri: vscode.Uri,
    private readonly server: ProfileServer,
    private readonly opener: PlaceOpener,
    private readonly run: Pick<ProgramRun, 'isActive'>,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.dist = vscode.Uri.joinPath(extensionUri, 'dist');
    this.registration = vscode.window.registerCustomEditorProvider(PROFILE_EDITOR, this, {
      supportsMultipleEditorsPerDocument: false,
    });
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor(
    { uri }: vscode.CustomDocument,
    panel: vscode.WebviewPanel,
  ): Promise<void> {
    if (uri.scheme !== 'file') {
      throw new Error(
        vscode.l10n.t(
          '{0} is not on this disk. Save it there and open it again.',
          uri.toString(true),
        ),
      );
    }
    await this.show(uri);
    const file = { uri, show: () => this.show(uri) };
    const chart = new ChartPanel(panel, this.dist, this.server, this.opener, this.log, file);
    panel.onDidChangeViewState(() => {
      // The profile of a run stays the current one: the user did not ask for another.
      const isOther = this.server.profile?.path !== uri.fsPath && !this.run.isActive;
      if (panel.active && isOther) void this.show(uri);
    });
    panel.onDidDispose(() => {
      chart.dispose();
    });
  }

  dispose(): void {
    this.registration.dispose();
  }

  private async show(uri: vscode.Uri): Promise<void> {
    try {
      await this.server.request(METHOD.openProfile, { path: uri.fsPath });
    } catch (error) {
      void showFailure(error, this.log);
    }
  }
}
