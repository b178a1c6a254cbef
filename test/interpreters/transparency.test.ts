/**
 * The user's script must not be able to tell: what programs see and say under `gilscope run` is compared, byte for
 * byte, with what they see and say under plain `python`.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { halfOfPythons, titleOf } from '../support/pythons';
import {
  programPath,
  programs,
  runProcess,
  type Ended,
  type RunControl,
  dist,
} from '../support/run-profile';

const cli = join(dist, 'cli.js');
const scratch = mkdtempSync(join(tmpdir(), 'gilscope-same-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Case {
  readonly python: string;
  /** After `python`, and after `gilscope run … --`. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
  readonly onOutput?: (text: string, control: RunControl) => void;
}

for (const python of halfOfPythons('one')) {
  const path = python.path;
  describe(`transparent on ${titleOf(python)}`, { concurrency: 2 }, () => {
    const dump = programPath('dump.py');
    it('everything a script can see of its process', async () => {
      const env = { NASTY: 'a=b\nc', 'ODD NAME': 'ü', EMPTY: '' };
      await same({ python: path, args: [dump, 'a b', 'ü 名', '', '--x=1', '-c', '--'], env });
    });
    it('under the variables that change Python', async () => {
      const env = {
        PYTHONPATH: join(scratch, 'no such:folder'),
        PYTHONWARNINGS: 'error::ResourceWarning',
        PYTHONHASHSEED: '7',
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUNBUFFERED: '1',
        PYTHONUTF8: '1',
        PYTHONNOUSERSITE: '1',
        PYTHONFAULTHANDLER: '1',
        LC_ALL: 'C',
      };
      await same({ python: path, args: [dump], env });
    });
    it('in a virtual environment', () => inVenv(python));
    it('as a module, a relative path, a folder', async () => {
      await same({ python: path, args: ['-m', 'dump', 'x'], cwd: programs });
      await same({ python: path, args: ['dump.py'], cwd: programs });
      await same({ python: path, args: ['../programs/dump.py', '--main-only'], cwd: programs });
      const folder = join(scratch, 'app');
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, '__main__.py'),
        'import sys\nprint(__name__, __file__, sys.path, sys.argv)\n',
      );
      await same({ python: path, args: [folder, 'y'] });
      await same({ python: path, args: ['-m', 'json.tool'], input: '{"a": [1, 2]}' });
      await same({ python: path, args: ['-m', 'no_such_module'] });
    });
    it('standard input', () =>
      same({
        python: path,
        args: [programPath('stdin_echo.py')],
        input: 'one\ntwo ü\nthree\nfour',
      }));
    it('tracebacks and exit statuses', async () => {
      for (const program of [
        'traceback_text.py',
        'syntax_error.py',
        'uncaught.py',
        'sys_exit.py',
      ]) {
        await same({ python: path, args: [programPath(program)] });
      }
    });
    it('a fork in a thread', () =>
      same({ python: path, args: [programPath('fork_in_thread.py')] }));
    it('Ctrl-C and other signals', () => signals(path));
    it('what audit hooks see', () => same({ python: path, args: [programPath('audited.py')] }));
    it('a child process has the environment of the program', async () => {
      const code =
        'import os, subprocess\nprint(subprocess.check_output(["/usr/bin/env"]).decode())\n';
      const script = join(scratch, 'environment.py');
      writeFileSync(script, code);
      await same({ python: path, args: [script], env: { LD_LIBRARY_PATH: '/nowhere' } });
    });
  });
}

async function same(wanted: Case): Promise<void> {
  const { python, args } = wanted;
  const options = {
    env: { ...process.env, ...wanted.env },
    cwd: wanted.cwd ?? scratch,
    ...(wanted.input === undefined ? {} : { input: wanted.input }),
    ...(wanted.onOutput === undefined ? {} : { onOutput: wanted.onOutput }),
  };
  const plain = await runProcess(python, args, options);
  const out = join(mkdtempSync(join(scratch, 'run-')), 'p.gilscope');
  const ours = await runProcess(
    process.execPath,
    [cli, 'run', '--quiet', '--python', python, '--out', out, ...endOfOptions(args), ...args],
    options,
  );
  assertSame(ours, plain);
  assert.equal(ours.code, statusOf(plain));
}

/** Of what differs, the first lines. */
function assertSame(ours: Ended, plain: Ended): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const [left, right] = [ours[stream].toString(), plain[stream].toString()];
    const [lines, wanted] = [left.split('\n'), right.split('\n')];
    const at = lines.findIndex((line, index) => line !== wanted[index]);
    const near = (all: string[]) => all.slice(Math.max(0, at - 3), at + 5).join('\n');
    assert.ok(left === right, `${stream}:\n${near(lines)}\nplain python:\n${near(wanted)}`);
  }
}

const endOfOptions = (args: readonly string[]): string[] => (args[0] === '-m' ? [] : ['--']);

/** As a shell shows it, and `gilscope run` passes it on. */
function statusOf(ended: Ended): number | null {
  return ended.signal === 'SIGTERM' ? 128 + 15 : ended.code;
}

/** Made by hand: `python -m venv` takes seconds, and this is all it makes of what matters. */
async function inVenv(python: FoundPython): Promise<void> {
  const venv = join(scratch, `venv ${python.version} ${python.linkage}`);
  mkdirSync(join(venv, 'bin'), { recursive: true });
  mkdirSync(join(venv, 'lib', `python${python.minor}`, 'site-packages'), { recursive: true });
  writeFileSync(
    join(venv, 'pyvenv.cfg'),
    `home = ${dirname(python.path)}\ninclude-system-site-packages = false\nversion = ${python.version}\n`,
  );
  const executable = join(venv, 'bin', 'python');
  symlinkSync(python.path, executable);
  await same({ python: executable, args: [programPath('dump.py'), 'in venv'] });
}

/** The program says where it waits; each time it gets the signal there. */
async function signals(python: string): Promise<void> {
  const makeOnOutput = () => {
    let said = '';
    let sent = 0;
    return (text: string, control: RunControl) => {
      said += text;
      const places = said.match(/waiting in \w+\n/g)?.length ?? 0;
      for (; sent < places; sent += 1) setTimeout(() => control.signal('SIGINT'), 150);
    };
  };
  const args = [programPath('signals.py')];
  const plain = await runProcess(python, args, { onOutput: makeOnOutput() });
  const ours = await runProcess(
    process.execPath,
    [
      cli,
      'run',
      '--quiet',
      '--python',
      python,
      '--out',
      join(scratch, 's.gilscope'),
      '--',
      ...args,
    ],
    { onOutput: makeOnOutput() },
  );
  assert.match(plain.stdout.toString(), /interrupted in lock/);
  assertSame(ours, plain);
  assert.equal(plain.signal, 'SIGTERM');
  assert.equal(ours.code, 128 + 15);
}
