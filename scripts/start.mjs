// `npm start [-- [gilscope run options] script.py args…]`: builds what is missing and profiles the program, by default
// an example that shows contention. Says what to install where something is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples', 'contention.py');
const outputs = ['cli.js', 'profile-worker.js', 'standalone.js', 'native/gilscope-host'];
/** npm runs scripts in the project's folder; the user may be elsewhere. */
const cwd = process.env.INIT_CWD ?? process.cwd();

function fail(message) {
  console.error(`gilscope: ${message}`);
  process.exit(125);
}

function checkNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node;
  const [major, minor] = wanted
    .replace(/[^\d.]/g, '')
    .split('.')
    .map(Number);
  const [isMajor, isMinor] = process.versions.node.split('.').map(Number);
  if (isMajor < major || (isMajor === major && isMinor < minor)) {
    fail(`Node.js ${wanted} is needed; this is ${process.versions.node}. Install a newer one.`);
  }
}

function installPackages() {
  if (existsSync(join(root, 'node_modules', 'esbuild'))) return;
  console.error('gilscope: installing packages (npm ci)');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) fail('npm ci failed, see above. It needs the network once.');
}

/** The latest change below a folder, ms. */
function changedAt(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

function isBuilt() {
  const files = outputs.map((name) => join(root, 'dist', name));
  if (!files.every((file) => existsSync(file))) return false;
  const sources = ['server', 'extension', 'package.json', 'scripts/build.mjs'];
  const newest = Math.max(...sources.map((name) => changedAt(join(root, name))));
  return newest <= statSync(join(root, 'dist', 'cli.js')).mtimeMs;
}

async function build() {
  if (isBuilt()) return;
  const { findCompiler } = await import('./build-native.mjs');
  if (process.platform === 'linux' && findCompiler() === null) {
    fail(
      'A C compiler is needed to build the probe. Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc.',
    );
  }
  console.error('gilscope: building');
  const { buildAll } = await import('./build.mjs');
  try {
    await buildAll();
  } catch (error) {
    fail(`The build failed: ${error.message}`);
  }
  // A bundle that came out the same keeps its time.
  const now = new Date();
  utimesSync(join(root, 'dist', 'cli.js'), now, now);
}

checkNode();
installPackages();
process.chdir(root);
await build();
process.chdir(cwd);
const given = process.argv.slice(2);
const cli = join(root, 'dist', 'cli.js');
// The command itself finds the interpreter, and says what to install. It runs in this process: signals reach it.
process.argv = [process.execPath, cli, 'run', ...(given.length > 0 ? given : [example])];
await import(pathToFileURL(cli).href);
