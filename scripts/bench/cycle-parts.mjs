// Where the time of a GIL cycle goes: `perf` samples a pipe loop by its CPU clock, with and without the probe, and the
// probe's samples are put to the source files of its own (inlined) functions. Needs perf, addr2line and a C compiler.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findCompiler } from '../build-native.mjs';
import { root } from '../testing/bundle.mjs';

const ROUNDS = 2_000_000;
const probe = join(root, 'dist/native/libgilscope.so');

/** Part of the probe by the source file of the innermost function; the rest of the probe is 'hooks'. */
const parts = [
  ['clock', /^(ia32intrin\.h|clock.*)$/],
  ['stack', /^(stacks|code_record|layout|unwind.*|drop_caller)\.[ch]$/],
  ['store', /^(cycle|stream|trace_.*|aggregate)\.[ch]$/],
];

/** What stands in the way of measuring, or null. */
export function whyNoCycleParts() {
  const missing = ['perf', 'addr2line', 'nm'].filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length > 0) return `${missing.join(', ')}: not installed`;
  return findCompiler() === null ? 'no C compiler' : null;
}

export function counterCost() {
  const folder = join(root, 'build', 'bench');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'counter-cost');
  const [cc, ...args] = findCompiler();
  execFileSync(cc, [...args, '-O2', '-o', program, join(root, 'scripts/bench/counter-cost.c')]);
  return JSON.parse(execFileSync(program, { encoding: 'utf8' }));
}

/** `nm` and `addr2line`: the source file of the innermost function at SYMBOL+0xOFFSET in the probe. */
function sourceFiles(places) {
  const symbols = new Map();
  for (const line of execFileSync('nm', [probe], { encoding: 'utf8' }).split('\n')) {
    const [address, , name] = line.split(' ');
    if (name) symbols.set(name, BigInt(`0x${address}`));
  }
  const known = places.filter((place) => symbols.has(place.split('+')[0]));
  const addresses = known.map((place) => {
    const [name, offset] = place.split('+');
    return `0x${(symbols.get(name) + BigInt(offset)).toString(16)}`;
  });
  const told = execFileSync('addr2line', ['-e', probe, ...addresses], { encoding: 'utf8' });
  const files = told.split('\n').map((line) => basename(line.split(':')[0]));
  return new Map(known.map((place, index) => [place, files[index]]));
}

function partOf(library, place, files) {
  if (library.includes('kernel')) return 'kernel';
  if (/libc[.-]|ld-linux|vdso|libpthread/.test(library)) return 'C library';
  if (!library.includes('libgilscope')) return 'Python';
  const file = files.get(place) ?? '';
  return `probe: ${parts.find(([, pattern]) => pattern.test(file))?.[0] ?? 'hooks'}`;
}

function busiestThread(samples) {
  const counts = new Map();
  for (const { thread } of samples) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** Nanoseconds of CPU time a cycle, by part. */
function sampled(command, folder, env) {
  const data = join(folder, 'perf.data');
  const record = ['record', '-q', '-e', 'cpu-clock', '-F', '5000', '-o', data, '--', ...command];
  const said = execFileSync('perf', record, { env, encoding: 'utf8' });
  const { cpu } = JSON.parse(/^measured (.*)$/m.exec(said)[1]);
  const fields = ['script', '-i', data, '-F', 'pid,tid,ip,sym,symoff,dso'];
  const text = execFileSync('perf', fields, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const samples = [...text.matchAll(/^ *(\d+)\/(\d+) +[0-9a-f]+ (.*) \((.*?)\)$/gm)].map(
    ([, pid, thread, place, library]) => ({ isMain: pid === thread, thread, place, library }),
  );
  const loop = busiestThread(samples);
  const places = samples.filter(({ library }) => library.includes('libgilscope'));
  const files = sourceFiles([...new Set(places.map(({ place }) => place))]);
  const ns = {};
  for (const { isMain, thread, place, library } of samples) {
    const isOther = !isMain && thread !== loop;
    const part = isOther ? "probe's own thread" : partOf(library, place, files);
    // Of start and end, too, which are short against the loop.
    ns[part] = (ns[part] ?? 0) + cpu / samples.length;
  }
  return ns;
}

/** `launch`: executable, arguments and environment of the program under the probe. */
export function measureCycleParts(executable, launch) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-parts-'));
  try {
    const program = [join(root, 'test/fixtures/bench/pipe_loop.py'), String(ROUNDS), 'thread'];
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const plain = sampled([executable, ...program], folder, env);
    const { command, env: probedEnv } = launch(program, folder, env);
    const probed = sampled(command, folder, probedEnv);
    return { plain, probed, cost: counterCost() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
