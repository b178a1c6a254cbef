import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { PlaceOpener } from '../../../extension/place-opener';
import { ProfileEditor } from '../../../extension/profile-editor';
import type { ProfileServer } from '../../../extension/requests';
import type { FromChart } from '../../../server/protocol-webview';

/** An editor of a file in a window of its own making, and what it asks the server to open. */
class Desk {
  readonly opened: string[] = [];
  readonly run = { isActive: false };
  readonly file = vscode.Uri.file('/tmp/kept.gilscope');
  private readonly activated = new vscode.EventEmitter<void>();
  private readonly said = new vscode.EventEmitter<FromChart>();
  private readonly changed = new vscode.EventEmitter<null>();

  async open(): Promise<void> {
    const server = {
      profile: null,
      onProfileChanged: this.changed.event,
      request: (_: string, { path }: { path: string }) => {
        this.opened.push(path);
        return Promise.resolve(null);
      },
    } as unknown as ProfileServer;
    const log = { warn: (text: string) => assert.fail(text) } as unknown as vscode.LogOutputChannel;
    const opener = {} as unknown as PlaceOpener;
    const editor = registering(() => new ProfileEditor(this.file, server, opener, this.run, log));
    await editor.resolveCustomEditor(editor.openCustomDocument(this.file), this.panel());
  }

  activate(): void {
    this.activated.fire();
  }

  say(message: FromChart): void {
    this.said.fire(message);
  }

  private panel(): vscode.WebviewPanel {
    const webview = {
      onDidReceiveMessage: this.said.event,
      asWebviewUri: (uri: vscode.Uri) => uri,
      postMessage: () => Promise.resolve(true),
      cspSource: '',
      html: '',
      options: {},
    };
    const panel = {
      webview,
      active: true,
      visible: true,
      onDidChangeViewState: this.activated.event,
      onDidDispose: new vscode.EventEmitter<void>().event,
    };
    return panel as unknown as vscode.WebviewPanel;
  }
}

/** The extension under test has registered its own already. */
function registering<T>(make: () => T): T {
  const window = vscode.window as unknown as { registerCustomEditorProvider: unknown };
  const original = window.registerCustomEditorProvider;
  window.registerCustomEditorProvider = () => ({ dispose: () => undefined });
  try {
    return make();
  } finally {
    window.registerCustomEditorProvider = original;
  }
}

describe('the editor of a profile', () => {
  it('shows its profile when it is opened, when it is activated, and when its button asks', async () => {
    const desk = new Desk();
    const { fsPath } = desk.file;
    await desk.open();
    assert.deepEqual(desk.opened, [fsPath]);
    desk.activate();
    assert.deepEqual(desk.opened, [fsPath, fsPath]);
    desk.say({ type: 'show' });
    assert.deepEqual(desk.opened, [fsPath, fsPath, fsPath]);
  });

  it('that is activated during a run leaves that alone', async () => {
    const desk = new Desk();
    await desk.open();
    desk.run.isActive = true;
    desk.activate();
    assert.equal(desk.opened.length, 1);
  });
});
