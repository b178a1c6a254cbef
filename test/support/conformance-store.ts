/** Runs that were made already, so that a comparison of many hours can be made in pieces. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SuiteRun } from './suite-run';

export interface StoredRun extends Omit<SuiteRun, 'output'> {
  readonly probed: boolean;
  /** Identity of what ran: interpreter, and the probe where it was there. */
  readonly of: string;
  readonly timeoutSeconds: number;
}

export interface ConformanceStore {
  /** In the order in which they were made. */
  runs(interpreter: string, unit: string, probed: boolean): StoredRun[];
  add(interpreter: string, unit: string, run: StoredRun, output: string): void;
  forget(interpreter: string, unit: string): void;
}

/** A folder with one file for each run, and beside it what the run wrote. */
export function openStore(folder: string): ConformanceStore {
  const folderOf = (interpreter: string, unit: string) =>
    join(folder, fileName(interpreter), fileName(unit));
  return {
    runs(interpreter, unit, probed) {
      const at = folderOf(interpreter, unit);
      if (!existsSync(at)) return [];
      return readdirSync(at)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => JSON.parse(readFileSync(join(at, name), 'utf8')) as StoredRun)
        .filter((run) => run.probed === probed);
    },
    forget(interpreter, unit) {
      rmSync(folderOf(interpreter, unit), { recursive: true, force: true });
    },
    add(interpreter, unit, run, output) {
      const at = folderOf(interpreter, unit);
      mkdirSync(at, { recursive: true });
      const base = join(at, `${Date.now()}-${run.probed ? 'probed' : 'plain'}`);
      writeFileSync(`${base}.txt`, output);
      writeFileSync(`${base}.new`, JSON.stringify(run));
      renameSync(`${base}.new`, `${base}.json`);
    },
  };
}

const fileName = (text: string): string => text.replace(/[^\w.-]+/g, '_');
