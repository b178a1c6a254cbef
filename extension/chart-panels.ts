import * as vscode from 'vscode';
import { CHART_VIEW_TYPE, ChartPanel } from './chart-panel';
import type { CursorPlace } from './cursor-place';
import type { PlaceOpener } from './place-opener';
import type { ProfileServer } from './requests';

/** The one chart of the window: opens it, brings it back after a reload of the window. */
export class ChartPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly dist: vscode.Uri;
  private readonly registration: Pick<vscode.Disposable, 'dispose'>;
  private current: ChartPanel | null = null;

  constructor(
    extensionUri: vscode.Uri,
    private readonly server: ProfileServer,
    private readonly opener: PlaceOpener,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.dist = vscode.Uri.joinPath(extensionUri, 'dist');
    this.registration = vscode.window.registerWebviewPanelSerializer(CHART_VIEW_TYPE, this);
  }

  open(): void {
    if (this.current) {
      this.current.reveal();
      return;
    }
    this.adopt(
      vscode.window.createWebviewPanel(
        CHART_VIEW_TYPE,
        vscode.l10n.t('GILscope Chart'),
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false },
        { retainContextWhenHidden: false, enableFindWidget: false },
      ),
    );
  }

  /** Opens the chart if need be, and goes to what is longest at a line of the profile. */
  showLine(place: CursorPlace): void {
    this.open();
    this.current?.showLine(place);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.current?.dispose();
    this.adopt(panel);
    return Promise.resolve();
  }

  dispose(): void {
    this.registration.dispose();
    this.current?.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const chart = new ChartPanel(panel, this.dist, this.server, this.opener, this.log);
    this.current = chart;
    panel.onDidDispose(() => {
      if (this.current === chart) this.current = null;
    });
  }
}
