/** One suite on one interpreter, without the probe and under it, as often as it takes to know. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspectInterpreter, type Interpreter } from '../../server/interpreter/inspect-interpreter';
import { nativeFiles } from '../../server/interpreter/platform';
import { compareOutcomes, type Comparison } from './compare-outcomes';
import { openStore, type ConformanceStore, type StoredRun } from './conformance-store';
import { runSuite, type Suite } from './suite-run';

export { openStore };

/** Runs of each side, where the first differ. */
const MOST_RUNS = 3;

export interface Unit {
  /** As in the store: `test_threading`, `cheroot 10.0.1`. */
  readonly name: string;
  readonly suite: Suite;
}

export interface Conformance {
  readonly comparison: Comparison;
  readonly plainRuns: readonly StoredRun[];
  readonly probedRuns: readonly StoredRun[];
}

export interface ConformOptions {
  readonly store: ConformanceStore;
  readonly python: { readonly path: string; readonly version: string; readonly linkage: string };
  readonly unit: Unit;
  readonly timeoutSeconds: number;
  /** False: only what is stored; null where a side has no run. */
  readonly mayRun: boolean;
  /** Take kept runs under another build of the probe, the latest. */
  readonly anyProbe: boolean;
  readonly onRun?: (run: StoredRun) => void;
}

/** Compares, running what is not stored yet. */
export async function conform(options: ConformOptions): Promise<Conformance | null> {
  const { store, python, unit, anyProbe } = options;
  const title = `${python.version} ${python.linkage}`;
  const identity = { plain: python.path, probed: `${python.path} ${probeIdentity()}` };
  const runsOf = (probed: boolean): StoredRun[] => {
    const all = store.runs(title, unit.name, probed);
    // Of several builds of the probe only the latest says how it is.
    const latest = all.at(-1)?.of;
    const of = probed ? (anyProbe ? latest : identity.probed) : identity.plain;
    return all
      .filter((run) => run.of === of)
      .filter((run) => isEnded(run) || run.timeoutSeconds >= options.timeoutSeconds);
  };
  const runAgain = async (probed: boolean): Promise<void> => {
    const { timeoutSeconds } = options;
    const interpreter = await inspect(python.path);
    const { output, ...run } = await runSuite({
      interpreter,
      suite: unit.suite,
      probed,
      timeoutSeconds,
    });
    const of = identity[probed ? 'probed' : 'plain'];
    const stored: StoredRun = { ...run, probed, of, timeoutSeconds };
    store.add(title, unit.name, stored, output);
    options.onRun?.(stored);
  };
  for (;;) {
    const [plainRuns, probedRuns] = [runsOf(false), runsOf(true)];
    const missing = [plainRuns, probedRuns].map((runs) => runs.length === 0);
    if (missing.includes(true)) {
      if (!options.mayRun) return null;
      if (missing[0]) await runAgain(false);
      if (missing[1]) await runAgain(true);
      continue;
    }
    const comparison = compareOutcomes(outcomes(plainRuns), outcomes(probedRuns));
    const enough = comparison.different.length === 0 || !options.mayRun;
    if (enough || Math.min(plainRuns.length, probedRuns.length) >= MOST_RUNS) {
      return { comparison, plainRuns, probedRuns };
    }
    if (plainRuns.length <= probedRuns.length) await runAgain(false);
    else await runAgain(true);
  }
}

const isEnded = (run: StoredRun): boolean => !run.end.startsWith('no end');

const outcomes = (runs: readonly StoredRun[]) => runs.map((run) => run.outcomes);

function inspect(path: string): Promise<Interpreter> {
  return inspectInterpreter(path, { cwd: process.cwd(), env: process.env });
}

/** A short hash of the probe and the host as they were built. */
export function probeIdentity(): string {
  const files = nativeFiles('dist/native');
  const hash = createHash('sha256');
  for (const file of [files.probe, files.host]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
