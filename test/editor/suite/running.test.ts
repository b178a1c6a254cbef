import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  answering,
  errorsShown,
  once,
  setSetting,
} from '../support/extension-host';

/** Writes down how it was started. */
const TELL = `import json, os, sys
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "told.json"), "w") as out:
    json.dump({"argv": sys.argv[1:], "cwd": os.getcwd(), "told": os.environ.get("TOLD"),
               "file": os.environ.get("FROM_FILE"), "isolated": sys.flags.no_user_site, "noBytecode": sys.flags.dont_write_bytecode, "name": __name__}, out)
sys.exit(4)
`;
const TEST = `import sys
class TestThing:
    def test_other(self): open(__file__ + ".other", "w")
    def test_this(self):
        open(__file__ + ".this", "w").write(" ".join(sys.argv))
`;
/** Stands for pytest, which need not be there: runs what the last argument names. */
const PYTEST = `import runpy, sys
path, group, name = sys.argv[-1].split("::")
getattr(runpy.run_path(path)[group](), name)()
`;
const ENDLESS = `import time
while True: time.sleep(0.01)
`;

function restoreVariable(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

interface Told {
  readonly argv: string[];
  readonly cwd: string;
  readonly told: string | null;
  readonly file: string | null;
  readonly isolated: number;
  readonly noBytecode: number;
  readonly name: string;
}

describe('running from elsewhere', () => {
  const programs = new Programs();
  let view: TestView;
  const told = (): Told => JSON.parse(readFileSync(programs.path('told.json'), 'utf8')) as Told;
  const ended = (): Promise<boolean> => once(view.onRunning, (running) => !running);
  const configure = (section: string, value: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration().update(section, value, vscode.ConfigurationTarget.Global);

  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    await programs.open('tell.py', TELL);
  });
  after(async () => {
    await configure('launch', undefined);
    await setSetting('run.maximumSeconds', undefined);
    await setSetting('recent.maximum', undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('runs a launch configuration with its arguments, folder, environment and variables', async () => {
    mkdirSync(programs.path('sub'), { recursive: true });
    writeFileSync(programs.path('vars.env'), 'FROM_FILE="of the file"\nTOLD=overruled\n');
    await configure('launch', {
      version: '0.2.0',
      configurations: [
        { name: 'attach', type: 'debugpy', request: 'attach' },
        { name: 'other', type: 'node', request: 'launch' },
        {
          name: 'tell',
          type: 'debugpy',
          request: 'launch',
          program: '${file}',
          args: ['--of', '${fileBasenameNoExtension}', 'two words'],
          cwd: programs.path('sub'),
          env: { TOLD: 'by ${fileBasename}' },
          envFile: programs.path('vars.env'),
          python: [process.env['GILSCOPE_PYTHON'] ?? '', '-s'],
          pythonArgs: ['-B'],
        },
      ],
    });
    await programs.open('tell.py', TELL);
    const end = ended();
    await vscode.commands.executeCommand('gilscope.profileLaunchConfiguration');
    await end;
    assert.deepEqual(told(), {
      argv: ['--of', 'tell', 'two words'],
      cwd: programs.path('sub'),
      told: 'by tell.py',
      file: 'of the file',
      isolated: 1,
      noBytecode: 1,
      name: '__main__',
    });
  });

  it('runs the same again', async () => {
    writeFileSync(programs.path('told.json'), 'null');
    writeFileSync(programs.path('vars.env'), 'FROM_FILE="of the edited file"\n');
    // What ${file} stood for stays.
    await programs.open('other.py', 'raise SystemExit("the wrong file")\n');
    const end = ended();
    await vscode.commands.executeCommand('gilscope.profileAgain');
    await end;
    assert.deepEqual(told().argv, ['--of', 'tell', 'two words']);
    assert.equal(told().file, 'of the edited file');
    assert.equal(told().told, 'by tell.py');
    writeFileSync(programs.path('vars.env'), 'FROM_FILE="of the file"\n');
  });

  it('remembers of a launch configuration nothing that its environment file says', () => {
    const { remembered } = view;
    const all = JSON.stringify(remembered.keys().map((key) => [key, remembered.get(key)]));
    assert.match(all, /tell\.py/);
    assert.doesNotMatch(all, /of the file|of the edited file|overruled/);
  });

  it('says which variable it does not know', async () => {
    await configure('launch', {
      configurations: [
        { name: 'x', type: 'python', request: 'launch', program: '${nobody:knows}' },
      ],
    });
    const { text } = await answering('showErrorMessage', undefined, () =>
      vscode.commands.executeCommand('gilscope.profileLaunchConfiguration'),
    );
    assert.match(text, /\$\{nobody:knows\}/);
  });

  it('profiles the test at the cursor, and only that', async () => {
    writeFileSync(programs.path('pytest.py'), PYTEST);
    const editor = await programs.open('test_thing.py', TEST);
    editor.selection = new vscode.Selection(4, 0, 4, 0);
    const end = ended();
    await vscode.commands.executeCommand('gilscope.profileTestAtCursor');
    await end;
    assert.ok(existsSync(programs.path('test_thing.py.this')));
    assert.ok(!existsSync(programs.path('test_thing.py.other')));
  });

  it('runs a task, which ends with the exit status of the program', async () => {
    await programs.open('tell.py', TELL);
    const [task] = await vscode.tasks.fetchTasks({ type: 'gilscope' });
    assert.ok(task);
    const status = once(vscode.tasks.onDidEndTaskProcess);
    await vscode.tasks.executeTask(task);
    assert.equal((await status).exitCode, 4);
    assert.deepEqual(told().argv, []);
  });

  it('stops a program that has hardly been asked for', async () => {
    await programs.open('early.py', ENDLESS);
    const end = ended();
    const started = vscode.commands.executeCommand('gilscope.profileFile');
    await vscode.commands.executeCommand('gilscope.stop');
    await started;
    // The command before may have come too early.
    await vscode.commands.executeCommand('gilscope.stop');
    await end;
  });

  it('stops after the time that the setting says', async () => {
    await setSetting('run.maximumSeconds', 3);
    await programs.open('endless.py', ENDLESS);
    const end = ended();
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
    await setSetting('run.maximumSeconds', undefined);
  });

  it('keeps the profiles of the runs, and opens one as its editor', async () => {
    await view.recent.settled();
    const [newest] = view.recent.all;
    assert.ok(newest);
    assert.equal(newest.title, 'endless.py');
    assert.ok(existsSync(newest.path));
    const file = vscode.Uri.file(join(programs.folder, 'kept.gilscope'));
    await vscode.workspace.fs.copy(vscode.Uri.file(newest.path), file);
    const opened = once(view.onProfileChanged, (summary) => summary?.path === file.fsPath);
    await vscode.commands.executeCommand('vscode.open', file);
    await opened;
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputCustom);
    assert.equal(input.viewType, 'gilscope.profile');
    await vscode.commands.executeCommand('gilscope.removeRecent', newest);
    assert.ok(!existsSync(newest.path));
  });

  it('deletes the kept profiles where none are to be kept', async () => {
    const kept = view.recent.all;
    assert.notEqual(kept.length, 0);
    await setSetting('recent.maximum', 0);
    await programs.open('tell.py', TELL);
    const end = ended();
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
    await view.recent.settled();
    await setSetting('recent.maximum', undefined);
    assert.deepEqual(view.recent.all, []);
    assert.deepEqual(
      kept.filter(({ path }) => existsSync(path)),
      [],
    );
  });

  it('says once that a terminal cannot be had, and lets another run begin', async () => {
    const { TMPDIR } = process.env;
    await programs.open('tell.py', TELL);
    const end = ended();
    process.env['TMPDIR'] = programs.path('missing');
    const shown = await errorsShown(async () => {
      await vscode.commands.executeCommand('gilscope.profileFile');
      await end;
    }).finally(() => restoreVariable('TMPDIR', TMPDIR));
    assert.equal(shown.length, 1, shown.join('\n'));
    assert.match(shown[0] ?? '', /GILscope failed: .*listen/);
    const otherEnd = ended();
    writeFileSync(programs.path('told.json'), 'null');
    await vscode.commands.executeCommand('gilscope.profileFile');
    await otherEnd;
    assert.equal(told().name, '__main__');
  });

  it('runs a program where the temporary folder is too deep for a socket', async () => {
    const { TMPDIR } = process.env;
    const deep = programs.path('d'.repeat(100));
    mkdirSync(deep);
    await programs.open('tell.py', TELL);
    writeFileSync(programs.path('told.json'), 'null');
    const end = ended();
    process.env['TMPDIR'] = deep;
    try {
      await vscode.commands.executeCommand('gilscope.profileFile');
      await end;
    } finally {
      restoreVariable('TMPDIR', TMPDIR);
    }
    assert.equal(told().name, '__main__');
  });

  it('opens the example as a file that can be run', async () => {
    await vscode.commands.executeCommand('gilscope.openExample');
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.scheme, 'file');
    assert.match(document.getText(), /def hog/);
  });

  it('runs the tasks of tasks.json: inputs as they were answered, all that a task can say', async () => {
    await configure('tasks', {
      version: '2.0.0',
      inputs: [{ id: 'what', type: 'command', command: 'gilscopeTest.what' }],
      tasks: [
        {
          type: 'gilscope',
          label: 'with input',
          program: programs.path('tell.py'),
          args: ['--what', '${input:what}', '$${HOME}'],
        },
        {
          type: 'gilscope',
          label: 'of a module',
          module: 'tell',
          args: 'one "two words"',
          cwd: programs.folder,
          env: { TOLD: 'by the task' },
          envFile: programs.path('vars.env'),
          python: process.env['GILSCOPE_PYTHON'] ?? '',
          pythonArgs: ['-s', '-B'],
        },
      ],
    });
    const found = await vscode.tasks.fetchTasks({ type: 'gilscope' });
    const run = async (label: string): Promise<Told> => {
      const task = found.find(({ name }) => name === label);
      assert.ok(task, label);
      const status = once(vscode.tasks.onDidEndTaskProcess);
      await vscode.tasks.executeTask(task);
      await status;
      return told();
    };
    const asked = vscode.commands.registerCommand('gilscopeTest.what', () => 'that ${thing}');
    assert.deepEqual((await run('with input')).argv, ['--what', 'that ${thing}', '$${HOME}']);
    asked.dispose();
    assert.deepEqual(await run('of a module'), {
      argv: ['one', 'two words'],
      cwd: programs.folder,
      told: 'by the task',
      file: 'of the file',
      isolated: 1,
      noBytecode: 1,
      name: '__main__',
    });
    await configure('tasks', undefined);
  });
});
