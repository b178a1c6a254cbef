// Packages that lean on threads, whose suites run as a newcomer would run them: a virtual environment, the released
// source, `python -m pytest`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const on = ['3.12 shared', '3.11 static'];

/** `needs` is what the suite imports beside the package, `on` the interpreters that it runs on. */
export const packages = [
  { name: 'watchdog', version: '6.0.0', needs: ['pytest-cov==6.0.0', 'pytest-timeout==2.3.1'], on },
  {
    name: 'filelock',
    version: '3.16.1',
    needs: [
      'pytest-asyncio==0.24.0',
      'pytest-mock==3.14.0',
      'pytest-timeout==2.3.1',
      'virtualenv==20.28.0',
    ],
    on,
  },
  { name: 'janus', version: '1.1.0', needs: ['pytest-asyncio==0.24.0', 'pytest-cov==6.0.0'], on },
  { name: 'cachetools', version: '5.5.0', needs: [], on },
];

/** Every suite's own. */
const PYTEST = 'pytest==8.3.4';

function run(what, command, args, cwd) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (done.status === 0) return;
  const said = (done.stderr || done.stdout || String(done.error ?? '')).trim().split('\n').at(-1);
  throw new Error(`${what} failed: ${command} ${args.join(' ')}: ${said}`);
}

export const isPrepared = (folder) => existsSync(join(folder, 'complete'));

/**
 * Makes the environment of a package below `folder`, once.
 * @returns its interpreter and the unpacked source.
 * @throws Error that says which step failed.
 */
export function preparePackage(python, { name, version, needs }, folder) {
  const venv = join(folder, 'venv');
  const source = join(folder, 'source');
  const interpreter = join(venv, 'bin', 'python');
  const place = () => ({ python: interpreter, source: join(source, readdirSync(source)[0]) });
  if (isPrepared(folder)) return place();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  const pip = (...args) =>
    run(`${name} ${version}`, interpreter, ['-m', 'pip', '-q', ...args], folder);
  run(`${name} ${version}`, python.path, ['-m', 'venv', venv], folder);
  pip('install', `${name}==${version}`, PYTEST, ...needs);
  pip('download', '--no-deps', '--no-binary', name, '-d', '.', `${name}==${version}`);
  const archive = readdirSync(folder).find((file) => file.endsWith('.tar.gz'));
  run(`${name} ${version}`, 'tar', ['xzf', archive, '-C', source], folder);
  writeFileSync(join(folder, 'complete'), '');
  return place();
}
