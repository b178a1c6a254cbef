// Compiles server/interpreter/native/: the probe to dist/native/libgilscope.so, the host to dist/native/gilscope-host.
// `host*.c` is the host, every other *.c the probe; *_linux.c and the like are taken on their own platform only.
// CC names the compiler, CFLAGS is added last. The variants asan, ubsan and tsan are checked by a sanitizer and go to
// build/sanitize/VARIANT/native/ (scripts/sanitize.mjs); `switched` can stop recording, and goes to build/bench/switched/native/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sourceFolder = join(root, 'server', 'interpreter', 'native');
const outputFolders = {
  plain: join(root, 'dist', 'native'),
  switched: join(root, 'build', 'bench', 'switched', 'native'),
};
const addedSources = { switched: [join(root, 'scripts', 'bench', 'recording_switch.c')] };
const platforms = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const platformFile = /_(linux|darwin|windows)\.[ch]$/;

export const compileFlags = [
  '-std=c11',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fvisibility=hidden',
  '-fPIC',
  '-D_GNU_SOURCE',
];
const checked = ['-O1', '-g', '-fno-omit-frame-pointer', '-Wno-error'];
const variantFlags = {
  plain: ['-O2', '-g'],
  asan: [...checked, '-fsanitize=address'],
  ubsan: [...checked, '-fsanitize=undefined'],
  tsan: [...checked, '-fsanitize=thread'],
  switched: ['-O2', '-g', '-I', sourceFolder],
};
const linkFlags = {
  probe: ['-shared', '-ftls-model=initial-exec', '-Wl,-z,now', '-lpthread', '-ldl'],
  // First of its libraries, so that the probe's exec calls come before libc's.
  host: ['-Wl,--no-as-needed', '-lgilscope', '-Wl,-rpath,$ORIGIN', '-ldl'],
};

/** Sources of this platform as absolute paths, or null where the probe does not exist for it. */
export function nativeSources() {
  const names = existsSync(sourceFolder) ? readdirSync(sourceFolder).sort() : [];
  const here = platforms[process.platform];
  const isOurs = (name) => (platformFile.exec(name)?.[1] ?? here) === here;
  if (!names.some((name) => platformFile.test(name) && isOurs(name))) return null;
  const sources = names.filter((name) => name.endsWith('.c') && isOurs(name));
  const isHost = (name) => name.startsWith('host');
  const absolute = (name) => join(sourceFolder, name);
  return {
    probe: sources.filter((name) => !isHost(name)).map(absolute),
    host: sources.filter(isHost).map(absolute),
    headers: names.filter((name) => name.endsWith('.h')).map(absolute),
  };
}

/** The C compiler as an argument vector: CC, else the first of cc, gcc, clang that runs; null where there is none. */
export function findCompiler() {
  const wanted = process.env.CC?.trim().split(/\s+/);
  const candidates = wanted ? [wanted] : [['cc'], ['gcc'], ['clang']];
  return candidates.find((cc) => runs(cc)) ?? null;
}

/** Whether this command can be started at all. */
export function runs([command, ...args]) {
  return spawnSync(command, [...args, '--version'], { stdio: 'ignore' }).status === 0;
}

function isFresh(output, inputs) {
  if (!existsSync(output)) return false;
  const builtAt = statSync(output).mtimeMs;
  return inputs.every((input) => statSync(input).mtimeMs <= builtAt);
}

function compile(output, sources, before, flags, inputs) {
  if (sources.length === 0 || isFresh(output, inputs)) return;
  const cc = findCompiler();
  if (cc === null) {
    throw new Error(
      `No C compiler: ${process.env.CC ? `CC=${process.env.CC} does not start` : 'none of cc, gcc, clang was found'}. ` +
        'Install one (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc) and run this again.',
    );
  }
  // A running program may have the old file mapped: write beside it, then replace it.
  const fresh = `${output}.new`;
  const added = process.env.CFLAGS?.split(/\s+/).filter(Boolean) ?? [];
  const args = [...cc.slice(1), ...compileFlags, ...before, '-o', fresh, ...sources];
  const done = spawnSync(cc[0], [...args, ...flags, ...added], { encoding: 'utf8' });
  if (done.status !== 0) {
    rmSync(fresh, { force: true });
    throw new Error(
      `${cc.join(' ')} could not compile ${output}:\n${done.stderr || String(done.error ?? '')}` +
        'If this is only a warning of a newer compiler, CFLAGS=-Wno-error lets it pass.',
    );
  }
  if (done.stderr) process.stderr.write(done.stderr);
  renameSync(fresh, output);
}

/** Where a variant is built. */
export function nativeFolder(variant = 'plain') {
  return outputFolders[variant] ?? join(root, 'build', 'sanitize', variant, 'native');
}

/** Builds what is older than its sources. Returns false, after a line that says so, where the platform has no probe. */
export function buildNative(variant = 'plain') {
  const sources = nativeSources();
  if (sources === null) {
    console.error(
      `No probe for ${process.platform}-${process.arch} yet: dist/native/ is not built, profiles can be opened but not recorded.`,
    );
    return false;
  }
  const folder = nativeFolder(variant);
  mkdirSync(folder, { recursive: true });
  const me = fileURLToPath(import.meta.url);
  for (const [kind, name] of [
    ['probe', 'libgilscope.so'],
    ['host', 'gilscope-host'],
  ]) {
    const taken = [...sources[kind], ...((kind === 'probe' && addedSources[variant]) || [])];
    const inputs = [...taken, ...sources.headers, me];
    const output = join(folder, name);
    compile(output, taken, variantFlags[variant], ['-L', folder, ...linkFlags[kind]], inputs);
  }
  return true;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    buildNative();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
