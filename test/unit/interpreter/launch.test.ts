import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { environmentFor, makeLaunch, type LaunchOptions } from '../../../server/interpreter/launch';
import { nativeFiles } from '../../../server/interpreter/platform';
import { prepareRun } from '../../../server/interpreter/prepare-run';
import { createRunFolder, writeExit } from '../../../server/interpreter/run-folder';
import { temporaryFolder, writeFakePython, writeScript } from './fake-python';

const interpreter = {
  executable: '/env/bin/python',
  version: '3.12.1',
  hexVersion: 0x030c01f0,
  freeThreaded: false,
  prefix: '/env',
  basePrefix: '/usr',
  library: '/usr/lib/libpython3.12.so.1.0',
};
const options: LaunchOptions = {
  interpreter,
  native: { probe: '/n/libgilscope.so', host: '/n/gilscope-host' },
  target: { kind: 'file', path: 'a b.py' },
  args: ['--x', '; rm *'],
  cwd: '/w',
  runFolder: '/r',
  env: {},
};

test('a shared interpreter is entered by the host', () => {
  const launch = makeLaunch({ ...options, probe: { maxTraceBytes: 5.5, samplePeriodNs: 7 } });
  assert.equal(launch.executable, '/n/gilscope-host');
  assert.deepEqual(launch.env, {});
  assert.deepEqual(launch.args, [
    ...['--gilscope-library', '/usr/lib/libpython3.12.so.1.0', '--gilscope-trace', '/r'],
    ...['--gilscope-max-bytes', '5', '--gilscope-sample-ns', '7', '--', '/env/bin/python'],
    ...['a b.py', '--x', '; rm *'],
  ]);
});

test("children that are not followed, and the limit of open files, are the probe's affair", () => {
  const probe = { followChildren: false, openFiles: 1024 };
  const host = makeLaunch({ ...options, probe }).args;
  assert.deepEqual(host.slice(host.indexOf('--gilscope-no-children'), host.indexOf('--')), [
    ...['--gilscope-no-children', '1', '--gilscope-open-files', '1024'],
  ]);
  const { env } = makeLaunch({ ...options, interpreter: { ...interpreter, library: null }, probe });
  assert.equal(env['GILSCOPE_NO_CHILDREN'], '1');
  assert.equal(env['GILSCOPE_OPEN_FILES'], '1024');
});

test("a static interpreter gets the probe, before the user's own preloads", () => {
  const fixed = { ...options, interpreter: { ...interpreter, library: null } };
  const plain = makeLaunch({ ...fixed, target: { kind: 'module', module: 'm' } });
  assert.deepEqual(plain, {
    executable: '/env/bin/python',
    args: ['-m', 'm', '--x', '; rm *'],
    cwd: '/w',
    env: { LD_PRELOAD: '/n/libgilscope.so', GILSCOPE_TRACE: '/r' },
  });
  const preloaded = makeLaunch({
    ...fixed,
    env: { LD_PRELOAD: '/u.so' },
    probe: { maxTraceBytes: 1 },
  });
  assert.deepEqual(preloaded.env, {
    LD_PRELOAD: '/n/libgilscope.so:/u.so',
    GILSCOPE_TRACE: '/r',
    GILSCOPE_LD_PRELOAD: '/u.so',
    GILSCOPE_MAX_BYTES: '1',
  });
  assert.deepEqual(environmentFor({ ...plain, env: { A: null, B: '2' } }, { A: '1', C: '3' }), {
    B: '2',
    C: '3',
  });
});

test('a probe whose path LD_PRELOAD cannot carry is reached by a link', (t) => {
  const folder = temporaryFolder(t);
  const probe = join(folder, 'libgilscope.so');
  const runFolder = temporaryFolder(t, 'plain');
  const native = { probe, host: '' };
  const fixed = { ...options, native, runFolder, interpreter: { ...interpreter, library: null } };
  const link = makeLaunch(fixed).env['LD_PRELOAD'] ?? '';
  assert.equal(link, join(runFolder, 'libgilscope.so'));
  assert.equal(readlinkSync(link), probe);
});

test('a script whose name looks like an option stays a script', () => {
  const launch = makeLaunch({ ...options, target: { kind: 'file', path: '-c' }, args: [] });
  assert.equal(launch.args.at(-1), './-c');
});

test('platforms without a probe are told so, and what is missing is named', (t) => {
  const folder = temporaryFolder(t);
  for (const [platform, arch, name] of [
    ['darwin', 'arm64', /macOS arm64/],
    ['win32', 'x64', /Windows x64/],
    ['linux', 'arm64', /Linux arm64/],
  ] as const) {
    assert.throws(() => nativeFiles(folder, platform, arch), {
      kind: 'notSupported',
      message: name,
    });
  }
  assert.throws(
    () => nativeFiles(folder, 'linux', 'x64'),
    /A part of GILscope is missing: .*libgilscope\.so/,
  );
  writeFileSync(join(folder, 'libgilscope.so'), '');
  writeScript(join(folder, 'gilscope-host'));
  assert.equal(nativeFiles(folder, 'linux', 'x64').host, join(folder, 'gilscope-host'));
});

test('the run folder holds the manifest, which then tells the end', (t) => {
  const base = temporaryFolder(t);
  const folder = createRunFolder(base, ['a.py', 'x'], new Date(0));
  const read = (): unknown => JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  const expected = {
    format: 'gilscope-run',
    version: 1,
    command: ['a.py', 'x'],
    startedAt: '1970-01-01T00:00:00.000Z',
  };
  assert.deepEqual(read(), { ...expected, exit: null });
  writeExit(folder, { code: null, signal: 'SIGKILL' }, { running: [7], unrecorded: [] });
  const exit = { code: null, signal: 'SIGKILL' };
  assert.deepEqual(read(), { ...expected, exit, running: [7], unrecorded: [] });
  assert.deepEqual(readdirSync(folder), ['run.json']);
});

test('a trace folder that cannot be used is named with its reason', (t) => {
  const base = temporaryFolder(t);
  writeFileSync(join(base, 'file'), '');
  const make = (path: string) => () => createRunFolder(path, [], new Date(0));
  assert.throws(make(join(base, 'none')), {
    kind: 'traceFolder',
    message: /none: it does not exist\. Make room or choose another/,
  });
  assert.throws(make(join(base, 'file')), /it is not a folder/);
  // The kernel's own: nobody can write there.
  assert.throws(make('/proc/self'), /The trace cannot be written to \/proc\/self/);
  const closed = join(base, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  if (process.getuid?.() !== 0) assert.throws(make(closed), /this user may not write there/);
});

test('a run is prepared in order: script, interpreter, folder; nothing is left where one fails', async (t) => {
  const root = temporaryFolder(t);
  const native = join(root, 'native');
  writeScript(join(native, 'libgilscope.so'));
  writeScript(join(native, 'gilscope-host'));
  const traceFolder = join(root, 'traces');
  mkdirSync(traceFolder);
  writeFileSync(join(root, 'app.py'), '');
  const prepare = (path: string, choice: string): ReturnType<typeof prepareRun> =>
    prepareRun({
      find: {
        choice,
        choiceName: '--python',
        pythonExtensionChoice: '',
        workspaceFolder: null,
        cwd: root,
        env: { PATH: '/usr/bin:/bin' },
        log: () => undefined,
      },
      target: { kind: 'file', path },
      args: ['1'],
      cwd: root,
      nativeFolder: native,
      traceFolder,
    });
  await assert.rejects(prepare('none.py', './none'), {
    kind: 'noScript',
    message: `There is no script ${root}/none.py.`,
  });
  await assert.rejects(prepare('app.py', './none'), { kind: 'badInterpreter' });
  assert.deepEqual(readdirSync(traceFolder), []);
  const run = await prepare('app.py', writeFakePython(join(root, 'python')));
  assert.deepEqual(run.command, ['app.py', '1']);
  assert.ok(existsSync(join(run.runFolder, 'run.json')));
});
