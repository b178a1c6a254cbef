import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import type { FromChart, ToChart } from '../../../server/protocol-webview';
import {
  Programs,
  activated,
  answering,
  lineWith,
  notesOf,
  once,
  setSetting,
} from '../support/extension-host';

/** A third of a second on one line. */
const BUSY = `import time
def spin(until):
    while time.perf_counter() < until: pass

spin(time.perf_counter() + 0.3)
`;
const SPIN = 'while time.perf_counter()';

/** The page of a chart, in place of the real one. */
class ChartPage {
  private readonly sayEmitter = new vscode.EventEmitter<FromChart>();
  private readonly toldEmitter = new vscode.EventEmitter<ToChart>();
  readonly onDidHear = this.toldEmitter.event;

  async open(): Promise<void> {
    const window = vscode.window as { createWebviewPanel: typeof vscode.window.createWebviewPanel };
    const original = window.createWebviewPanel;
    window.createWebviewPanel = (...given) => {
      const panel = original.apply(vscode.window, given);
      const webview = overlaid(panel.webview, {
        onDidReceiveMessage: this.sayEmitter.event,
        postMessage: (message: ToChart) => {
          this.toldEmitter.fire(message);
          return Promise.resolve(true);
        },
      });
      return overlaid(panel, { webview });
    };
    try {
      await vscode.commands.executeCommand('gilscope.openChart');
    } finally {
      window.createWebviewPanel = original;
    }
  }

  say(message: FromChart): void {
    this.sayEmitter.fire(message);
  }
}

function overlaid<T extends object>(target: T, own: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (typeof name === 'string' && name in own) return own[name];
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (_, name, value) => Reflect.set(target, name, value),
  });
}

describe('a line that the chart names', () => {
  const programs = new Programs();
  let view: TestView;
  let document: vscode.TextDocument;
  /** As profiled, 1-based. */
  let line = 0;
  /** The profile has it by another path than the editor. */
  let file = '';
  const chart = new ChartPage();

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    mkdirSync(programs.path('real'));
    symlinkSync(programs.path('real'), programs.path('linked'));
    writeFileSync(programs.path('real/busy.py'), BUSY);
    file = realpathSync(programs.path('linked/busy.py'));
    await programs.open('linked/main.py', 'import busy\n');
    const finished = once(view.onProfileChanged, (summary) => summary?.live === false);
    await vscode.commands.executeCommand('gilscope.profileFile');
    assert.ok((await finished)?.files.includes(file));
    ({ document } = await programs.open('linked/busy.py', BUSY));
    assert.notEqual(document.uri.fsPath, file);
    line = lineWith(document, SPIN) + 1;
    await notesOf(view, document.uri, (all) => all.length > 0);
    await chart.open();
    // What the profile names is known from then on.
    const told = once(chart.onDidHear, (message) => message.type === 'meta');
    chart.say({ type: 'tables' });
    await told;
  });
  afterEach(async () => {
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });
  after(async () => {
    await vscode.commands.executeCommand('gilscope.clearResults');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  /** A click on the line; resolves with the text of the line that the cursor is on then. */
  const clicked = async (): Promise<string> => {
    const moved = once(
      vscode.window.onDidChangeTextEditorSelection,
      ({ selections }) => selections[0]?.active.line !== 0,
    );
    chart.say({ type: 'goto', file, line });
    const { textEditor } = await moved;
    assert.equal(textEditor.document.uri.fsPath, document.uri.fsPath);
    const { text } = document.lineAt(textEditor.selection.active);
    // For the next one to be a move.
    const back = once(vscode.window.onDidChangeTextEditorSelection);
    textEditor.selection = new vscode.Selection(0, 0, 0, 0);
    await back;
    return text.trim();
  };
  const insertAbove = async (): Promise<void> => {
    const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# one\n# two\n'));
  };

  it('is shown where it is', async () => {
    assert.match(await clicked(), /^while time/);
  });

  it('is shown where edits have moved it, also while its file is hidden', async () => {
    await insertAbove();
    assert.match(await clicked(), /^while time/);
    await vscode.commands.executeCommand('gilscope.showReport');
    assert.notEqual(vscode.window.activeTextEditor?.document, document);
    assert.match(await clicked(), /^while time/);
  });

  it('and was changed since is told, with what is in its place', async () => {
    await insertAbove();
    const [editor] = vscode.window.visibleTextEditors.filter((one) => one.document === document);
    const { range } = document.lineAt(lineWith(document, SPIN));
    await editor?.edit((edit) => edit.replace(range, '    pass  # nothing any more'));
    let found: Promise<string> = Promise.resolve('');
    const { text } = await answering('showInformationMessage', undefined, () => {
      found = clicked();
      return found;
    });
    assert.match(text, new RegExp(`^Line ${line} of .*busy\\.py was changed or removed`));
    assert.match(await found, /nothing any more/);
  });
});
