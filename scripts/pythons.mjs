// The CPythons that tests run on. `node scripts/pythons.mjs` lists them; scripts/get-pythons.sh brings missing ones.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Versions that the product supports and every test run should see, oldest first. */
export const supportedMinors = ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'];

const home = process.env.HOME ?? homedir();

/** Where scripts/get-pythons.sh puts interpreters. */
export const pythonCache = join(
  process.env.XDG_CACHE_HOME || join(home, '.cache'),
  'gilscope',
  'pythons',
);

// Runs on Python 2.7 too, so that the tests have interpreters that are too old.
const question = `
import json, sys
version = sys.version_info
try:
    shared = "libpython" in open("/proc/self/maps").read()
except IOError:
    import sysconfig
    shared = bool(sysconfig.get_config_var("Py_ENABLE_SHARED"))
enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
print(json.dumps({
    "version": "%d.%d.%d" % version[:3], "minor": "%d.%d" % version[:2],
    "linkage": "shared" if shared else "static", "freeThreaded": not enabled,
}))`;

function inFolders(folder, ...below) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name, ...below));
}

const named = (pattern) => (path) => pattern.test(path);

function candidates() {
  const given = process.env.GILSCOPE_TEST_PYTHONS;
  if (given) return given.split(delimiter).filter(Boolean);
  const pyenv = process.env.PYENV_ROOT || join(home, '.pyenv');
  return [
    ...inFolders(join(pyenv, 'versions'), 'bin', 'python3'),
    ...inFolders(join(pyenv, 'versions'), 'bin', 'python2'),
    ...inFolders('/usr/bin').filter(named(/\/python3(\.\d+)?$/)),
    ...inFolders('/usr/local/bin').filter(named(/\/python3(\.\d+)?$/)),
    ...inFolders(pythonCache)
      .flatMap((suite) => [...inFolders(join(suite, 'bin')), ...inFolders(join(suite, 'usr/bin'))])
      .filter(named(/\/bin\/python3\.\d+t?$|\/usr\/bin\/python3\.\d+-native$/)),
  ];
}

function ask(path) {
  const done = spawnSync(path, ['-E', '-s', '-c', question], { encoding: 'utf8', timeout: 20_000 });
  if (done.status !== 0) return null;
  return { path, ...JSON.parse(done.stdout) };
}

const numeric = (version) => version.split('.').map(Number);
const byVersion = (a, b) => {
  const [left, right] = [numeric(a.version), numeric(b.version)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : left[at] - right[at];
};

/** Every interpreter at hand, the too old ones included, oldest version first; each real file once. */
export function findPythons() {
  const seen = new Set();
  const found = [];
  for (const path of candidates()) {
    if (!existsSync(path) || seen.has(realpathSync(path))) continue;
    seen.add(realpathSync(path));
    const python = ask(path);
    if (python !== null) found.push(python);
  }
  return found.sort(byVersion);
}

/** One interpreter for each supported version, linkage and kind: what the tests run on. */
export function testPythons(found = findPythons()) {
  const kind = (python) => `${python.minor} ${python.linkage} ${python.freeThreaded}`;
  const supported = found.filter((python) => supportedMinors.includes(python.minor));
  return [...new Map(supported.map((python) => [kind(python), python])).values()];
}

/** What the tests would like to run on and this machine lacks: `CPython 3.14 shared`. */
export function missingPythons(found = findPythons()) {
  const pythons = testPythons(found).filter((python) => !python.freeThreaded);
  return supportedMinors
    .flatMap((minor) => ['shared', 'static'].map((linkage) => ({ minor, linkage })))
    .filter((want) => !pythons.some((p) => p.minor === want.minor && p.linkage === want.linkage))
    .map((want) => `CPython ${want.minor} ${want.linkage}`);
}

/** Prints the list; for people. */
export function printPythons() {
  const found = findPythons();
  for (const python of found) {
    const kind = python.freeThreaded ? `${python.linkage}, free-threaded` : python.linkage;
    const old = supportedMinors.includes(python.minor) ? '' : '  (too old)';
    console.log(`${python.version.padEnd(8)} ${kind.padEnd(8)} ${python.path}${old}`);
  }
  for (const name of missingPythons(found)) console.log(`missing  ${name}`);
}
