import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '../interpreter/run-error';
import { packRun } from '../trace/container-writer';
import { openRunSource } from '../trace/run-reader';
import { type AnalysedRun, analyseBeside, analyseRun, analyseSource } from './analyse';
import { newProfilePath } from './default-name';
import type { RunCommand } from './options';
import { sourceHashes } from './source-hashes';

/** What takes less than it takes to start a thread is not read in one. */
const LEAST_BESIDE_BYTES = 4_000_000;
/** Of `stat`. */
const BLOCK_BYTES = 512;

export interface KeptRun {
  /** Null, with a fault, where the traces cannot be read: they are kept all the same. */
  readonly analysed: AnalysedRun | null;
  /** The profile's file; null, with a fault, where it cannot be written. */
  readonly out: string | null;
}

/** Keeps the profile of a run that is over, and reads it. What fails is added to `faults`. */
export async function keepRun(
  command: RunCommand,
  cwd: string,
  runFolder: string,
  faults: string[],
): Promise<KeptRun> {
  const withChart = command.outputs.html !== null;
  const out =
    command.out === null
      ? newProfilePath(cwd, command.target, new Date())
      : resolve(cwd, command.out);
  const source = openRunSource(runFolder);
  // Children that go on change the run folder: then what is kept is read, for the two must not differ.
  const isGrowing = source.manifest().running?.length !== 0;
  const beside =
    isGrowing || traceBytes(runFolder) < LEAST_BESIDE_BYTES
      ? null
      : attempt(() => analyseBeside(runFolder, withChart), faults);
  let analysed: AnalysedRun | null = null;
  try {
    await packRun(source, out, async (packed) => {
      const manifest = packed.manifest();
      analysed = await (beside ?? attempt(() => analyseSource(packed, withChart), faults));
      return analysed === null
        ? manifest
        : { ...manifest, sources: sourceHashes(analysed.profile) };
    });
    return { analysed, out };
  } catch (error) {
    analysed ??= await (beside ?? attempt(() => analyseRun(runFolder, withChart), faults));
    faults.push(
      `${messageOf(error)} What was measured is kept in ${runFolder}; “gilscope report ${runFolder}” reads it.`,
    );
    return { analysed, out: null };
  } finally {
    source.close();
  }
}

function traceBytes(runFolder: string): number {
  const traces = readdirSync(runFolder).filter((name) => name.endsWith('.trace'));
  return (
    traces.reduce((sum, name) => sum + statSync(join(runFolder, name)).blocks, 0) * BLOCK_BYTES
  );
}

async function attempt<T>(action: () => T | Promise<T>, faults: string[]): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    faults.push(messageOf(error));
    return null;
  }
}
