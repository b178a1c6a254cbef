import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findInterpreter, type FindOptions } from '../../../server/interpreter/find-interpreter';
import { resolveChoice } from '../../../server/interpreter/interpreter-paths';
import { temporaryFolder, writeFakePython, writeScript } from './fake-python';

interface Scene {
  readonly root: string;
  readonly log: string[];
  readonly find: (more?: Partial<FindOptions>) => Promise<[by: string, executable: string]>;
}

/** A machine on which every step has an interpreter. */
function scene(t: TestContext): Scene {
  const root = temporaryFolder(t);
  const log: string[] = [];
  for (const name of ['chosen', 'extension', 'path1/python3', 'path2/python', 'path2/python3']) {
    writeFakePython(join(root, name));
  }
  for (const name of ['ws/.venv', 'ws/venv', 'virtual', 'conda']) {
    writeFakePython(join(root, name, 'bin', 'python'));
  }
  const defaults: FindOptions = {
    choice: '',
    choiceName: 'the setting gilscope.python',
    pythonExtensionChoice: '',
    workspaceFolder: join(root, 'ws'),
    cwd: root,
    env: {
      PATH: `${root}/path1:${root}/path2:/usr/bin:/bin`,
      VIRTUAL_ENV: join(root, 'virtual'),
      CONDA_PREFIX: join(root, 'conda'),
    },
    log: (line) => log.push(line),
  };
  const find: Scene['find'] = async (more = {}) => {
    log.length = 0;
    const found = await findInterpreter({ ...defaults, ...more });
    return [found.foundBy, relative(root, found.executable)];
  };
  return { root, log, find };
}

test('takes the first step that has an interpreter, and logs each', async (t) => {
  const { root, log, find } = scene(t);
  const choice = join(root, 'chosen');
  const pythonExtensionChoice = join(root, 'extension');
  assert.deepEqual(await find({ choice, pythonExtensionChoice }), [
    'the setting gilscope.python',
    'chosen',
  ]);
  assert.equal(log.length, 1);
  assert.deepEqual(await find({ pythonExtensionChoice }), [
    "the Python extension's choice",
    'extension',
  ]);
  assert.deepEqual(await find(), ['.venv of the workspace', 'ws/.venv/bin/python']);
  rmSync(join(root, 'ws/.venv/bin/python'));
  assert.deepEqual(await find(), ['venv of the workspace', 'ws/venv/bin/python']);
  assert.deepEqual(await find({ workspaceFolder: null }), ['VIRTUAL_ENV', 'virtual/bin/python']);
  rmSync(join(root, 'ws/venv'), { recursive: true });
  rmSync(join(root, 'virtual'), { recursive: true });
  assert.deepEqual(await find(), ['CONDA_PREFIX', 'conda/bin/python']);
  rmSync(join(root, 'conda'), { recursive: true });
  assert.deepEqual(await find(), ['python3 on PATH', 'path1/python3']);
  assert.match(log[2] ?? '', /^\.venv of the workspace: no .*\.venv\/bin\/python$/);
  assert.match(log[3] ?? '', /^venv of the workspace: .* is not there$/);
  assert.match(
    log[6] ?? '',
    /^python3 on PATH: .*path1\/python3 taken: CPython 3\.12\.1 \(static\)$/,
  );
});

test('python comes after every python3, and a broken shim on PATH is passed over', async (t) => {
  const { root, log, find } = scene(t);
  const env = { PATH: `${root}/path1:${root}/path2:/usr/bin:/bin` };
  const only = { workspaceFolder: null, env };
  writeScript(
    join(root, 'path1/python3'),
    'echo "pyenv: python3: command not found" >&2',
    'exit 127',
  );
  assert.deepEqual(await find(only), ['python3 on PATH', 'path2/python3']);
  assert.match(log.join('\n'), /path1\/python3 passed over: .*pyenv: python3: command not found/);
});

test('what was chosen is never replaced by another', async (t) => {
  const { root, find } = scene(t);
  await assert.rejects(
    find({ choice: './none' }),
    /There is no Python interpreter at .*ws\/none\. It comes from the setting/,
  );
  await assert.rejects(find({ choice: 'python99' }), /no python99 on PATH/);
  writeFakePython(join(root, 'ws/.venv/bin/python'), { version: '3.8.1', hexVersion: 0x030801f0 });
  await assert.rejects(
    find(),
    /is 3\.8\.1\. It comes from \.venv of the workspace; name another with the setting/,
  );
});

test('no interpreter at all', async (t) => {
  const { root, find } = scene(t);
  const nothing = { workspaceFolder: null, env: { PATH: join(root, 'ws') } };
  await assert.rejects(find(nothing), {
    kind: 'noInterpreter',
    message: /^No Python interpreter was found\. Install/,
  });
});

test('resolves the ways to write a path', (t) => {
  const root = temporaryFolder(t);
  const workspaceFolder = join(root, 'ws');
  writeFakePython(join(workspaceFolder, 'env', 'bin', 'python'));
  mkdirSync(join(root, 'empty'));
  const where = { workspaceFolder, cwd: root, env: { BASE: '/base' } };
  const cases: [string, string][] = [
    ['/usr/bin/python3', '/usr/bin/python3'],
    ['~/bin/python', join(homedir(), 'bin/python')],
    ['${userHome}/x', join(homedir(), 'x')],
    ['${workspaceFolder}/x y/python', join(workspaceFolder, 'x y/python')],
    ['${env:BASE}/python', '/base/python'],
    ['./bin/python', join(workspaceFolder, 'bin/python')],
    ['../other/python', join(root, 'other/python')],
    ['./env', join(workspaceFolder, 'env/bin/python')],
    ['../empty', join(root, 'empty')],
    ['python3.12', 'python3.12'],
    ['~user/python', join(workspaceFolder, '~user/python')],
  ];
  for (const [choice, expected] of cases) assert.equal(resolveChoice(choice, where), expected);
});
