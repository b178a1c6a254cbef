import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  answering,
  lineWith,
  notesOf,
  once,
  setSetting,
  shownReport,
  withFolders,
} from '../support/extension-host';

const SPIN_SECONDS = 0.8;
/** Two threads on one line: one always holds the GIL, the other always waits for it. */
const CONTENDED = `import json, os, sys, threading, time

def spin(until):
    while time.perf_counter() < until: pass

started = time.perf_counter()
threads = [threading.Thread(target=spin, args=(started + ${SPIN_SECONDS},)) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with open(__file__ + ".json", "w") as out:
    json.dump({"seconds": time.perf_counter() - started, "argv": sys.argv, "tty": os.isatty(0)}, out)
sys.exit(3)
`;
const ENDLESS = `import threading
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
while True: pass
`;
const ECHO = `import os
with open(__file__ + ".tty", "w") as out:
    out.write(repr([os.isatty(fd) for fd in range(3)]))
answer = input("say: ")
with open(__file__ + ".answer", "w") as out:
    out.write(answer)
`;

const ended = (view: TestView): Promise<boolean> => once(view.onRunning, (running) => !running);

describe('profiling a file', () => {
  const programs = new Programs();
  let view: TestView;
  let editor: vscode.TextEditor;
  const spinLine = (): number => lineWith(editor.document, 'while time.perf_counter()');

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    editor = await programs.open('zwei fäden.py', CONTENDED);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('shows the right times on the right line, and how the program ended', async () => {
    const end = ended(view);
    const exit = once(view.onProfileChanged, (summary) => summary?.live === false);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
    assert.deepEqual((await exit)?.exit, { code: 3, signal: null });
    const told = JSON.parse(readFileSync(programs.path('zwei fäden.py.json'), 'utf8')) as {
      seconds: number;
      argv: string[];
      tty: boolean;
    };
    assert.deepEqual(told.argv, [editor.document.uri.fsPath]);
    assert.equal(told.tty, true);
    const leastNs = told.seconds * 0.6e9;
    // The notes of the end follow those that were shown while it ran.
    const notes = await notesOf(view, editor.document.uri, (all) =>
      all.some(({ line, note }) => line === spinLine() && note.holdNs > leastNs),
    );
    const spin = notes.find(({ line }) => line === spinLine())?.note;
    for (const ns of [spin?.holdNs, spin?.waitNs, spin?.blocksNs]) {
      assert.ok(ns !== undefined && ns > leastNs && ns < told.seconds * 1.1e9, `${ns} ns`);
    }
    assert.equal(new Set(notes.map(({ line }) => line)).size, notes.length);
    assert.ok(notes.every(({ note, stale }) => note.text.length <= 43 && !stale));
  });

  it('lets numbers follow their lines, drops those of changed lines, and brings them back', async () => {
    const { document } = editor;
    const before = spinLine();
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# one line more\n'));
    const moved = await notesOf(view, document.uri, (all) =>
      all.some(({ line, stale }) => line === before + 1 && stale),
    );
    assert.ok(moved.every(({ stale }) => stale));
    const end = document.lineAt(before + 1).range.end;
    await editor.edit((edit) => edit.insert(end, ' # changed'));
    await notesOf(view, document.uri, (all) => all.every(({ line }) => line !== before + 1));
    for (let steps = 0; document.isDirty && steps < 4; steps++) {
      await vscode.commands.executeCommand('undo');
    }
    assert.equal(document.isDirty, false);
    await notesOf(view, document.uri, (all) =>
      all.some(({ line, stale }) => line === before && !stale),
    );
  });

  it('hides and shows the times by one command, which the setting remembers', async () => {
    const { uri } = editor.document;
    await vscode.commands.executeCommand('gilscope.toggleInlineTimes');
    const mode = (): unknown => vscode.workspace.getConfiguration('gilscope').get('inline.mode');
    assert.equal(mode(), 'off');
    await notesOf(view, uri, (all) => all.length === 0);
    await vscode.commands.executeCommand('gilscope.toggleInlineTimes');
    assert.equal(mode(), 'decoration');
    await notesOf(view, uri, (all) => all.length > 0);
  });

  it('shows a report in its own language, with links to where its lines are now', async () => {
    await vscode.commands.executeCommand('gilscope.showReport');
    const report = await shownReport('zwei fäden.py');
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      'vscode.executeLinkProvider',
      report.uri,
    );
    const profiled = spinLine() + 1;
    const targets = links.map(({ target }) => decodeURIComponent(target?.query ?? ''));
    const wanted = JSON.stringify([editor.document.uri.fsPath, profiled]);
    const at = targets.indexOf(wanted);
    assert.ok(at >= 0, `${wanted} is not among ${targets.join(' ')}`);
    const target = links[at]?.target;
    assert.equal(target?.scheme, 'command');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');

    const shown = await vscode.window.showTextDocument(editor.document);
    await shown.edit((edit) => edit.insert(new vscode.Position(0, 0), '# one\n# two\n'));
    assert.equal(spinLine() + 1, profiled + 2);
    await vscode.commands.executeCommand(target.path, ...(JSON.parse(wanted) as unknown[]));
    const { activeTextEditor } = vscode.window;
    assert.equal(activeTextEditor?.document, editor.document);
    assert.equal(activeTextEditor.selection.active.line, spinLine());
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('opens the chart once', async () => {
    const charts = (): vscode.Tab[] =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .filter(
          ({ input }) =>
            input instanceof vscode.TabInputWebview && input.viewType.endsWith('gilscope.chart'),
        );
    const opened = once(vscode.window.tabGroups.onDidChangeTabs, () => charts().length > 0);
    await vscode.commands.executeCommand('gilscope.openChart');
    await opened;
    await vscode.commands.executeCommand('gilscope.openChart');
    assert.equal(charts().length, 1);
    await vscode.window.tabGroups.close(charts());
  });

  it('exports the profile, and compares it with a saved one on its lines', async () => {
    const { uri } = editor.document;
    await vscode.window.showTextDocument(editor.document);
    const alone = (await notesOf(view, uri, (all) => all.length > 0)).map(({ note }) => note);
    const path = programs.path('waits.txt');
    const params = { path, format: 'collapsed', cost: 'wait' };
    await vscode.commands.executeCommand('gilscope.exportProfile', params);
    assert.match(readFileSync(path, 'utf8'), /spin \(zwei fäden\.py:\d+\) \d+\n/);

    const file = vscode.Uri.file(programs.path('before.gilscope'));
    await vscode.commands.executeCommand('gilscope.saveProfileAs', file);
    const compared = once(
      view.onProfileChanged,
      (summary) => typeof summary?.comparedWith === 'string',
    );
    await vscode.commands.executeCommand('gilscope.compareProfiles', file);
    assert.equal((await compared)?.comparedWith, 'before.gilscope');
    // The text of a report that was open already comes a moment later.
    const isReported = (): boolean =>
      vscode.workspace.textDocuments.some((document) =>
        document.getText().startsWith('GILscope comparison · before: before.gilscope'),
      );
    if (!isReported()) await once(vscode.workspace.onDidChangeTextDocument, isReported);
    await vscode.window.showTextDocument(editor.document, vscode.ViewColumn.One);
    // With itself: no difference is more than chance.
    await notesOf(view, uri, (all) => all.some(({ note }) => /^\w+ ≈ /.test(note.text)));
    const over = once(view.onProfileChanged, (summary) => summary?.comparedWith === null);
    await vscode.commands.executeCommand('gilscope.endComparison');
    await over;
    const again = await notesOf(view, uri, (all) =>
      all.every(({ note }) => !note.text.includes('≈')),
    );
    assert.deepEqual(
      again.map(({ note }) => note),
      alone,
    );
  });

  it('saves the profile, clears it, and opens it again with the same numbers', async () => {
    const { uri } = editor.document;
    await vscode.window.showTextDocument(editor.document);
    const before = (await notesOf(view, uri, (all) => all.length > 0)).map(({ note }) => note);
    const file = programs.path('kept ü.gilscope');
    await vscode.commands.executeCommand('gilscope.saveProfileAs', vscode.Uri.file(file));
    assert.ok(existsSync(file));
    const cleared = once(view.onProfileChanged, (summary) => summary === null);
    await vscode.commands.executeCommand('gilscope.clearResults');
    await cleared;
    assert.deepEqual(view.shown.notesOf(uri), []);
    await vscode.commands.executeCommand('gilscope.openProfile', vscode.Uri.file(file));
    await vscode.window.showTextDocument(editor.document, vscode.ViewColumn.One);
    const again = await notesOf(view, uri, (all) => all.length > 0);
    assert.deepEqual(
      again.map(({ note }) => note),
      before,
    );
    await vscode.commands.executeCommand('gilscope.clearResults');
  });

  it('gives the program a terminal that takes input and stays readable', async () => {
    const { document } = await programs.open('fragt.py', ECHO);
    const end = ended(view);
    await vscode.commands.executeCommand('gilscope.profileFile');
    const terminal = vscode.window.terminals.find(({ name }) => name === 'GILscope: fragt.py');
    assert.ok(terminal);
    terminal.sendText('something typed');
    await end;
    assert.equal(readFileSync(`${document.uri.fsPath}.tty`, 'utf8'), '[True, True, True]');
    assert.equal(readFileSync(`${document.uri.fsPath}.answer`, 'utf8'), 'something typed');
    assert.equal(terminal.exitStatus, undefined);
    assert.ok(vscode.window.terminals.includes(terminal));
  });

  it('passes arguments on as they were typed, and offers them again', async () => {
    const { document } = await programs.open('args ü.py', CONTENDED);
    const argv = (): unknown =>
      (JSON.parse(readFileSync(`${document.uri.fsPath}.json`, 'utf8')) as { argv: string[] }).argv;
    const end = ended(view);
    const line = `--name "zwei Wörter" '$HOME' *`;
    await answering('showInputBox', line, () =>
      vscode.commands.executeCommand('gilscope.profileFileWithArguments'),
    );
    await end;
    assert.deepEqual(argv(), [document.uri.fsPath, '--name', 'zwei Wörter', '$HOME', '*']);
    const asked = await answering('showInputBox', undefined, () =>
      vscode.commands.executeCommand('gilscope.profileFileWithArguments'),
    );
    assert.equal(asked.value, `--name 'zwei Wörter' '$HOME' '*'`);
  });

  it('runs a module', async () => {
    const { document } = await programs.open('some_module.py', CONTENDED);
    const end = ended(view);
    // Without a folder it is looked for beside the open file.
    await withFolders([], async () => {
      await answering('showInputBox', 'some_module one', () =>
        vscode.commands.executeCommand('gilscope.profileModule'),
      );
      await end;
    });
    const told = readFileSync(`${document.uri.fsPath}.json`, 'utf8');
    assert.deepEqual((JSON.parse(told) as { argv: string[] }).argv, [document.uri.fsPath, 'one']);
    await notesOf(view, document.uri, (all) => all.length > 0);
  });

  it('stops a program that does not end, and keeps what was measured', async () => {
    const { document } = await programs.open('endless.py', ENDLESS);
    const spins = lineWith(document, 'while True');
    const hasTimes = (all: readonly { line: number }[]): boolean =>
      all.some(({ line }) => line === spins);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await notesOf(view, document.uri, hasTimes);
    const end = ended(view);
    await vscode.commands.executeCommand('gilscope.stop');
    await end;
    await notesOf(view, document.uri, hasTimes);
  });
});

describe('a run that is cut off', () => {
  const programs = new Programs();
  let view: TestView;
  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
  });
  afterEach(() => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('by its terminal being closed keeps what was measured', async () => {
    const { document } = await programs.open('closed.py', ENDLESS);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await notesOf(view, document.uri, (all) => all.length > 0);
    const finished = once(view.onProfileChanged, (summary) => summary?.live === false);
    const end = ended(view);
    vscode.window.terminals.find(({ name }) => name === 'GILscope: closed.py')?.dispose();
    await end;
    assert.deepEqual((await finished)?.exit, { code: null, signal: 'SIGHUP' });
    assert.notEqual(view.shown.notesOf(document.uri).length, 0);
  });

  it('by a restart of the server leaves the program alone and lets another run begin', async () => {
    const { document } = await programs.open('restarted.py', ENDLESS);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await notesOf(view, document.uri, (all) => all.length > 0);
    const end = ended(view);
    await vscode.commands.executeCommand('gilscope.restartServer');
    await end;
    assert.deepEqual(view.shown.notesOf(document.uri), []);
    const terminals = (): readonly string[] => vscode.window.terminals.map(({ name }) => name);
    assert.ok(terminals().includes('GILscope: restarted.py'));
    const other = await programs.open('other.py', CONTENDED);
    const otherEnd = ended(view);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await otherEnd;
    await notesOf(view, other.document.uri, (all) => all.length > 0);
    assert.ok(terminals().includes('GILscope: restarted.py'));
  });
});

describe('before a program runs', () => {
  const programs = new Programs();
  let view: TestView;
  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  const profile = (): Thenable<unknown> => vscode.commands.executeCommand('gilscope.profileFile');

  it('an interpreter that is missing is named, with ways out', async () => {
    await programs.open('simple.py', 'print(1)\n');
    await setSetting('python', '/nowhere/bin/python3');
    const message = await answering('showErrorMessage', undefined, profile);
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    assert.match(message.text, /\/nowhere\/bin\/python3/);
    assert.deepEqual(message.buttons, ['Open Setting', 'Show Log']);
  });

  it('unsaved changes are saved if the user agrees', async () => {
    const editor = await programs.open('dirty.py', 'print(1)\n');
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# more\n'));
    const asked = await answering('showWarningMessage', undefined, profile);
    assert.deepEqual(asked.buttons, ['Save and Profile']);
    assert.equal(editor.document.isDirty, true);
    const end = ended(view);
    await answering('showWarningMessage', 'Save and Profile', profile);
    await end;
    assert.equal(editor.document.isDirty, false);
    assert.match(readFileSync(editor.document.uri.fsPath, 'utf8'), /^# more/);
  });

  it('what is no Python file is refused', async () => {
    await programs.open('notes.txt', 'print(1)\n');
    const message = await answering('showErrorMessage', undefined, profile);
    assert.match(message.text, /no Python file/);
  });

  it('nothing runs in a workspace that is not trusted', async () => {
    const editor = await programs.open('untrusted.py', 'open(__file__ + ".ran", "w")\n');
    const trust = Object.getOwnPropertyDescriptor(vscode.workspace, 'isTrusted');
    assert.ok(trust);
    Object.defineProperty(vscode.workspace, 'isTrusted', { ...trust, get: () => false });
    try {
      for (const command of ['profileFile', 'profileFileWithArguments', 'profileModule']) {
        const message = await answering('showErrorMessage', undefined, () =>
          vscode.commands.executeCommand(`gilscope.${command}`, editor.document.uri),
        );
        assert.match(message.text, /trust/i);
        assert.deepEqual(message.buttons, ['Manage Workspace Trust']);
      }
    } finally {
      Object.defineProperty(vscode.workspace, 'isTrusted', trust);
    }
    assert.equal(existsSync(`${editor.document.uri.fsPath}.ran`), false);
  });
});
