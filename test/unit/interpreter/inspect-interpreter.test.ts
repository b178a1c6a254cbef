import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspectInterpreter } from '../../../server/interpreter/inspect-interpreter';
import { RunError } from '../../../server/interpreter/run-error';
import { temporaryFolder, writeFakePython, writeScript } from './fake-python';

const where = { cwd: '/', env: process.env };

async function refusal(path: string, timeoutMs = 10_000): Promise<string> {
  try {
    await inspectInterpreter(path, { ...where, timeoutMs });
  } catch (error) {
    assert.ok(error instanceof RunError);
    return `${error.kind}: ${error.message}`;
  }
  return assert.fail(`${path} was accepted`);
}

test('names what is wrong with what is no usable interpreter', async (t) => {
  const folder = temporaryFolder(t);
  const plain = join(folder, 'plain');
  writeFileSync(plain, 'text');
  chmodSync(plain, 0o644);
  const foreign = join(folder, 'foreign');
  writeFileSync(foreign, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 9, 9, 9, 9]));
  chmodSync(foreign, 0o755);
  assert.match(
    await refusal(join(folder, 'none')),
    /^badInterpreter: There is no Python interpreter at /,
  );
  assert.match(await refusal(folder), /is a folder, not/);
  if (process.getuid?.() !== 0) assert.match(await refusal(plain), /not an executable file/);
  assert.match(await refusal(foreign), /(cannot be run|not a working Python)/);
  assert.match(
    await refusal('/bin/true'),
    /not a working Python interpreter: .* status 0 and no version/,
  );
  assert.match(await refusal('/bin/ls'), /not a working Python interpreter/);
  const dies = writeScript(join(folder, 'dies'), 'kill -SEGV $$');
  assert.match(await refusal(dies), /killed by SIGSEGV/);
  const endless = writeScript(
    join(folder, 'endless'),
    'while :; do echo 0123456789012345678901234567890123456789; done',
  );
  assert.match(await refusal(endless), /wrote no end/);
  const hangs = writeScript(join(folder, 'hangs'), 'sleep 600 & sleep 600');
  assert.match(await refusal(hangs, 200), /did not answer within 0\.2 s/);
  const two = writeScript(join(folder, 'two'), 'echo "Unknown option: -I" >&2', 'exit 2');
  assert.match(await refusal(two), /needs CPython 3\.9 or newer; .* is older than 3\.4\.$/);
});

test('refuses what CPython cannot be measured', async (t) => {
  const folder = temporaryFolder(t);
  const fake = (facts: object): string => writeFakePython(join(folder, 'python'), facts);
  const old = { version: '3.8.18', hexVersion: 0x030812f0 };
  assert.equal(
    await refusal(fake(old)),
    `badInterpreter: GILscope needs CPython 3.9 or newer; ${folder}/python is 3.8.18.`,
  );
  assert.match(await refusal(fake({ implementation: 'pypy' })), /is pypy \(Python 3\.12\.1\)/);
  assert.match(await refusal(fake({ bits: 32 })), /^notSupported: .*32-bit/);
  assert.match(await refusal(fake({ libc: 'musl' })), /^notSupported: .*musl/);
  assert.match(await refusal(fake({ libc: 'none' })), /^notSupported: .*statically/);
  assert.match(
    await refusal(fake({ runtimeFile: '/gone/libpython3.so' })),
    /not there \(any more\)/,
  );
});

test('a launcher script resolves to the executable that it starts', async (t) => {
  const folder = temporaryFolder(t);
  const shim = writeScript(
    join(folder, 'shims', 'python3'),
    'echo "a greeting"',
    'exec /usr/bin/env python3 "$@"',
  );
  const found = await inspectInterpreter(shim, where);
  assert.equal(found.executable, realExecutable());
});

test('a virtual environment keeps its own path', async (t) => {
  const folder = temporaryFolder(t);
  const venv = join(folder, 'my env');
  execFileSync('python3', ['-m', 'venv', '--without-pip', venv]);
  const found = await inspectInterpreter(join(venv, 'bin', 'python'), where);
  assert.equal(found.executable, join(venv, 'bin', 'python'));
  assert.equal(found.prefix, venv);
  assert.notEqual(found.basePrefix, venv);
});

test('tells a shared from a static build by what is really mapped', async () => {
  const python = realExecutable();
  const found = await inspectInterpreter(python, where);
  // Independent of /proc: what the dynamic linker says it would load.
  const needed = execFileSync('ldd', [python], { encoding: 'utf8' });
  const library = /libpython\S* => (\S+)/.exec(needed)?.[1] ?? null;
  assert.equal(found.library === null, library === null);
});

function realExecutable(): string {
  const script = 'import sys; print(sys.executable)';
  return execFileSync('python3', ['-I', '-S', '-c', script], { encoding: 'utf8' }).trim();
}
