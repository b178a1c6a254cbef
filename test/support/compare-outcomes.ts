import type { Outcome } from './junit';

/** What each case of a suite came to in one run, by id. */
export type Outcomes = Readonly<Record<string, Outcome>>;

/** A case that did not come to the same in all runs of both sides. */
export interface Unequal {
  readonly id: string;
  /** In each run that reported, in order; `not run` where the case is missing. */
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

/** The name under which a run says how it came out as a whole. */
export const WHOLE = '(the whole)';
const NOT_RUN = 'not run';

/** Of a run that left no report, as one that was ended for its length, only the whole is known. */
function outcomesOf(id: string, runs: readonly Outcomes[]): Outcome[] {
  return runs
    .filter((run) => id === WHOLE || Object.keys(run).some((one) => one !== WHOLE))
    .map((run) => run[id] ?? NOT_RUN);
}

/** Compares runs without the probe with runs under it, case by case. */
export function compareOutcomes(
  plain: readonly Outcomes[],
  probed: readonly Outcomes[],
): Comparison {
  const ids = new Set([...plain, ...probed].flatMap((run) => Object.keys(run)));
  const unequal: Unequal[] = [];
  let skipped = 0;
  for (const id of ids) {
    const row = { id, plain: outcomesOf(id, plain), probed: outcomesOf(id, probed) };
    const all = new Set([...row.plain, ...row.probed]);
    if (all.size > 1) unequal.push(row);
    else if (all.has('skipped')) skipped += 1;
  }
  const unsteady = unequal.filter(isUnsteady);
  return {
    cases: ids.size,
    same: ids.size - unequal.length,
    skipped,
    unsteady,
    different: unequal.filter((row) => !unsteady.includes(row)),
  };
}

function isUnsteady({ plain, probed }: Unequal): boolean {
  return plain.length === 0 || probed.length === 0 || plain.some((one) => probed.includes(one));
}
