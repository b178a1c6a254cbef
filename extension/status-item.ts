import * as vscode from 'vscode';
import type { RunStatus } from '../server/protocol-run';

/** One item of the status bar, there only while a program runs; a click stops it. */
export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    'gilscope.run',
    vscode.StatusBarAlignment.Left,
  );
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];

  constructor(
    server: { onStatus: vscode.Event<RunStatus> },
    run: { onRunning: vscode.Event<boolean> },
  ) {
    this.item.name = vscode.l10n.t('GILscope Run');
    this.item.command = 'gilscope.stop';
    this.item.tooltip = vscode.l10n.t('GILscope is profiling. Click to stop the program.');
    this.subscriptions = [
      this.item,
      run.onRunning((running) => {
        if (running) this.show(vscode.l10n.t('Profiling…'));
        else this.item.hide();
      }),
      server.onStatus((status) => {
        if (status.state === 'running') this.show(statusText(status));
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(text: string): void {
    this.item.text = `$(loading~spin) ${text}`;
    this.item.accessibilityInformation = {
      label: vscode.l10n.t('GILscope is profiling: {0}. Press to stop the program.', text),
      role: 'button',
    };
    this.item.show();
  }
}

function statusText(status: RunStatus): string {
  const load = Math.round(status.gilLoad * 100);
  return vscode.l10n.t('GIL {0} % · {1}', load, elapsedText(status.elapsedMs));
}

function elapsedText(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
