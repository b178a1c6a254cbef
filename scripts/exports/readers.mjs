// Brings the tools that read exports into the cache folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export const VERSIONS = { speedscope: '1.25.0', perfetto: '0.16.0', firefox: '0.10.0' };
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gilscope', 'exports');
const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', ...options });

/** The folder with the tools of npm and pip; pprof as a command with its first arguments, null where it is not to be had. */
export function bringReaders() {
  mkdirSync(cache, { recursive: true });
  bringOnce(`speedscope-${VERSIONS.speedscope}`, () => byNpm(`speedscope@${VERSIONS.speedscope}`));
  const firefox = `@firefox-devtools/profiler-cli@${VERSIONS.firefox}`;
  bringOnce(`firefox-${VERSIONS.firefox}`, () => byNpm(firefox));
  bringOnce(`perfetto-${VERSIONS.perfetto}`, () => {
    const target = ['--target', join(cache, 'python'), '--upgrade'];
    const wanted = `perfetto==${VERSIONS.perfetto}`;
    run('python3', ['-m', 'pip', 'install', '--quiet', ...target, wanted]);
  });
  return { cache, pprof: bringPprof() };
}

/** A stamp says that it is there as a whole, and in which version. */
function bringOnce(name, bring) {
  const stamp = join(cache, `${name}.complete`);
  if (existsSync(stamp)) return;
  bring();
  writeFileSync(stamp, '');
}

function byNpm(wanted) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', '--prefix', cache, ...options, wanted]);
}

function bringPprof() {
  if (process.env.PPROF) return [process.env.PPROF];
  if (spawnSync('go', ['version']).status === 0) return ['go', 'tool', 'pprof'];
  const tool = join(cache, 'pprof');
  if (!existsSync(tool) && !takePprof(tool)) return null;
  return [tool];
}

/** Takes the one program out of Debian's package of Go, which need not be installed for it. */
function takePprof(tool) {
  const depends = spawnSync('apt-cache', ['depends', 'golang-go'], { encoding: 'utf8' });
  const name = /golang-[\d.]+-go/.exec(depends.stdout ?? '')?.[0];
  if (name === undefined) return false;
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-pprof-'));
  try {
    run('apt-get', ['download', '-q', name], { cwd: folder });
    const [file] = readdirSync(folder);
    run('dpkg-deb', ['--extract', file, 'all'], { cwd: folder });
    const found = readdirSync(join(folder, 'all'), { recursive: true }).find(
      (path) => path.endsWith('/pprof') && path.includes('/pkg/tool/'),
    );
    if (found !== undefined) run('cp', [join(folder, 'all', found), tool]);
    return found !== undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
