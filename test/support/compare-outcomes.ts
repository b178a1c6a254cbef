import type { Outcome } from './junit';

/** What each case of a suite came to in one run, by id. */
export type Outcomes = Readonly<Record<string, Outcome>>;

/** A case that did not come to the same in all runs of both sides. */
export interface Unequal {
  readonly id: string;
  /** In each run, in order; `not run` where the case is missing. */
  readonly plain: readonly Outcome[];
  readonly probed: readonly Outcome[];
}

export interface Comparison {
  readonly cases: number;
  /** Each run of both sides the same. */
  readonly same: number;
  readonly skipped: number;
  /** Not steady by itself: something that one side came to, the other came to as well. */
  readonly unsteady: readonly Unequal[];
  /** Nothing that one side came to did the other come to. */
  readonly different: readonly Unequal[];
}

const NOT_RUN = 'not run';

/** Compares runs without the probe with runs under it, case by case. */
export function compareOutcomes(
  plain: readonly Outcomes[],
  probed: readonly Outcomes[],
): Comparison {
  const ids = new Set([...plain, ...probed].flatMap((run) => Object.keys(run)));
  const unequal: Unequal[] = [];
  let skipped = 0;
  for (const id of ids) {
    const of = (runs: readonly Outcomes[]) => runs.map((run) => run[id] ?? NOT_RUN);
    const row = { id, plain: of(plain), probed: of(probed) };
    const all = new Set([...row.plain, ...row.probed]);
    if (all.size > 1) unequal.push(row);
    else if (all.has('skipped')) skipped += 1;
  }
  const unsteady = unequal.filter((row) => row.plain.some((one) => row.probed.includes(one)));
  return {
    cases: ids.size,
    same: ids.size - unequal.length,
    skipped,
    unsteady,
    different: unequal.filter((row) => !unsteady.includes(row)),
  };
}
