/** What the fuzzer damages: traces of real programs of every kind, and the kept profiles of every format version. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { testPythons } from '../../scripts/pythons.mjs';
import { environmentFor, makeLaunch } from '../../server/interpreter/launch';
import { nativeFiles } from '../../server/interpreter/platform';
import { packRun } from '../../server/trace/container-writer';
import { CHUNK_BYTES, HEADER } from '../../server/trace/format';
import { openRunSource } from '../../server/trace/run-reader';
import { inspect } from './measured-run';
import { MemoryRun } from './memory-run';
import { dist, programPath, runProcess } from './run-profile';

/** A sound run: its traces as the probe wrote them, and packed. */
export interface Seed {
  readonly name: string;
  readonly traces: readonly Buffer[];
  readonly container: Buffer;
}

/** Below it there is no room for a single event. */
const SMALLEST_BOUND = 6 * CHUNK_BYTES;

interface Recording {
  /** As test/fixtures/programs/small.py names it. */
  readonly kind: string;
  readonly freeThreaded?: boolean;
  readonly maxTraceBytes?: number;
}

const RECORDINGS: readonly Recording[] = [
  ...['busy', 'pipes', 'locks', 'stuck', 'forks', 'children', 'interpreters'],
  ...['many', 'deep', 'library', 'killed'],
]
  .map((kind): Recording => ({ kind }))
  .concat(
    { kind: 'pipes', maxTraceBytes: SMALLEST_BOUND },
    { kind: 'busy', freeThreaded: true },
    { kind: 'locks', freeThreaded: true },
  );
const PROFILES = 'test/fixtures/profiles';
/** Of a run that is larger one takes as many processes and chunks: what is large is read slowly. */
const CHUNKS_MAX = 9;

/** Records what is missing in `folder`. @returns what could not be, with the reason */
export async function recordSeeds(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (const recording of RECORDINGS) {
    const { kind, freeThreaded = false, maxTraceBytes } = recording;
    const name = [kind, freeThreaded ? 'without-gil' : '', maxTraceBytes ? 'bounded' : ''];
    const place = join(folder, name.filter(Boolean).join('-'));
    if (existsSync(place)) continue;
    const python = testPythons().findLast((found) => found.freeThreaded === freeThreaded);
    if (python === undefined) {
      missing.push(`${kind}: no such interpreter here`);
      continue;
    }
    mkdirSync(folder, { recursive: true });
    const unfinished = mkdtempSync(join(folder, '.recording-'));
    await record(recording, python.path, unfinished);
    renameSync(unfinished, place);
  }
  return missing;
}

async function record(recording: Recording, python: string, runFolder: string): Promise<void> {
  const { kind, maxTraceBytes } = recording;
  const launch = makeLaunch({
    interpreter: await inspect(python),
    native: nativeFiles(join(dist, 'native')),
    target: { kind: 'file', path: programPath('small.py') },
    args: [kind],
    pythonArgs: ['-S', '-B'],
    cwd: runFolder,
    runFolder,
    env: process.env,
    ...(maxTraceBytes === undefined ? {} : { probe: { maxTraceBytes } }),
  });
  const home = kind === 'library' ? {} : { PYTHONHOME: makeSmallHome(python, runFolder) };
  const env = { ...environmentFor(launch, process.env), ...home };
  await runProcess(launch.executable, launch.args, { cwd: runFolder, env });
}

/**
 * A standard library of nothing but what Python needs to start: listing the folder of the whole one is hundreds of
 * events, the same ones in each trace.
 */
function makeSmallHome(python: string, folder: string): string {
  const ask = 'import encodings; print(encodings.__path__[0])';
  const encodings = execFileSync(python, ['-I', '-c', ask], { encoding: 'utf8' }).trim();
  const version = basename(dirname(encodings));
  const home = join(folder, 'home');
  const place = join(home, 'lib', version, 'encodings');
  mkdirSync(place, { recursive: true });
  for (const name of ['__init__', 'aliases', 'utf_8', 'latin_1', 'ascii'])
    symlinkSync(join(encodings, `${name}.py`), join(place, `${name}.py`));
  return home;
}

const profileNames = (): string[] =>
  readdirSync(resolve(PROFILES))
    .filter((name) => name.endsWith('.gilscope'))
    .sort();

const recordedNames = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .sort()
    : [];

/** What {@link loadSeeds} finds. */
export function seedNames(folder: string): string[] {
  return [...recordedNames(folder), ...profileNames().map((name) => basename(name, '.gilscope'))];
}

/** The seeds recorded in `folder`, and those of the kept profiles. @param scratch a folder for files */
export async function loadSeeds(folder: string, scratch: string): Promise<Seed[]> {
  const recorded = recordedNames(folder).map((name) => ({
    name,
    traces: tracesIn(join(folder, name)),
  }));
  const kept = profileNames().map((name) => ({
    name: basename(name, '.gilscope'),
    traces: unpacked(resolve(PROFILES, name)),
  }));
  const seeds: Seed[] = [];
  for (const { name, traces } of [...recorded, ...kept]) {
    if (traces.length === 0) continue;
    const file = join(scratch, 'seed.gilscope');
    await packRun(new MemoryRun(traces), file);
    seeds.push({ name, traces, container: readFileSync(file) });
  }
  return seeds;
}

function tracesIn(folder: string): Buffer[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.trace'));
  return fewer(names.sort().map((name) => readFileSync(join(folder, name))));
}

/** The traces of a container, as they were before it was packed. */
function unpacked(path: string): Buffer[] {
  const source = openRunSource(path);
  const traces = source.newTraces().map((trace) => {
    trace.open();
    const bytes = Buffer.alloc(trace.chunkCount() * CHUNK_BYTES);
    for (let chunk = 0; chunk < trace.chunkCount(); chunk++)
      trace.read(bytes.subarray(chunk * CHUNK_BYTES), chunk, 0, CHUNK_BYTES);
    trace.close();
    return bytes;
  });
  source.close();
  return fewer(traces);
}

/** The first processes, without room that was made ahead of need; with fewer chunks, as if killed at that moment. */
function fewer(traces: readonly Buffer[]): Buffer[] {
  let left = CHUNKS_MAX;
  const kept: Buffer[] = [];
  for (const trace of traces) {
    if (left <= 0 || trace.length < CHUNK_BYTES) break;
    const used = Math.min(trace.readUInt32LE(HEADER.chunkCount), left);
    kept.push(Buffer.from(trace.subarray(0, used * CHUNK_BYTES)));
    left -= used;
  }
  return kept;
}
