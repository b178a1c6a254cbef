import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

import { isAlive, processTree } from '../../../server/interpreter/process-tree-linux';
import {
  exitStatus,
  runProgram,
  type RunningProgram,
} from '../../../server/interpreter/run-program';
import { temporaryFolder, writeScript } from './fake-python';

interface Started {
  readonly program: RunningProgram;
  readonly output: { stdout: string; stderr: string };
  /** Resolves once this text has been written. */
  readonly wrote: (text: string) => Promise<void>;
}

async function start(executable: string, args: string[] = []): Promise<Started> {
  const output = { stdout: '', stderr: '' };
  const events = new EventEmitter();
  const program = await runProgram(
    { executable, args, cwd: '/', env: { GREETING: 'hello', HOME: null } },
    {
      env: process.env,
      onOutput: (stream, text) => {
        output[stream] += text;
        events.emit('output');
      },
    },
  );
  const wrote = async (text: string): Promise<void> => {
    while (!output.stdout.includes(text)) await once(events, 'output');
  };
  return { program, output, wrote };
}

test('carries arguments, environment, output and status through', async (t) => {
  const script = writeScript(
    join(temporaryFolder(t), 'program'),
    'printf "%s|" "$@" "$GREETING" "${HOME-none}"; cat; printf "é" >&2; exit 7',
  );
  const { program, output } = await start(script, ['a b', '$x', '']);
  const exit = await program.ended;
  assert.deepEqual(exit, { code: 7, signal: null });
  assert.equal(exitStatus(exit), 7);
  assert.deepEqual(output, { stdout: 'a b|$x||hello|none|', stderr: 'é' });
});

test('a killed program has the status 128 + signal', async (t) => {
  const { program } = await start(writeScript(join(temporaryFolder(t), 'p'), 'kill -SEGV $$'));
  const exit = await program.ended;
  assert.deepEqual(exit, { code: null, signal: 'SIGSEGV' });
  assert.equal(exitStatus(exit), 139);
});

test('what cannot be started says why', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(
    start(join(folder, 'none')),
    /none could not be started in \/: the file or the folder is not there/,
  );
});

test('stop: an interrupt suffices for who heeds it', async (t) => {
  const script = writeScript(
    join(temporaryFolder(t), 'p'),
    'trap "echo cleaned; exit 5" INT',
    'echo ready',
    'while :; do sleep 0.05; done',
  );
  const { program, output, wrote } = await start(script);
  await wrote('ready');
  assert.equal(await program.stop(), 'SIGINT');
  assert.deepEqual(await program.ended, { code: 5, signal: null });
  assert.match(output.stdout, /cleaned/);
});

test('stop: who ignores all is killed, with all it started', async (t) => {
  const folder = temporaryFolder(t);
  const inner = writeScript(
    join(folder, 'inner'),
    'trap "" INT TERM',
    'echo inner',
    'while :; do sleep 0.05; done',
  );
  const outer = writeScript(
    join(folder, 'outer'),
    'trap "" INT TERM',
    `"${inner}" &`,
    'wait',
    'while :; do sleep 0.05; done',
  );
  const { program, wrote } = await start(outer);
  await wrote('inner');
  const tree = processTree(program.pid);
  assert.ok(tree.length >= 2);
  assert.equal(await program.stop({ graceMs: 60 }), 'SIGKILL');
  assert.deepEqual(await program.ended, { code: null, signal: 'SIGKILL' });
  assert.deepEqual(tree.filter(isAlive), []);
});

test('stop: a child that its dying parent leaves behind is ended too', async (t) => {
  const folder = temporaryFolder(t);
  const inner = writeScript(
    join(folder, 'inner'),
    'trap "" INT',
    'echo inner',
    'while :; do sleep 0.05; done',
  );
  const outer = writeScript(
    join(folder, 'outer'),
    'trap "exit 0" INT',
    `"${inner}" &`,
    'while :; do sleep 0.05; done',
  );
  const { program, wrote } = await start(outer);
  await wrote('inner');
  const tree = processTree(program.pid);
  await program.stop({ graceMs: 60 });
  assert.deepEqual(tree.filter(isAlive), []);
});

test('stop after the end does nothing', async (t) => {
  const { program } = await start(writeScript(join(temporaryFolder(t), 'p'), 'exit 0'));
  await program.ended;
  assert.equal(await program.stop(), null);
});
