import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import { Programs, activated, answering, once, setSetting } from '../support/extension-host';

/** Writes down its arguments, and a value of a module that it imports. */
const TELL = `import json, os, sys
import other
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "told.json"), "w") as out:
    json.dump({"argv": sys.argv[1:], "value": other.VALUE}, out)
`;
const PICK = 'gilscopeTest.pick';

describe('a launch configuration', () => {
  const programs = new Programs();
  let view: TestView;
  const told = (): unknown => JSON.parse(readFileSync(programs.path('told.json'), 'utf8'));
  const configure = (section: string, value: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration().update(section, value, vscode.ConfigurationTarget.Global);
  const configureArguments = (args: unknown): Thenable<void> =>
    configure('launch', {
      configurations: [
        {
          name: 'tell',
          type: 'debugpy',
          request: 'launch',
          program: programs.path('tell.py'),
          args,
        },
      ],
    });
  const start = (): Thenable<unknown> =>
    vscode.commands.executeCommand('gilscope.profileLaunchConfiguration');
  const run = async (started: () => PromiseLike<unknown> = start): Promise<unknown> => {
    const end = once(view.onRunning, (running) => !running);
    await started();
    await end;
    return told();
  };
  /** With what the commands of the configuration answer; resolves with what they were given. */
  const answered = async (
    answer: unknown,
    happen: () => PromiseLike<unknown>,
  ): Promise<unknown[][]> => {
    const asked: unknown[][] = [];
    const pick = vscode.commands.registerCommand(PICK, (...given: unknown[]) => {
      asked.push(given);
      return answer;
    });
    const { all } = vscode.extensions;
    const variables = { pickArgs: PICK };
    const other = { type: 'node', variables: { pickArgs: 'gilscopeTest.nobody' } };
    const debuggers = [other, { type: 'debugpy' }, { type: 'debugpy', variables }];
    // As the Python debugger has it, which the tests do without.
    Object.defineProperty(vscode.extensions, 'all', {
      value: [...all, { packageJSON: { contributes: { debuggers } } }],
      configurable: true,
    });
    try {
      await happen();
    } finally {
      Object.defineProperty(vscode.extensions, 'all', { value: all, configurable: true });
      pick.dispose();
    }
    return asked;
  };
  /** Adds a line to the module that the program imports, and does not save it. */
  const edit = async (line: string): Promise<vscode.TextDocument> => {
    const document = await vscode.workspace.openTextDocument(programs.path('other.py'));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    const end = new vscode.Position(document.lineCount, 0);
    await editor.edit((change) => change.insert(end, `${line}\n`));
    assert.ok(document.isDirty);
    return document;
  };

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    await programs.open('other.py', 'VALUE = "saved"\n');
    await programs.open('tell.py', TELL);
  });
  beforeEach(async () => {
    await configure('debug.saveBeforeStart', undefined);
    rmSync(programs.path('told.json'), { force: true });
  });
  after(async () => {
    await configure('launch', undefined);
    await configure('debug.saveBeforeStart', undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('asks the commands that its debugger has for its variables, once each', async () => {
    await configureArguments(['${command:pickArgs}', `\${command:${PICK}}`, '${command:pickArgs}']);
    const asked = await answered('one', async () => {
      assert.deepEqual(await run(), { argv: ['one', 'one', 'one'], value: 'saved' });
    });
    assert.equal(asked.length, 2);
    for (const [given] of asked) assert.equal((given as { name: string }).name, 'tell');
  });

  it('does not run, and says nothing, when such a command answers nothing', async () => {
    await configureArguments('${command:pickArgs}');
    let seen = 0;
    const running = view.onRunning(() => seen++);
    const { showErrorMessage } = vscode.window;
    const window = vscode.window as { showErrorMessage: unknown };
    window.showErrorMessage = () => {
      seen++;
      return Promise.resolve();
    };
    try {
      for (const nothing of [undefined, null]) {
        assert.equal((await answered(nothing, start)).length, 1);
      }
    } finally {
      window.showErrorMessage = showErrorMessage;
      running.dispose();
    }
    assert.equal(seen, 0);
  });

  it('runs what is in the editors: they are saved first', async () => {
    await configureArguments([]);
    const document = await edit('VALUE = "edited"');
    assert.deepEqual(await run(), { argv: [], value: 'edited' });
    assert.ok(!document.isDirty);
  });

  it('leaves them as they are where VS Code is told to', async () => {
    await configure('debug.saveBeforeStart', 'none');
    const document = await edit('VALUE = "not to be saved"');
    assert.deepEqual(await run(), { argv: [], value: 'edited' });
    assert.ok(document.isDirty);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await configure('debug.saveBeforeStart', undefined);
  });

  it('is asked, and saves, the same when it is profiled again; no answer is remembered', async () => {
    await configureArguments('${command:pickArgs}');
    await answered('first-secret', run);
    await configure('debug.saveBeforeStart', 'none');
    const document = await edit('VALUE = "not to be saved"');
    const asked = await answered('second-secret', async () => {
      const again = await run(() => vscode.commands.executeCommand('gilscope.profileAgain'));
      assert.deepEqual(again, { argv: ['second-secret'], value: 'edited' });
    });
    assert.equal(asked.length, 1);
    assert.ok(document.isDirty);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await configure('debug.saveBeforeStart', undefined);
    const { remembered } = view;
    const all = JSON.stringify(remembered.keys().map((key) => remembered.get(key)));
    assert.match(all, /tell/);
    assert.doesNotMatch(all, /-secret/);
  });

  it('has that in common with a module', async () => {
    const document = await edit('VALUE = "edited again"');
    const [from, to] = [document.uri.fsPath, programs.path('told.json')];
    const code = `__import__("json").dump(open("${from}").read(), open("${to}", "w"))`;
    const given = await run(() =>
      answering('showInputBox', `timeit -n 1 -r 1 '${code}'`, () =>
        vscode.commands.executeCommand('gilscope.profileModule'),
      ),
    );
    assert.equal(given, document.getText());
    assert.match(document.getText(), /edited again/);
  });
});
